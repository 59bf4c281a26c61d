"""Forms of ONNX nodes that TVM converts otherwise than ONNX defines them: ``onnx_calls.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import Row, facts_file

__all__ = ["NodeCondition", "OnnxCall", "onnx_calls"]


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeCondition:
    """What has to hold of an attribute, an input or an output of a node; see the file."""

    attribute: str
    input: int | None
    output: int | None
    absent: bool
    equals: tuple[str, ...]
    unless: tuple[str, ...]
    ranks: tuple[int, ...]
    wider: int | None
    computed: bool
    negative: bool
    given: bool
    below: int | None
    inner: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxCall:
    """Nodes of ``operator`` that TVM does not convert as ONNX defines them. ``does`` is
    ``refused``, ``wrong`` or ``may``."""

    operator: str
    when: tuple[NodeCondition, ...]
    does: str
    words: str


@cache
def onnx_calls() -> Mapping[str, tuple[OnnxCall, ...]]:
    """Return them by operator of ONNX's own domain."""
    calls: dict[str, tuple[OnnxCall, ...]] = {}
    for row in facts_file("onnx_calls").tables("call"):
        for operator in row.texts("operators"):
            call = OnnxCall(
                operator=operator,
                when=tuple(map(_condition, row.tables("when"))) if "when" in row else (),
                does=row.text("does"),
                words=row.text("words"),
            )
            calls[operator] = (*calls.get(operator, ()), call)
    return calls


def _condition(row: Row) -> NodeCondition:
    return NodeCondition(
        attribute=row.text("attribute", ""),
        input=row.optional_number("input"),
        output=row.optional_number("output"),
        absent=row.flag("absent", False),
        equals=row.texts("is"),
        unless=row.texts("unless"),
        ranks=tuple(map(int, row.texts("ranks"))),
        wider=row.optional_number("wider"),
        computed=row.flag("computed", False),
        negative=row.flag("negative", False),
        given=row.flag("given", False),
        below=row.optional_number("below"),
        inner=row.flag("inner", False),
    )
