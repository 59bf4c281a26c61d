"""torchvision's own operators: where a file calls them, and where they are missing.

torchvision's CUDA wheel beside a CPU torch fails to import, for want of the names of its C++
operators. They are named here, and those of detection models computed in Python: a trace names the
operator and not what computes it, so it is the one that a whole torchvision gives.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any, TypeVar

from neopack.errors import NeopackError

__all__ = ["load_script", "with_torchvision"]

T = TypeVar("T")

OPERATORS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    (
        "roi_align(Tensor input, Tensor rois, float spatial_scale, int pooled_height, "
        "int pooled_width, int sampling_ratio, bool aligned) -> Tensor"
    ),
)
# a Library takes its definitions back when it is collected
_libraries: list[Any] = []


def load_script(opened: Callable[[], Any]) -> Any:
    """The TorchScript module in the path or stream that ``opened`` gives, on the CPU. A file that
    calls operators of torchvision needs it imported. Raises ``RuntimeError`` as torch does."""
    import torch

    try:
        return torch.jit.load(opened(), map_location="cpu")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        try:
            with_torchvision(lambda: importlib.import_module("torchvision"))
        except ImportError:
            raise error from None
    return torch.jit.load(opened(), map_location="cpu")


def with_torchvision(build: Callable[[], T]) -> T:
    """``build()``, tried once more with the operators defined where their absence stopped it."""
    try:
        return build()
    except (NeopackError, RuntimeError) as error:
        if not _lacks_operators(error):
            raise
    _forget_torchvision()
    _define_operators()
    _use_them()
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

    from neopack.frameworks.pytorch import torchvision_kernels as kernels

    library = torch.library.Library("torchvision", "DEF")
    for schema in OPERATORS:
        library.define(schema)
    library.impl("nms", kernels.nms, "CPU")
    library.impl("roi_align", kernels.roi_align, "CPU")
    _libraries.append(library)


def _use_them() -> None:
    """torchvision refuses to call, or goes around, operators that it did not load itself."""
    for name in ("boxes", "roi_align"):
        module: Any = importlib.import_module(f"torchvision.ops.{name}")
        vars(module).update(_assert_has_ops=_nothing, _has_ops=_true)


def _nothing() -> None:
    """Tracing scripts nms, and with it what it calls."""


def _true() -> bool:
    return True
