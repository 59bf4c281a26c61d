"""Golden inputs that real data resembles and random numbers do not: zeros, padding, masks, large
and repeated integers, halves, infinity.

A lowered operator may agree with today's on random numbers and differ on these. Each case changes
the first golden inputs by their dtype. The source model is asked for each; where it raises, the
inputs are not ones that it takes, and the case is left out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import takewhile

from neopack.goldens.cases import FIRST, GoldenCase
from neopack.goldens.comparison import ZEROS, difference, unlike
from neopack.goldens.draws import States, drawing, own_states
from neopack.goldens.inputs import LARGEST_SEED, random_inputs
from neopack.goldens.stability import Compute, computed, judged
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest

__all__ = ["Compute", "golden_cases"]

# of all inputs and outputs together; a larger model has fewer cases
MOST_BYTES = 64 << 20
LARGE = {
    "int64": (1099511640345, -1099511640345, 2**53 + 1, -(2**31), 1000, 0, -7),
    "int32": (2**31 - 1, -(2**31), 2**24 + 1, -(2**24) - 1, 1000, 0, -7),
}
# a number alone may say how often a loop runs: more than this may take for ever
COUNT = 100
# closer to zero, other forms of the same function lose digits: a hyperbolic sine by logarithms
SMALL = 0.1
# an input with more inputs beside it than this has no case of its own for infinity
MOST_FLOATS = 4
# dims of a sequence of vectors; a single input with more is an image
IMAGE_FROM = 3
# of the largest number; less is another order of the same sums in threads
VARIES = 1e-4
AGAIN = 3
# of what draws random numbers: a branch taken once in a hundred calls shows with six in seven
MANY, SECONDS_AGAIN = 200, 5.0


@dataclass(frozen=True, slots=True)
class _Input:
    """One input: its name, the first golden numbers, and the bound of its integers."""

    name: str
    array: Array
    below: int | None

    @property
    def kind(self) -> str:
        return str(self.array.dtype.kind)


def golden_cases(
    requests: Sequence[InputRequest],
    examples: Mapping[str, Array],
    outputs: Mapping[str, Array],
    compute: Compute,
    *,
    seed: int = 0,
    given: bool = False,
    states: States | None = None,
) -> tuple[GoldenCase, ...]:
    """The first case, and every directed case that ``compute``, the source model, answers; all of
    them vary where it answers one of them otherwise when it is asked again: many times, if it
    draws from one of ``states``. ``given`` examples are a user's own: offsets among them stay,
    since others may mean nothing."""
    first = GoldenCase(name=FIRST, inputs=examples, outputs=outputs)
    fixed = {name for name, array in examples.items() if given and _are_offsets(array)}
    varied = [request for request in requests if request.name not in fixed]
    cases = (first, *_answered(first, varied, compute, seed))
    if _is_random(cases, compute, own_states() if states is None else states):
        return tuple(replace(case, varies=True) for case in cases)
    return cases


def _is_random(cases: Sequence[GoldenCase], compute: Compute, states: States) -> bool:
    with drawing(states) as drawn:
        varies = any(_varies(case, compute) for case in _asked_again(cases))
    end = time.monotonic() + SECONDS_AGAIN
    more = takewhile(lambda _: time.monotonic() < end, range(MANY if drawn else 0))
    return varies or any(_varies(cases[0], compute) for _ in more)


def _asked_again(cases: Sequence[GoldenCase]) -> Iterator[GoldenCase]:
    """The first case several times, since what is random need not show each time."""
    yield from [cases[0]] * AGAIN
    yield from [case for case in cases[1:] if case.decides][:AGAIN]


def _varies(case: GoldenCase, compute: Compute) -> bool:
    again = computed(case.inputs, compute)
    return again is not None and bool(
        unlike(case.outputs, again) or difference(case.outputs, again) > VARIES
    )


def _answered(
    first: GoldenCase, requests: Sequence[InputRequest], compute: Compute, seed: int
) -> Iterator[GoldenCase]:
    size = _bytes(first)
    room = MOST_BYTES - size
    for name, inputs in _directed(first.inputs, requests, seed):
        if room < size:
            return
        outputs = computed(inputs, compute)
        case = GoldenCase(name=name, inputs=inputs, outputs=outputs) if outputs else None
        case = judged(case, first, compute) if case else None
        if case is not None:
            room -= _bytes(case)
            yield case


def _are_offsets(array: Array) -> bool:
    """A row of integers that never decreases, from zero on: where the bags of ids begin."""
    rising = array.ndim == 1 and array.dtype.kind in "iu" and array.size > 1
    return bool(rising and array[0] == 0 and (array[1:] >= array[:-1]).all())


def _bytes(case: GoldenCase) -> int:
    return sum(array.nbytes for array in (*case.inputs.values(), *case.outputs.values()))


# --- the inputs -----------------------------------------------------------------------------


def _directed(
    examples: Mapping[str, Array], requests: Sequence[InputRequest], seed: int
) -> Iterator[tuple[str, dict[str, Array]]]:
    """Each case that differs from the first one and from those before it."""
    below = {request.name: request.below for request in requests}
    inputs = [
        _Input(name, array, below[name]) for name, array in examples.items() if name in below
    ]
    before = [dict(examples)]
    for name, changed in (*_by_dtype(inputs, seed), *_by_input(inputs)):
        arrays = {**examples, **changed}
        if not any(_same(arrays, other) for other in before):
            before.append(arrays)
            yield name, arrays


def _same(arrays: Mapping[str, Array], others: Mapping[str, Array]) -> bool:
    import numpy as np

    return all(
        np.array_equal(array, others[name], equal_nan=array.dtype.kind == "f")
        for name, array in arrays.items()
    )


def _by_dtype(inputs: Sequence[_Input], seed: int) -> Iterator[tuple[str, dict[str, Array]]]:
    changes: dict[str, Callable[[_Input], Array]] = {
        "another": lambda each: _another(each, seed),
        ZEROS: _zeros,
        "equal": _equal,
        "negative": _negative,
        "whole": lambda each: _whole(each, seed),
        "large": _large,
        "small": _small,
        "padded-right": lambda each: _padded(each, left=False, masked=False),
        "padded-left": lambda each: _padded(each, left=True, masked=False),
        "masked-right": lambda each: _padded(each, left=False, masked=True),
        "masked-left": lambda each: _padded(each, left=True, masked=True),
    }
    for name, change in changes.items():
        yield name, {each.name: change(each).astype(each.array.dtype) for each in inputs}


def _another(each: _Input, seed: int) -> Array:
    request = InputRequest(
        name=each.name, shape=each.array.shape, dtype=each.array.dtype.name, below=each.below
    )
    return random_inputs([request], (seed + 1) % LARGEST_SEED)[each.name]


def _zeros(each: _Input) -> Array:
    return each.array * 0


def _equal(each: _Input) -> Array:
    import numpy as np

    value = {"f": 0.5, "b": True}.get(each.kind, 1)
    if each.below:
        value = each.below - 1
    return np.full_like(each.array, value)


def _negative(each: _Input) -> Array:
    """Integers that have a bound are ids, which are never negative."""
    import numpy as np

    if each.kind == "f":
        return -np.abs(each.array)
    return -1 - each.array if each.kind == "i" and not each.below else each.array


def _whole(each: _Input, seed: int) -> Array:
    """Whole numbers and halves: for rounding, floors and remainders. Small integers, repeated."""
    import numpy as np

    generator = np.random.default_rng([seed, 1])
    if each.kind == "f":
        return generator.integers(-3, 4, each.array.shape) / 2
    if each.kind == "b":
        return each.array
    return generator.integers(0, min(each.below or 10, 10), each.array.shape)


def _large(each: _Input) -> Array:
    import numpy as np

    if each.kind == "f":
        return 4 * each.array
    if each.kind == "b":
        return each.array
    if each.array.ndim <= 1 == each.array.size:
        return np.full_like(each.array, min(each.below or COUNT, COUNT) - 1)
    values = _large_integers(each.array.dtype.name, each.below)
    return np.resize(np.array(values, each.array.dtype), each.array.shape)


def _large_integers(dtype: str, below: int | None) -> Sequence[int]:
    import numpy as np

    if below:
        return (below - 1, 0, below // 2, below - 1)
    limits = np.iinfo(dtype)
    return LARGE.get(dtype, (limits.max, 0, limits.max - 1, limits.min, 1))


def _small(each: _Input) -> Array:
    """What an epsilon bounds: norms and variances near zero."""
    return each.array * SMALL if each.kind == "f" else each.array


def _padded(each: _Input, *, left: bool, masked: bool) -> Array:
    """Rows whose end (or start) is zero, as padding ids and masks are, and a last row of nothing
    else. ``masked`` is for masks that are True where there is padding."""
    import numpy as np

    if each.kind == "f" or not each.array.ndim or (masked and each.kind != "b"):
        return each.array
    filled = np.full_like(each.array, True) if each.kind == "b" else np.maximum(each.array, 1)
    length = filled.shape[-1]
    cut = (length + 1) // 2
    filled[..., slice(0, cut) if left else slice(cut, length)] = 0
    if filled.ndim > 1 and len(filled) > 1:
        filled[-1] = 0
    return ~filled if masked else filled


def _by_input(inputs: Sequence[_Input]) -> Iterator[tuple[str, dict[str, Array]]]:
    """Infinity and NaN in one input at a time, as in masks that are added; an image has none."""
    floats = [each for each in inputs if each.kind == "f" and each.array.size]
    if len(floats) > MOST_FLOATS or (len(inputs) == 1 and inputs[0].array.ndim > IMAGE_FROM):
        return
    for each in floats:
        for word, value in (("negative-infinity", "-inf"), ("infinity", "inf"), ("nan", "nan")):
            yield f"{word}-in-{_slug(each.name)}", {each.name: _with(each.array, float(value))}
        if each.array.ndim > 1:
            yield f"masked-row-of-{_slug(each.name)}", {each.name: _masked_row(each.array)}


def _slug(name: str) -> str:
    return name.replace("/", "_")


def _with(array: Array, value: float) -> Array:
    """``value`` in the second half of each row."""
    changed = array.copy()
    if changed.ndim:
        changed[..., changed.shape[-1] // 2 :] = value
    else:
        changed[()] = value
    return changed


def _masked_row(array: Array) -> Array:
    """Minus infinity in a whole row, and zero elsewhere: a mask that hides all from one query."""
    changed = array * 0
    changed[..., -1, :] = float("-inf")
    return changed
