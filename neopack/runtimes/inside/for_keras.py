"""Tasks of Keras on TensorFlow 1: load an .h5 as Neo does, predict by the names of its inputs."""

import logging
import os
import platform
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.simplefilter("ignore")

import keras  # noqa: E402
import numpy  # noqa: E402
import tensorflow  # noqa: E402

logging.getLogger("tensorflow").setLevel(logging.ERROR)
_loaded = {}


def versions(data, arrays):
    return {
        "keras": keras.__version__,
        "tensorflow": tensorflow.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model in ``data["path"]``; ``data`` also names its outputs, in order.

    Each model has a graph and a session of its own, gone with it.
    """
    graph = tensorflow.Graph()
    with graph.as_default():
        session = tensorflow.compat.v1.Session(graph=graph)
        with session.as_default():
            model = keras.models.load_model(data["path"], compile=False)
    _loaded[data["path"]] = (model, graph, session, data)
    return {"model": data["path"]}, {}


def predict(data, arrays):
    model, graph, session, names = _loaded[data["model"]]
    with graph.as_default(), session.as_default():
        made = model.predict_on_batch([arrays[name] for name in model.input_names])
    made = made if isinstance(made, list) else [made]
    return None, dict(zip(names["outputs"], made))


def release(data, arrays):
    _loaded.pop(data["model"])[2].close()
    return None, {}


TASKS = {"versions": versions, "load": load, "predict": predict, "release": release}
