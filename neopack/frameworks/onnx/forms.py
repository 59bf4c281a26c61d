"""How nodes are written: what a schema of ONNX is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from neopack.formats.protobuf import VARINT, Field, Walker
from neopack.values.signature import Shape

__all__ = ["AttributeForm", "AttributeParts", "KnownValue", "NodeForm", "NodeParts"]

_NAME, _TYPE, _REFERENCE = 1, 20, 21
_INTEGER, _STRING, _INTEGERS = 3, 4, 8
# bytes of a word or of a list of sizes: longer ones decide nothing here
_SHORT = 64
# AttributeProto.AttributeType, and the field that holds a value of each, for files that leave the
# type out, as those of IR 1 do
_TYPES = ("", "float", "int", "string", "tensor", "graph", "floats", "ints", "strings", "tensors",
          "graphs", "sparse_tensor", "sparse_tensors", "type_proto", "type_protos")  # fmt: skip
_FIELDS = {2: "float", 3: "int", 4: "string", 5: "tensor", 6: "graph", 7: "floats", 8: "ints",
           9: "strings", 10: "tensors", 11: "graphs", 14: "type_proto", 15: "type_protos",
           22: "sparse_tensor", 23: "sparse_tensors"}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class AttributeForm:
    """``kind`` is "" where it is not told, or is that of a function's own attribute."""

    name: str
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeForm:
    """``inputs`` and ``outputs`` are how many names there are, and which of them are empty.
    ``place`` is the first node that is written so."""

    domain: str
    operator: str
    inputs: int
    outputs: int
    empty_inputs: tuple[int, ...]
    empty_outputs: tuple[int, ...]
    attributes: tuple[AttributeForm, ...]
    place: str = field(compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownValue:
    """What the file tells of a tensor: ``shape`` is None where it does not.
    ``negative``: an integer of the constant is. ``given``: it is an input of the model."""

    shape: Shape | None = None
    constant: bool = False
    negative: bool = False
    given: bool = False


@dataclass(slots=True)
class AttributeParts:
    """What the fields of an AttributeProto tell so far."""

    name: str = ""
    code: int = 0
    kind: str = ""
    refers: bool = False
    tensor: KnownValue | None = None
    values: tuple[str, ...] = ()
    """Of an integer, a short list of them, or a word."""

    def add(self, walker: Walker, part: Field) -> None:
        if part.number == _NAME:
            self.name = walker.text(part)
        elif part.number == _TYPE:
            self.code = walker.integer(part)
        elif part.number == _REFERENCE:
            self.refers = True
        else:
            self.kind = _FIELDS.get(part.number, self.kind)
            self.values += _values(walker, part)

    @property
    def form(self) -> AttributeForm:
        kind = _TYPES[self.code] if 0 < self.code < len(_TYPES) else self.kind
        return AttributeForm(name=self.name, kind="" if self.refers else kind)


def _values(walker: Walker, part: Field) -> tuple[str, ...]:
    if part.number == _INTEGER:
        return (str(walker.integer(part)),)
    if part.number == _INTEGERS and (part.wire == VARINT or part.value <= _SHORT):
        return tuple(map(str, walker.integers(part)))
    if part.number == _STRING and part.value <= _SHORT:
        return (walker.raw(part).decode(errors="replace"),)
    return ()


@dataclass(slots=True)
class NodeParts:
    """What the fields of a NodeProto tell so far."""

    name: str = ""
    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[AttributeForm] = field(default_factory=list)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """Attribute to its integers or its word, as far as they are short."""

    @property
    def place(self) -> str:
        """Its name, or the first output that it has."""
        return self.name or next((f"node of {name}" for name in self.outputs if name), "")

    def form(self) -> NodeForm:
        return NodeForm(
            domain="" if self.domain == "ai.onnx" else self.domain,
            operator=self.operator,
            inputs=len(self.inputs),
            outputs=len(self.outputs),
            empty_inputs=tuple(at for at, name in enumerate(self.inputs) if not name),
            empty_outputs=tuple(at for at, name in enumerate(self.outputs) if not name),
            attributes=tuple(sorted(self.attributes)),
            place=self.place,
        )
