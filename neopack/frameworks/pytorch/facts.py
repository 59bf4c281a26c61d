"""What the bytes of PyTorch's files tell beyond what every framework has.

One class a form: ``PyTorchFacts`` alone is of a .pt2 without a graph, of which nothing is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "ExportedFacts",
    "MixedCall",
    "PickleFacts",
    "ProgramFacts",
    "PyTorchFacts",
    "SafetensorsFacts",
    "SavedFacts",
    "TorchScriptFacts",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class PyTorchFacts:
    """What every form of PyTorch's tells: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PickleFacts(PyTorchFacts):
    """Of a file with tensors and objects in it."""

    devices: tuple[str, ...]
    """Devices other than cpu that tensors are stored on: ``cuda:0``."""
    globals: tuple[str, ...]
    """Names in the pickles that no such file needs: ``posix.system``."""
    executing: tuple[str, ...]
    """Those of ``globals`` that are known to run commands or code."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramFacts(PickleFacts):
    """Of a model: a TorchScript archive or an exported program."""

    origin: str
    """A guess: "traced", "scripted", "traced with scripted parts", "exported"."""
    root_class: str
    """Qualified name of the root module's class."""
    training_attribute: bool | None
    """The root module's ``training``; None where the file does not state it."""
    training: tuple[str, ...]
    """"FILE: OP in FUNCTION" of each dropout or batch norm with a literal True for its flag."""
    code_devices: tuple[str, ...]
    """Devices other than cpu that the code names."""
    random: tuple[str, ...]
    """"FILE: OP in FUNCTION" of each operator that draws random numbers, outside of branches."""
    control_flow: tuple[str, ...]
    """"FILE: FUNCTION (if, for, while, raise)" of each function that branches or loops."""
    input_names: tuple[str, ...]
    """The arguments of forward, in order, without self."""
    input_types: Mapping[str, str]
    """Name to type, as TorchScript spells it."""
    nested_inputs: tuple[str, ...]
    """Names of arguments whose type is not Tensor."""
    output_type: str
    """Type of forward's result, as spelled: ``Tensor``, ``Dict[str, Tensor]``."""
    dict_outputs: bool
    """Whether that is a dict."""
    stored_inputs: bool
    """Whether the inputs it was traced with are stored (shapes, dtypes)."""
    called_in: Mapping[str, str]
    """Operator to the function that calls it first."""
    calls: Mapping[str, tuple[str, ...]]
    """Operator to the types of the arguments of its calls: ``Tensor[], indexing=str``."""
    order: tuple[str, ...]
    """The operators in the order in which they compute, each as often as it does; the first
    50 000. Empty where the order is not known."""
    folded: tuple[str, ...]
    """Operators that are called with constant numbers alone, which torch computes on loading."""
    unreached: tuple[str, ...]
    """Operators that are called in functions alone that ``forward`` does not reach."""
    custom_ops: tuple[str, ...]
    """Operators outside of aten, prim and torch: ``torchvision::nms``."""
    generated_files: tuple[str, ...]
    """The records that hold code."""
    records: tuple[str, ...]
    """The other records by name, which hint at the version that wrote them."""
    buffers: int
    """Elements of the buffers."""
    buffer_bytes: int
    constants: int
    """Elements of the constants."""
    constant_bytes: int
    frozen: bool
    """Whether the weights are constants (then they count as parameters)."""
    mobile: bool
    """Whether there is bytecode for the lite interpreter."""

    @property
    def imported(self) -> Mapping[str, str]:
        passed = {*self.folded, *self.unreached}
        return {name: place for name, place in self.called_in.items() if name not in passed}

    @property
    def random_calls(self) -> tuple[str, ...]:
        """What draws random numbers: ``random``, and those of ``training`` but batch norm."""
        training = [call for call in self.training if "batch_norm" not in call]
        return (*self.random, *training)


@dataclass(frozen=True, slots=True, kw_only=True)
class MixedCall:
    """A call of an operator with the dtypes of what takes part, ``float32`` or ``a number of
    float``; ``kinds`` are words of ``facts.torch_mixes``, ``function`` is what calls it."""

    operator: str
    dtypes: tuple[str, ...]
    kinds: tuple[str, ...]
    function: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TorchScriptFacts(ProgramFacts):
    """Of a TorchScript archive."""

    readable_since: Mapping[str, str]
    """Version of PyTorch to what in the code an older one does not read."""
    particular: Mapping[str, str]
    """Calls that more than types tell, ``aten::lstm(proj_size)``, to the function of the first."""
    seen_changes: tuple[str, ...]
    """"OP in FUNCTION" of each operator in place whose change another tensor sees."""
    tvm_calls: Mapping[str, str]
    """"OP: WORDS" of calls that TVM does not convert as they are, to the function of the first;
    "may: " is in front where the code does not tell for sure."""
    mixed_calls: tuple[MixedCall, ...]
    """Calls with dtypes that some PyTorch takes otherwise than today's."""
    cast_inputs: tuple[str, ...]
    """The inputs that ``forward`` casts before anything else takes them."""
    has_forward: bool
    """Whether the module has a method of that name."""
    legacy: bool
    """Whether it is of the format of torch 1.0 to 1.3, with a ``model.json``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedFacts(ProgramFacts):
    """Of a program of torch.export."""

    symbolic_dims: Mapping[str, tuple[str | None, ...]]
    """Input to the symbol of each dim, None where the dim is fixed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedFacts(PickleFacts):
    """Of what ``torch.save`` wrote: a state_dict, a checkpoint or a pickled module."""

    keys: tuple[str, ...]
    """Top-level names, the first 50."""
    weights_key: str
    """Where in a checkpoint the counted weights are."""
    tensors: int
    """How many tensors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetensorsFacts(PyTorchFacts):
    """Of a safetensors file."""

    keys: tuple[str, ...]
    """Names of tensors, the first 50."""
    tensors: int
    """How many tensors."""
    metadata: Mapping[str, str]
    """The texts under ``__metadata__``."""
