"""What the bytes of an ONNX model tell beyond what every framework has."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from neopack.frameworks.onnx.forms import NodeForm
from neopack.frameworks.onnx.tvm_calls import OtherCall
from neopack.values.model import ModelInfo, facts_of

__all__ = ["STRINGS", "ExternalTensor", "OnnxFacts", "not_tensors"]

STRINGS = "a tensor of strings"
_KINDS = {"optional": "an optional value", "sequence": "a sequence, of tensors or maps"}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExternalTensor:
    """A tensor in another file; ``offset`` and ``length`` are as written, empty if absent."""

    tensor: str
    location: str
    offset: str = ""
    length: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxFacts:
    """Of a ModelProto and its graph."""

    ir_version: int
    opsets: Mapping[str, int]
    """Domain to version; "" is ONNX's own domain."""
    training_info: int
    """How many TrainingInfo messages."""
    dynamic_inputs: tuple[str, ...]
    """Names of inputs with a free dim or without a rank."""
    symbolic_dims: Mapping[str, tuple[str | None, ...]]
    """Input with a free dim to the symbol, "?" or None (fixed) of each dim."""
    unranked_inputs: tuple[str, ...]
    """Names of inputs without a shape."""
    non_tensor_inputs: Mapping[str, str]
    """Input to "sequence", "map", "optional" or "sparse tensor"."""
    non_tensor_outputs: Mapping[str, str]
    initializers: int
    initializers_in_inputs: int
    """How many initializers are graph inputs too (IR before 4)."""
    graph: str
    """The graph's name."""
    nodes: int
    """Nodes in the graph, its subgraphs and the model's functions."""
    subgraphs: int
    external_data: tuple[ExternalTensor, ...]
    places: Mapping[str, str]
    """Operator to its first node: a name, or ``node of OUTPUT``."""
    custom_domains: tuple[str, ...]
    """Domains of operators that neither ONNX nor the model defines."""
    functions: tuple[str, ...]
    """Functions that the model defines: ``domain::Name``."""
    sparse_initializers: int
    quantised: Mapping[str, int]
    """Quantizing operator to how many nodes."""
    quantization_annotations: int
    constant_bytes: int
    """Bytes of tensors in attributes (Constant nodes)."""
    forms: tuple[NodeForm, ...] = ()
    """How nodes are written, each way once; not those of functions."""
    unlisted_initializers: tuple[str, ...] = ()
    """Names of initializers that are not graph inputs, as IR before 4 has them all."""
    unranked_outputs: tuple[str, ...] = ()
    """Names of outputs without a shape."""
    tvm_calls: tuple[OtherCall, ...] = ()
    """Nodes that TVM converts otherwise than ONNX defines them, the first of each kind."""

    @property
    def imported(self) -> Mapping[str, str]:
        """TVM looks at the name alone, whatever the domain."""
        return {name.rpartition("::")[2]: place for name, place in self.places.items()}


def not_tensors(info: ModelInfo) -> Iterator[tuple[str, str, str]]:
    """Each input and output that is not a tensor of numbers: ("input" or "output", name, what it
    is)."""
    known = facts_of(info, OnnxFacts)
    signature = info.signature
    for side, others, specs in (
        ("input", known.non_tensor_inputs, signature.inputs if signature else ()),
        ("output", known.non_tensor_outputs, signature.outputs if signature else ()),
    ):
        yield from ((side, name, _KINDS.get(kind, f"a {kind}")) for name, kind in others.items())
        yield from ((side, spec.name, STRINGS) for spec in specs if spec.dtype == "str")
