"""How nodes are written: what a schema of ONNX is held against."""

from __future__ import annotations

from dataclasses import dataclass, field

from neopack.formats.protobuf import Field, Walker

__all__ = ["AttributeForm", "AttributeParts", "NodeForm", "NodeParts"]

_NAME, _TYPE, _REFERENCE = 1, 20, 21
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


@dataclass(slots=True)
class AttributeParts:
    """What the fields of an AttributeProto tell so far."""

    name: str = ""
    code: int = 0
    kind: str = ""
    refers: bool = False

    def add(self, walker: Walker, part: Field) -> None:
        if part.number == _NAME:
            self.name = walker.text(part)
        elif part.number == _TYPE:
            self.code = walker.integer(part)
        elif part.number == _REFERENCE:
            self.refers = True
        else:
            self.kind = _FIELDS.get(part.number, self.kind)

    @property
    def form(self) -> AttributeForm:
        kind = _TYPES[self.code] if 0 < self.code < len(_TYPES) else self.kind
        return AttributeForm(name=self.name, kind="" if self.refers else kind)


@dataclass(slots=True)
class NodeParts:
    """What the fields of a NodeProto tell so far."""

    name: str = ""
    operator: str = ""
    domain: str = ""
    inputs: list[str] = field(default_factory=list)
    outputs: list[str] = field(default_factory=list)
    attributes: list[AttributeForm] = field(default_factory=list)

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
