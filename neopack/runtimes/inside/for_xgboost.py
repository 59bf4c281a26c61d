"""Tasks of XGBoost: load a model of the binary format, predict as it would be served."""

import platform

import numpy
import xgboost

_loaded = {}


def versions(data, arrays):
    return {
        "xgboost": xgboost.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model in the file ``data["path"]``."""
    booster = xgboost.Booster({"nthread": data.get("threads") or 1})
    booster.load_model(data["path"])
    _loaded[data["path"]] = booster
    return {"model": data["path"]}, {}


def predict(data, arrays):
    """Margins and predictions of the rows in the one array given."""
    booster = _loaded[data["model"]]
    (rows,) = arrays.values()
    # the model may name its columns; the rows then need the same names
    matrix = xgboost.DMatrix(rows, feature_names=booster.feature_names)
    return None, {
        "prediction": booster.predict(matrix),
        "margin": booster.predict(matrix, output_margin=True),
    }


def release(data, arrays):
    del _loaded[data["model"]]
    return None, {}


TASKS = {"versions": versions, "load": load, "predict": predict, "release": release}
