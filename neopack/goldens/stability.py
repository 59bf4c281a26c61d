"""Whether a golden case may decide: whether the source model's own answer is stable there.

At zeros and equal numbers every tie is; where numbers cancel, rounding is all that is left. What
a framework does not define, such as the order of equal values, refuses no model: it is told. An
output that jumps there and depends on no such order decides: these are its edges.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import ZEROS, difference
from neopack.goldens.patience import TooSlow, at_most
from neopack.values.artifact import Array

__all__ = ["Compute", "computed", "judged"]

Compute = Callable[[Mapping[str, Array]], Mapping[str, Array]]
SECONDS = 60.0
NUDGE, JUMP = 1e-6, 1e-3
# still a number in float32; and what hardly moves
LEAST, CALM = 1e-30, 1e-4
# of the largest output, by rounding of the inputs alone; a tenth of what verify allows
AMPLIFIED, BROKEN = 1e-5, 1e-2
# the part of all numbers that moves where nothing but rounding is left
MOST = 0.9
ROUNDED = ("negative", "whole", "large", "small")


def judged(case: GoldenCase, first: GoldenCase, compute: Compute) -> GoldenCase | None:
    """Return the directed case with its ``decides`` and ``edges``. None for infinity in and out.
    NaN in and out stays: a missing value that becomes a number in another version is told."""
    if not _is_finite(case.inputs):
        keep = _is_finite(case.outputs) or _has_nan(case.inputs)
        return replace(case, decides=False) if keep else None
    if _is_empty(case) or _is_tied(case, first):
        return replace(case, decides=False)
    if case.name in (ZEROS, "equal"):
        return _beside(case, first, compute)
    return _rounding(case, compute) if case.name in ROUNDED else case


def computed(inputs: Mapping[str, Array], compute: Compute) -> Mapping[str, Array] | None:
    """None where the source refuses such inputs, or takes forever, as a loop to 2**40 does."""
    try:
        with at_most(SECONDS):
            return compute(inputs)
    except (Exception, TooSlow):  # noqa: BLE001 - models raise whatever they like
        return None


def _is_empty(case: GoldenCase) -> bool:
    """A detector that found nothing answers without a number, and proves nothing."""
    return not any(array.size for array in case.outputs.values())


def _is_tied(case: GoldenCase, first: GoldenCase) -> bool:
    """Whether one of several outputs is ranked, largest first, and has equal numbers: saturated
    scores. What comes with each of them is then of no defined order, nor which of them are chosen.
    An output that is the same in the first case does not depend on the inputs.
    """
    import numpy as np

    return len(case.outputs) > 1 and any(
        _ranks_equals(array) and not np.array_equal(array, first.outputs[name])
        for name, array in case.outputs.items()
    )


def _ranks_equals(array: Array) -> bool:
    if array.dtype.kind != "f" or not array.ndim or array.shape[-1] < 2:
        return False
    before, after = array[..., :-1], array[..., 1:]
    return bool((before >= after).all() and (before == after).any() and array.min() > 0)


def _beside(case: GoldenCase, first: GoldenCase, compute: Compute) -> GoldenCase:
    """Ask for a slightly different input. What jumps right beside zeros, or as an integer where no
    float moves, is an edge; anything else that jumps may do so by rounding, in any version."""
    nudged = _far(case, first, compute, NUDGE, JUMP)
    if not nudged:
        return case
    kinds = {case.outputs[name].dtype.kind for name in nudged}
    edges = nudged if "f" not in kinds else frozenset[str]()
    if case.name == ZEROS:
        edges = _far(case, first, compute, LEAST, JUMP)
    decides = edges == nudged and edges >= _far(case, first, compute, NUDGE, CALM)
    return replace(case, decides=decides, edges=edges if decides else frozenset())


def _far(
    case: GoldenCase, first: GoldenCase, compute: Compute, by: float, jump: float
) -> frozenset[str]:
    """Which outputs are others for inputs that differ by ``by``; all where there are none."""
    again = computed({name: _nudged(array, by) for name, array in case.inputs.items()}, compute)
    return frozenset(
        name
        for name, array in case.outputs.items()
        if again is None or _is_far(array, again[name], first.outputs[name], jump)
    )


def _rounding(case: GoldenCase, compute: Compute) -> GoldenCase:
    """Round the inputs, which must not move the outputs by more than two versions may differ. A
    jump of some numbers is not that: it is what a floor or a comparison does, in every version
    alike, or an order of equal values. Where nearly all of them move, each layer has amplified the
    rounding of those before."""
    if not any(array.dtype.kind == "f" for array in case.inputs.values()):
        return case
    rounded = {name: _rounded(array) for name, array in case.inputs.items()}
    again = computed(rounded, compute)
    if again is None:
        return case
    gaps = {name: difference({name: array}, again) for name, array in case.outputs.items()}
    edges = frozenset(name for name, gap in gaps.items() if gap >= BROKEN)
    amplified = any(AMPLIFIED < gap < BROKEN for gap in gaps.values())
    if amplified or (edges and _moved(case.outputs, again) > MOST):
        return replace(case, decides=False)
    return replace(case, edges=edges)


def _moved(outputs: Mapping[str, Array], again: Mapping[str, Array]) -> float:
    """Which part of the floats has moved by more than rounding, of outputs that stay in shape."""
    import numpy as np

    moved = [np.zeros(0, bool)]
    for name, array in outputs.items():
        if array.dtype.kind == "f" and array.shape == again[name].shape:
            finite = np.where(np.isfinite(array), array, 0.0).astype(np.float64)
            gaps = np.abs(finite - np.where(np.isfinite(again[name]), again[name], 0.0))
            moved.append((gaps > AMPLIFIED * np.max(np.abs(finite), initial=0.0)).ravel())
    flags = np.concatenate(moved)
    return float(flags.mean()) if flags.size else 0.0


def _rounded(array: Array) -> Array:
    import numpy as np

    if array.dtype.kind != "f":
        return array
    noise = np.random.default_rng(0).standard_normal(array.shape)
    rounded: Array = (array * (1 + np.finfo(array.dtype).eps * noise)).astype(array.dtype)
    return rounded


def _is_far(array: Array, nudged: Array, usual: Array, jump: float) -> bool:
    """Compared with the size of ``usual`` numbers: those at zero may all be zero."""
    import numpy as np

    if array.shape != nudged.shape:
        return True
    if array.dtype.kind != "f":
        return not np.array_equal(array, nudged)
    finite = np.isfinite(array) & np.isfinite(nudged)
    gaps = np.abs(np.subtract(array, nudged, where=finite, out=np.zeros(array.shape)))
    scale = np.max(np.abs(usual), initial=0.0, where=np.isfinite(usual))
    return float(np.max(gaps, initial=0.0)) > jump * float(scale)


def _nudged(array: Array, by: float) -> Array:
    import numpy as np

    if array.dtype.kind != "f":
        return array
    noise = np.random.default_rng(0).standard_normal(array.shape)
    return (array + by * noise).astype(array.dtype)


def _has_nan(arrays: Mapping[str, Array]) -> bool:
    import numpy as np

    return any(array.dtype.kind == "f" and np.isnan(array).any() for array in arrays.values())


def _is_finite(arrays: Mapping[str, Array]) -> bool:
    import numpy as np

    return all(np.isfinite(array).all() for array in arrays.values())
