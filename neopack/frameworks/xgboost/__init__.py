"""XGBoost: any encoding in, the binary ``xgboost.model`` out. Only ``run`` imports xgboost."""

from neopack.frameworks.folder import FrameworkFolder

__all__ = ["framework"]

framework = FrameworkFolder("XGBOOST", __name__)
