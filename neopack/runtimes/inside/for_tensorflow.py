"""Tasks of TensorFlow, 1 and 2 by the interface that both have: a SavedModel or a frozen graph,
loaded and run by the names of its inputs and outputs; and an .h5 of tf.keras, in TensorFlow 2."""

import logging
import os
import platform
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
warnings.simplefilter("ignore")

import numpy  # noqa: E402
import tensorflow  # noqa: E402

tf = tensorflow.compat.v1
logging.getLogger("tensorflow").setLevel(logging.ERROR)
_loaded = {}


def versions(data, arrays):
    return {
        "tensorflow": tensorflow.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model whose .pb is ``data["path"]``; ``data`` also names its inputs and
    outputs: keys of a signature, or tensors of a frozen graph; of an .h5, the outputs in order."""
    if data["path"].endswith(".h5"):
        return of_keras(data)
    graph = tf.Graph()
    with graph.as_default():
        session = tf.Session(graph=graph)
        if os.path.basename(data["path"]).startswith("saved_model."):
            tensors = of_saved_model(session, data)
        else:
            tensors = of_frozen_graph(graph, data)
    _loaded[data["path"]] = (session, tensors, data)
    return {"model": data["path"]}, {}


def of_saved_model(session, data):
    folder = os.path.dirname(data["path"])
    meta = tf.saved_model.loader.load(session, [tf.saved_model.tag_constants.SERVING], folder)
    for _, signature in sorted(meta.signature_def.items(), key=lambda item: item[0] != "serving_default"):
        if set(signature.inputs) == set(data["inputs"]):
            return [
                {name: info.name for name, info in each.items()}
                for each in (signature.inputs, signature.outputs)
            ]
    raise KeyError("no signature with the inputs " + ", ".join(data["inputs"]))


def of_frozen_graph(graph, data):
    definition = tf.GraphDef()
    with open(data["path"], "rb") as stream:
        definition.ParseFromString(stream.read())
    tf.import_graph_def(definition, name="")
    return [
        {name: name if ":" in name else name + ":0" for name in names}
        for names in (data["inputs"], data["outputs"])
    ]


def of_keras(data):
    model = tensorflow.keras.models.load_model(data["path"], compile=False)
    _loaded[data["path"]] = (None, model, data)
    return {"model": data["path"]}, {}


def keras_predict(model, names, arrays):
    made = model.predict_on_batch([arrays[name] for name in model.input_names])
    return None, dict(zip(names["outputs"], made if isinstance(made, list) else [made]))


def predict(data, arrays):
    session, tensors, names = _loaded[data["model"]]
    if session is None:
        return keras_predict(tensors, names, arrays)
    inputs, outputs = tensors  # which may share names
    feed = {inputs[name]: arrays[name] for name in names["inputs"]}
    return None, session.run({name: outputs[name] for name in names["outputs"]}, feed)


def release(data, arrays):
    session = _loaded.pop(data["model"])[0]
    if session is not None:
        session.close()
    return None, {}


TASKS = {"versions": versions, "load": load, "predict": predict, "release": release}
