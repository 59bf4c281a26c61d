"""Tasks of ONNX: check a file with the onnx package of that version, run it in the ONNX Runtime
of its time."""

import platform

import numpy
import onnx
import onnxruntime

_loaded = {}


def versions(data, arrays):
    return {
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model in ``data["path"]``, which must pass the checker."""
    onnx.checker.check_model(onnx.load(data["path"]))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = data.get("threads") or 0
    _loaded[data["path"]] = onnxruntime.InferenceSession(data["path"], options)
    return {"model": data["path"]}, {}


def predict(data, arrays):
    session = _loaded[data["model"]]
    names = [output.name for output in session.get_outputs()]
    return None, dict(zip(names, session.run(names, arrays)))


def release(data, arrays):
    del _loaded[data["model"]]
    return None, {}


TASKS = {"versions": versions, "load": load, "predict": predict, "release": release}
