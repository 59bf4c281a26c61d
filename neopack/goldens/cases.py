"""A set of golden cases: named inputs and what the source model gives for them, in one .npz.

The first case has the keys ``input/NAME`` and ``output/NAME``. Each other case has
``case/CASE/input/NAME`` and so on; one that does not decide has ``aside/`` in place of ``case/``,
and an output that jumps there ``edge/`` in place of ``output/``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.errors import Malformed
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.values.artifact import Array
from neopack.values.model import Goldens

__all__ = ["FIRST", "GoldenCase", "load_cases", "load_goldens", "save_cases"]

# the seeded inputs, or the user's own
FIRST = "first"
KEY = re.compile(r"(?:(case|aside)/([^/]+)/)?(input|output|edge)/(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class GoldenCase:
    """Inputs by name and the outputs by name that the source model gives for them.

    A case that ``decides`` refuses a model that computes otherwise. One that does not is told: its
    numbers are at the edge of what a framework defines, such as the order of equal values. The
    outputs of ``edges`` jump at these very inputs: they decide too, unless the model ranks values.
    The source model ``varies`` where it gave other outputs for the same inputs: it is random.
    """

    name: str
    inputs: Mapping[str, Array]
    outputs: Mapping[str, Array]
    decides: bool = True
    varies: bool = False
    edges: frozenset[str] = frozenset()

    def exceeds(self, bits: int) -> bool:
        """Whether the case has an integer that so many bits do not hold."""
        arrays = (*self.inputs.values(), *self.outputs.values())
        most = 2 ** (bits - 1)
        return any(
            array.dtype.kind in "iu"
            and bool(array.size)
            and not -most <= array.min() <= array.max() < most
            for array in arrays
        )

    def renamed(
        self,
        inputs: Mapping[str, str] | None = None,
        outputs: Mapping[str, str] | None = None,
    ) -> GoldenCase:
        """The same numbers under the names that these mappings give."""
        return replace(
            self,
            inputs=_renamed(self.inputs, inputs),
            outputs=_renamed(self.outputs, outputs),
            edges=frozenset(name if outputs is None else outputs[name] for name in self.edges),
        )


def _renamed(arrays: Mapping[str, Array], names: Mapping[str, str] | None) -> Mapping[str, Array]:
    return arrays if names is None else {names[name]: array for name, array in arrays.items()}


def save_cases(path: Path, cases: Sequence[GoldenCase], *, seed: int) -> Goldens:
    """Write the cases. The first is the seeded one, and ``Goldens`` describes it."""
    first = cases[0]
    with path.open("wb") as stream:
        save_arrays(stream, dict(_keyed(cases)))
    return Goldens(
        path=path,
        seed=seed,
        inputs=tuple(first.inputs),
        outputs=tuple(first.outputs),
        cases=tuple(case.name for case in cases),
        constant=_constant(first.outputs),
        empty=not any(array.size for array in first.outputs.values()),
        finite=_has_finite(first.outputs),
        random=first.varies,
    )


def _keyed(cases: Sequence[GoldenCase]) -> Iterator[tuple[str, Array]]:
    for at, case in enumerate(cases):
        kind = "case" if case.decides else "aside"
        prefix = f"{kind}/{case.name}/" if at else ""
        yield from ((f"{prefix}input/{name}", array) for name, array in case.inputs.items())
        for name, array in case.outputs.items():
            yield f"{prefix}{'edge' if name in case.edges else 'output'}/{name}", array


def _constant(outputs: Mapping[str, Array]) -> bool:
    sizes = [array.size for array in outputs.values()]
    ranges = [array.min() == array.max() for array in outputs.values() if array.size]
    return sum(sizes) > len(sizes) and all(ranges)


def _has_finite(outputs: Mapping[str, Array]) -> bool:
    import numpy as np

    return any(np.isfinite(array).any() for array in outputs.values() if array.size)


def load_cases(path: Path) -> tuple[GoldenCase, ...]:
    """Return the cases, the first one first. Raises ``Malformed`` if the file has none."""
    inputs: dict[str, dict[str, Array]] = {}
    outputs: dict[str, dict[str, Array]] = {}
    edges: dict[str, set[str]] = {}
    aside: set[str] = set()
    for key, array in load_arrays(path).items():
        if match := KEY.fullmatch(key):
            kind, case, side, name = match.groups()
            cases = inputs if side == "input" else outputs
            cases.setdefault(case or FIRST, {})[name] = array
            edges.setdefault(case or FIRST, set()).update([name] if side == "edge" else ())
            aside.update([case] if kind == "aside" else ())
    names = [name for name in inputs if name in outputs]
    if names[:1] != [FIRST]:
        raise Malformed("lacks golden inputs and outputs", where=str(path))
    return tuple(
        GoldenCase(
            name=name,
            inputs=inputs[name],
            outputs=outputs[name],
            decides=name not in aside,
            edges=frozenset(edges[name]),
        )
        for name in names
    )


def load_goldens(path: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return (inputs, outputs) of the first case. Raises ``Malformed`` if the file has none."""
    first = load_cases(path)[0]
    return dict(first.inputs), dict(first.outputs)
