"""Tasks of XGBoost: load a model of the binary format, predict as it would be served."""

import xgboost

VERSION = xgboost.__version__
_loaded = {}


def versions(data, arrays):
    return {"xgboost": VERSION}, {}


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
    matrix = xgboost.DMatrix(rows)
    return None, {
        "prediction": booster.predict(matrix),
        "margin": booster.predict(matrix, output_margin=True),
    }


TASKS = {"versions": versions, "load": load, "predict": predict}
