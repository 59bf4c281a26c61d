"""What the bytes of an MXNet model tell beyond what every framework has.

``MXNetFacts`` alone is of an .npz of MXNet 2, which is not read further.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["ArrayFacts", "MXNetFacts", "SymbolFacts", "SymbolOperator"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MXNetFacts:
    """What every form of MXNet's tells: nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ArrayFacts(MXNetFacts):
    """Of a parameter file."""

    arrays: int
    array_versions: Mapping[str, int]
    """Version of the array format ("0" to "3") to how many arrays."""
    storages: Mapping[str, int]
    """Storage type (dense, row_sparse, csr) to how many arrays."""
    unprefixed: tuple[str, ...]
    """Names of parameters without arg: or aux:, as save_parameters writes them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolOperator:
    """An operator with the attributes that it is written with, and the first node that has them.
    Attributes of nodes that MXNet keeps to itself, such as ``__lr_mult__``, are left out."""

    operator: str
    attributes: Mapping[str, str]
    place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolFacts(ArrayFacts):
    """Of a symbol and the parameters beside it."""

    parameters: str
    """The parameter file that was read with the symbol, or ""."""
    parameters_form: str
    """The form of that file: ``params`` or ``npz``."""
    missing: tuple[str, ...]
    """Names that the symbol has and the parameters lack."""
    extra: tuple[str, ...]
    """Names that the parameters have and the symbol lacks."""
    misfits: Mapping[str, str]
    """Parameter to what is wrong with its shape."""
    nodes: int
    cycle: tuple[str, ...]
    """Names of nodes that feed each other."""
    dangling: tuple[str, ...]
    """What refers to a node that does not exist."""
    forward_references: tuple[str, ...]
    """Nodes that take one which is written after them."""
    outputs: tuple[str, ...]
    """Names of the nodes that are outputs."""
    labels: tuple[str, ...]
    """Inputs that are labels."""
    unranked_inputs: tuple[str, ...]
    """Inputs of unknown shape."""
    places: Mapping[str, str]
    """Kind of operator to the name of the first node of it."""
    order: tuple[str, ...]
    """The kinds of the nodes, as often as they occur, in the file's order."""
    custom_operators: tuple[str, ...]
    """Kinds of operators that are the user's own code."""
    training: tuple[str, ...]
    """Kinds of operators that only training needs, and where: ``MakeLoss (loss)``."""
    random: tuple[str, ...]
    """Kinds of operators that draw random numbers, and where."""
    subgraphs: tuple[str, ...]
    """Operators that have graphs of their own (loops, conditions)."""
    channel_last: tuple[str, ...]
    """Names of nodes with a layout such as NHWC."""
    operators: tuple[SymbolOperator, ...] = ()
    """Operators with their attributes, each way of writing one once."""

    @property
    def imported(self) -> Mapping[str, str]:
        return self.places

    @property
    def training_labels(self) -> tuple[str, ...]:
        return self.labels if self.training else ()

    @property
    def random_calls(self) -> tuple[str, ...]:
        return self.random
