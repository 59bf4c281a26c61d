"""Quantized models: kernels of two versions round a number halfway between two steps differently,
so an output may be one step of quantization apart.

That is told and refuses nothing, where the framework that is installed here computes the packaged
file as its source does: then the export is right, and the step is the kernel's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array
from neopack.values.model import ComputesInBytes, ModelInfo

__all__ = ["Today", "is_quantized", "stepping"]

Today = Callable[[GoldenCase], Iterable[Mapping[str, Array]]]
KINDS = ("quantized::", "aten::quantize_per_")
# steps of a signed byte on either side of zero; what is one step, with the rounding of its scale
STEPS, ONE = 127, 1.01
# what an output is that is quantized itself: its step is 1
BYTES = ("int8", "uint8")
ON_GRID = 1e-2
# of the largest golden number, by which the packaged file may differ here
ALIKE = 1e-5


def is_quantized(info: ModelInfo) -> bool:
    """Whether an operator computes in bytes by kernels of its framework's own. Those of ONNX files
    compute alike in every version without optimizations."""
    if isinstance(info.facts, ComputesInBytes):
        return info.facts.computes_in_bytes
    return any(name.startswith(KINDS) for name in info.operators)


def stepping(
    cases: Sequence[GoldenCase], today: Today
) -> Callable[[GoldenCase, Mapping[str, Array]], frozenset[str]]:
    """Return what tells the outputs that are at most one step apart: their own step where they are
    numbers of a grid, else that of a byte."""
    steps = {name: _step(cases, name) for name in cases[0].outputs}

    def told(case: GoldenCase, computed: Mapping[str, Array]) -> frozenset[str]:
        near = frozenset(_near(case, computed, steps))
        return near if near and _is_right(case, today) else frozenset()

    return told


def _near(
    case: GoldenCase, computed: Mapping[str, Array], steps: Mapping[str, float]
) -> Iterator[str]:
    import numpy as np

    for name, golden in case.outputs.items():
        other = computed.get(name)
        same = other is not None and (other.dtype, other.shape) == (golden.dtype, golden.shape)
        if other is None or not same or not (golden.dtype.kind == "f" or golden.dtype in BYTES):
            continue
        gaps = np.abs(golden.astype(np.float64) - other.astype(np.float64))
        if 0 < float(np.max(gaps, initial=0.0)) <= ONE * steps[name]:
            yield name


def _is_right(case: GoldenCase, today: Today) -> bool:
    return any(difference(case.outputs, computed) <= ALIKE for computed in today(case))


def _step(cases: Sequence[GoldenCase], name: str) -> float:
    """The least distance of two golden numbers, if all are multiples of it."""
    import numpy as np

    if cases[0].outputs[name].dtype in BYTES:
        return 1.0
    arrays = [case.outputs[name].astype(np.float64).ravel() for case in cases if case.decides]
    numbers = np.unique(np.concatenate([array[np.isfinite(array)] for array in arrays]))
    largest = float(np.max(np.abs(numbers), initial=0.0))
    if len(numbers) < 2:
        return largest / STEPS
    step = float(np.diff(numbers).min())
    multiples = numbers / step
    return step if np.abs(multiples - np.round(multiples)).max() < ON_GRID else largest / STEPS
