"""Tasks of Neo's public loader with Treelite: convert trees, compile them, compute with them."""

import os
import shutil

import neo
import numpy

PACKAGES = ("treelite", "treelite_runtime", "xgboost", "numpy")
COMPILER = "gcc"
NO_COMPILER = "Treelite compiles trees with gcc, which is not installed here"
_loaded = {}


def versions(data, arrays):
    return neo.versions(PACKAGES), {}


def load(data, arrays):
    """``refused`` says why the loader refuses the model."""
    loader, refused = neo.load(data)
    if loader is None:
        return {"refused": refused}, {}
    _loaded["model"] = loader.model_objects
    return {"refused": "", "operators": {}, "dtypes": {}}, {}


def build(data, arrays):
    """Compile what was loaded into the library ``path``. ``missing`` says what is not installed."""
    import treelite_runtime

    if shutil.which(COMPILER) is None:
        return {"refused": "", "missing": NO_COMPILER}, {}
    try:
        _loaded["model"].export_lib(
            toolchain=COMPILER,
            libpath=data["path"],
            params={"parallel_comp": os.cpu_count() or 1},
        )
        _loaded["predictor"] = treelite_runtime.Predictor(data["path"])
    except Exception as error:  # Treelite raises whatever C++ does
        return {"refused": neo.words(error)}, {}
    return {"refused": ""}, {}


def predict(data, arrays):
    """Predictions and margins of the rows in the one array given."""
    import treelite_runtime

    (rows,) = arrays.values()
    matrix = treelite_runtime.DMatrix(numpy.ascontiguousarray(rows, "float32"))
    predictor = _loaded["predictor"]
    return None, {
        "prediction": predictor.predict(matrix),
        "margin": predictor.predict(matrix, pred_margin=True),
    }


TASKS = {"versions": versions, "load": load, "build": build, "predict": predict}
