"""Tasks of Keras 2.2.4 on TensorFlow 1.15.0: load a model as Neo does, compute as it would."""

import os
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.simplefilter("ignore")

import keras  # noqa: E402 - what is set before is read when it is imported

VERSION = keras.__version__
_loaded = {}


def versions(data, arrays):
    import tensorflow

    return {"keras": VERSION, "tensorflow": tensorflow.__version__}, {}


def load(data, arrays):
    """The handle of the model in the file ``data["path"]``, and the names of its inputs."""
    model = keras.models.load_model(data["path"], compile=False)
    _loaded[data["path"]] = model
    return {"model": data["path"], "inputs": model.input_names}, {}


def predict(data, arrays):
    """The outputs for the arrays given by input names, numbered in the model's order."""
    model = _loaded[data["model"]]
    given = [arrays[name] for name in model.input_names]
    outputs = model.predict(given if len(given) > 1 else given[0], batch_size=len(given[0]))
    outputs = outputs if isinstance(outputs, list) else [outputs]
    return None, {"output%d" % place: array for place, array in enumerate(outputs)}


TASKS = {"versions": versions, "load": load, "predict": predict}
