"""Tasks of Neo's public loader with Treelite: convert trees, write them as C, compile that, compute
with what was compiled, here or before."""

import os
import shutil

import neo
import numpy

PACKAGES = ("treelite", "treelite_runtime", "xgboost", "numpy")
COMPILER = "gcc"
LIBRARY = "compiled.so"
# sources, which are compiled at once; the same number everywhere, for the same library
IN_PARTS = {"parallel_comp": 8}
NO_COMPILER = "Treelite compiles trees with gcc, which is not installed here"
_loaded = {}


def versions(data, arrays):
    return neo.versions(PACKAGES), {}


def load(data, arrays):
    """``refused`` says why the loader refuses the model."""
    loader, refused = neo.load(data)
    if loader is None:
        return {"refused": refused}, {}
    _loaded["model"] = model = loader.model_objects
    return {
        "refused": "",
        "operators": {},
        "dtypes": {},
        # as DLR names them, for any number of rows
        "inputs": [{"name": "data", "dtype": "float32", "shape": [-1, model.num_feature]}],
        "outputs": [{"name": "output_0", "dtype": "float32", "shape": [-1, model.num_class]}],
    }, {}


def build(data, arrays):
    """Compile what was loaded into the library ``path``. ``missing`` says what is not installed."""
    import treelite_runtime

    if shutil.which(COMPILER) is None:
        return {"refused": "", "missing": NO_COMPILER}, {}
    try:
        _loaded["model"].export_lib(
            toolchain=COMPILER,
            libpath=data["path"],
            params=IN_PARTS,
        )
        _loaded["predictor"] = treelite_runtime.Predictor(data["path"])
    except Exception as error:  # Treelite raises whatever C++ does
        return {"refused": neo.words(error)}, {}
    return {"refused": ""}, {}


def generate(data, arrays):
    """Write what was loaded as C into the folder ``path``."""
    try:
        _loaded["model"].compile(data["path"], params=IN_PARTS)
    except Exception as error:  # as above
        return {"refused": neo.words(error)}, {}
    return {"refused": ""}, {}


def open_library(data, arrays):
    """Make the library in ``folder`` ready to compute."""
    import treelite_runtime

    path = os.path.join(data["folder"], LIBRARY)
    _loaded["predictor"] = treelite_runtime.Predictor(path, nthread=data["threads"])
    return None, {}


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


TASKS = {
    "versions": versions,
    "load": load,
    "build": build,
    "generate": generate,
    "open": open_library,
    "predict": predict,
}
