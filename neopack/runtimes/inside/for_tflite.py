"""Tasks of TensorFlow Lite: the interpreter in TensorFlow loads a file, and computes in the order
of its inputs and outputs."""

import logging
import os
import platform
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.simplefilter("ignore")

import numpy  # noqa: E402
import tensorflow  # noqa: E402

logging.getLogger("tensorflow").setLevel(logging.ERROR)
_loaded = {}


def versions(data, arrays):
    return {
        "tensorflow": tensorflow.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model in ``data["path"]``; ``data`` also names its inputs and outputs, in
    the order of the file."""
    interpreter = tensorflow.lite.Interpreter(model_path=data["path"])
    interpreter.allocate_tensors()
    _loaded[data["path"]] = interpreter, data
    return {"model": data["path"]}, {}


def predict(data, arrays):
    interpreter, names = _loaded[data["model"]]
    places = interpreter.get_input_details()
    for place, name in zip(places, names["inputs"]):
        if list(place["shape"]) != list(arrays[name].shape):
            interpreter.resize_tensor_input(place["index"], arrays[name].shape)
    interpreter.allocate_tensors()
    for place, name in zip(places, names["inputs"]):
        interpreter.set_tensor(place["index"], arrays[name])
    interpreter.invoke()
    outputs = interpreter.get_output_details()
    made = [interpreter.get_tensor(output["index"]) for output in outputs]
    return None, dict(zip(names["outputs"], made))


def release(data, arrays):
    del _loaded[data["model"]]
    return None, {}


TASKS = {"versions": versions, "load": load, "predict": predict, "release": release}
