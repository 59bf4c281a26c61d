"""What each operator is rewritten to, in words, from the tables that rewrite it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from neopack.frameworks.onnx.lowering.changed_operators import CHANGED
from neopack.frameworks.onnx.lowering.new_operators import ADDED, EXPANDED, INSTEAD
from neopack.frameworks.onnx.lowering.older_opsets.steps import STEPS, Refusal, Way
from neopack.frameworks.onnx.lowering.rewriting import BASE
from neopack.frameworks.onnx.raising.older_forms import CHANGED as OLDER_FORMS
from neopack.frameworks.onnx.raising.older_forms import plain
from neopack.frameworks.onnx.raising.raise_opset import LOWEST
from neopack.frameworks.onnx.raising.removed_operators import INSTEAD as INSTEAD_OF
from neopack.frameworks.onnx.raising.removed_operators import REMOVED

__all__ = ["histories", "to_newest_of_neo", "to_one_before", "to_seven"]

Row = tuple[str, str, str]
AS_IT_IS = "as it is"


def histories() -> Mapping[str, Sequence[Any]]:
    """The schemas of each operator of ONNX's own domain, oldest first."""
    import onnx.defs

    by_operator: dict[str, list[Any]] = defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        if not schema.domain:
            by_operator[schema.name].append(schema)
    return {
        name: sorted(by_operator[name], key=lambda schema: int(schema.since_version))
        for name in sorted(by_operator)
    }


def to_newest_of_neo() -> Iterator[Row]:
    """Each operator that came or changed after opset 12: (operator, opsets, what it becomes)."""
    for name, schemas in histories().items():
        newer = [schema for schema in schemas if schema.since_version > BASE]
        if newer and not newer[-1].deprecated:
            numbers = ", ".join(str(schema.since_version) for schema in newer)
            yield name, numbers, _in_12(name, defined=len(newer) < len(schemas))


def _in_12(name: str, *, defined: bool) -> str:
    if name in CHANGED:
        return f"since {CHANGED[name][0]}: {_said(CHANGED[name][1])}"
    if name in ADDED:
        return _said(ADDED[name])
    if name in EXPANDED:
        return "what ONNX defines it by"
    if defined:
        return AS_IT_IS
    return f"refused: {INSTEAD.get(name, 'an operator of opset 12')}"


def to_one_before(opset: int) -> Iterator[Row]:
    """Each operator that came or changed in ``opset``: (operator, opset, what it becomes)."""
    for name, way in sorted(STEPS[opset].items()):
        yield name, str(opset), _way(way)


def to_seven() -> Iterator[Row]:
    """Each operator whose form changed by opset 7, or that ONNX removed: (operator, the opsets
    that changed it, what it becomes)."""
    by_operator = histories()
    for name in sorted({*by_operator, *REMOVED}):
        numbers = [int(schema.since_version) for schema in by_operator.get(name, ())]
        early = [str(number) for number in numbers if 1 < number <= LOWEST]
        if name in REMOVED and min(numbers, default=LOWEST + 1) > LOWEST:
            becomes = (
                f"refused: {INSTEAD_OF[name]}" if name in INSTEAD_OF else _said(REMOVED[name])
            )
            yield name, "removed", becomes
        elif early and numbers[0] == 1:
            yield name, ", ".join(early), _said(OLDER_FORMS.get(name, plain))


def _way(way: Way) -> str:
    if isinstance(way, Refusal):
        return f"refused: {way.instead}"
    return AS_IT_IS if way is None else _said(way)


def _said(adapter: Callable[..., str]) -> str:
    """The first sentence of what an adapter says of itself."""
    text = " ".join((adapter.__doc__ or "").split("\n\n")[0].split())
    return text.rstrip(".").replace("|", "\\|").replace("*", "\\*")
