"""The options of exports from XGBoost."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.frameworks.task import option

__all__ = ["XGBoostOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class XGBoostOptions:
    """``trust_pickle`` allows what a pickle runs when it is loaded. ``missing`` is the number
    that rows have for a missing value, or NaN; None: what the model itself says.
    ``preprocessing`` is where the script goes that does what a Pipeline does before its model."""

    trust_pickle: bool = option("--trust-pickle", default=False)
    missing: float | None = option("--missing", default=None)
    preprocessing: str | None = option("--preprocessing", default=None)
