"""Runs inside XGBoost 1.3.3: margins and predictions of each model for one array.

Arguments: a directory with data.npy and *.model; writes <model>.out.npz beside each.
"""

import sys
from pathlib import Path

import numpy as np
import xgboost

assert xgboost.__version__ == "1.3.3"
folder = Path(sys.argv[1])
data = xgboost.DMatrix(np.load(str(folder / "data.npy")))
for path in sorted(folder.glob("*.model")):
    booster = xgboost.Booster({"nthread": 1})
    booster.load_model(str(path))
    np.savez(
        str(path) + ".out.npz",
        margin=booster.predict(data, output_margin=True),
        prediction=booster.predict(data),
    )
