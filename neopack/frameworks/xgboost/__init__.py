"""XGBoost: any encoding in, the binary ``xgboost.model`` out. Only ``run`` imports xgboost."""

from neopack.frameworks.folder import FrameworkFolder
from neopack.frameworks.xgboost.options import XGBoostOptions

__all__ = ["framework"]

framework = FrameworkFolder("XGBOOST", __name__, XGBoostOptions)
