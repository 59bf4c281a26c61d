"""torchvision's CUDA wheel beside a CPU torch: its C++ operators are missing, and it fails to
import for want of their names alone. Naming them is enough for every classification model.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any, TypeVar

from neopack.errors import NeopackError

__all__ = ["with_torchvision"]

T = TypeVar("T")

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
# a Library takes its definitions back when it is collected
_libraries: list[Any] = []


def with_torchvision(build: Callable[[], T]) -> T:
    """``build()``, tried once more with the operators named where their absence stopped it."""
    try:
        return build()
    except (NeopackError, RuntimeError) as error:
        if not _lacks_operators(error):
            raise
    _forget_torchvision()
    _define_operators()
    return build()


def _lacks_operators(error: BaseException | None) -> bool:
    """Whether that is at the root of it: transformers tells it in words of its own."""
    while error is not None:
        if "operator torchvision::" in str(error) and "does not exist" in str(error):
            return True
        error = error.__cause__
    return False


def _forget_torchvision() -> None:
    for name in [n for n in sys.modules if n.split(".")[0] == "torchvision"]:
        del sys.modules[name]


def _define_operators() -> None:
    import torch

    library = torch.library.Library("torchvision", "DEF")
    for schema in OPERATORS:
        library.define(schema)
    _libraries.append(library)
