"""Which nodes TVM converts otherwise than ONNX defines them, though it knows their operators: by
their attributes, and by what the file tells of their inputs and outputs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from neopack.facts.onnx_calls import NodeCondition, OnnxCall, onnx_calls
from neopack.frameworks.onnx.forms import KnownValue, NodeParts

__all__ = ["CallReader", "OtherCall"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OtherCall:
    """A node that TVM converts otherwise. ``sure`` if that does not depend on what the file
    leaves open."""

    text: str
    place: str
    sure: bool


UNKNOWN = KnownValue()
# the axis of Softmax and its kind that is not written, before opset 13
FIRST_INNER = 1


@dataclass(frozen=True, slots=True)
class _Node:
    """A node of an operator in the table, and the row that its attributes do not exclude."""

    row: OnnxCall
    place: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    axis: int


@dataclass(slots=True)
class CallReader:
    """Collects nodes while a file is read, since what it tells of their tensors may come later."""

    values: dict[str, KnownValue] = field(default_factory=dict)
    _nodes: list[_Node] = field(default_factory=list)
    _watched: set[str] = field(default_factory=set)
    _taken: set[str] = field(default_factory=set)

    def node(self, parts: NodeParts) -> int:
        """Take in a node; how many records are kept of it."""
        self._taken.update(self._watched.intersection(parts.inputs))
        if parts.domain not in ("", "ai.onnx"):
            return 0
        rows = onnx_calls().get(parts.operator, ())
        possible = [row for row in rows if all(_is_written(each, parts) for each in row.when)]
        self._watched.update(parts.outputs[1:] if possible else ())
        self._nodes += [
            _Node(row, parts.place, tuple(parts.inputs), tuple(parts.outputs), _axis(parts))
            for row in possible
        ]
        return len(possible)

    def told(self, opset: int, outputs: set[str]) -> tuple[OtherCall, ...]:
        """The first node of each row that holds. ``outputs`` are the names of the graph's."""
        taken = self._taken | outputs
        first: dict[OnnxCall, _Node] = {}
        for node in self._nodes:
            if node.row not in first and all(
                self._holds(each, node, opset, taken) for each in node.row.when
            ):
                first[node.row] = node
        return tuple(_told(row, node) for row, node in first.items())

    def _holds(self, condition: NodeCondition, node: _Node, opset: int, taken: set[str]) -> bool:
        if condition.below is not None:
            return opset < condition.below
        if condition.output is not None:
            return _name(node.outputs, condition.output) in taken
        if condition.inner:
            return _is_inner(node.axis, self._input(node, 0))
        if condition.input is None or condition.absent:
            return True  # what the node alone tells was asked when it was read
        return all(_told_of_input(condition, self._input(node, condition.input)))

    def _input(self, node: _Node, place: int) -> KnownValue:
        return self.values.get(_name(node.inputs, place), UNKNOWN)


def _told(row: OnnxCall, node: _Node) -> OtherCall:
    return OtherCall(text=f"{row.operator}: {row.words}", place=node.place, sure=row.does != "may")


def _is_written(condition: NodeCondition, parts: NodeParts) -> bool:
    """Whether the node is written so, as far as its attributes and names tell."""
    if condition.attribute and not condition.inner:
        return _attribute_holds(condition, parts.values.get(condition.attribute))
    if condition.input is not None:
        return condition.absent != bool(_name(parts.inputs, condition.input))
    return condition.output is None or bool(_name(parts.outputs, condition.output))


def _axis(parts: NodeParts) -> int:
    written = parts.values.get("axis", ())
    return int(written[0]) if written and written[0].lstrip("-").isdigit() else FIRST_INNER


def _is_inner(axis: int, known: KnownValue) -> bool:
    """Whether dims of several elements follow the axis."""
    shape = known.shape or ()
    return -len(shape) <= axis < len(shape) and any(
        size != 1 for size in shape[axis % len(shape) + 1 :]
    )


def _attribute_holds(condition: NodeCondition, values: tuple[str, ...] | None) -> bool:
    if values is None:
        return condition.absent
    if condition.equals:
        return any(value in condition.equals for value in values)
    return not condition.absent and any(value not in condition.unless for value in values)


def _told_of_input(condition: NodeCondition, known: KnownValue) -> Iterator[bool]:
    rank = None if known.shape is None else len(known.shape)
    if condition.ranks:
        yield rank in condition.ranks
    if condition.wider is not None:
        yield rank is not None and rank > condition.wider
    if condition.computed:
        yield not known.constant
    if condition.negative:
        yield known.negative
    if condition.given:
        yield known.given


def _name(names: list[str] | tuple[str, ...], place: int) -> str:
    return names[place] if place < len(names) else ""
