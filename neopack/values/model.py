"""A model on its way into an archive: where it comes from, what it is, what was exported."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar, runtime_checkable

from neopack.values.json import Json
from neopack.values.reads import Reads
from neopack.values.signature import Signature

__all__ = [
    "ComputesInBytes",
    "DrawsNumbers",
    "ExportedModel",
    "Goldens",
    "ImportsOperators",
    "Member",
    "ModelInfo",
    "ModelSource",
    "NamesInputs",
    "OrdersOperators",
    "StoresInputs",
    "TakesLabels",
    "facts_of",
]

F = TypeVar("F")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSource:
    """How to get a model; nothing is loaded yet.

    ``where`` is a path, ``module:callable`` or ``file.py:callable``; with kind ``object``
    the model is in ``model`` and ``where`` is its class; with kind ``handed-over`` it is a
    pickle that neopack itself made of a live object, a moment ago, for its child process.
    ``loader`` is the framework that loads a file as a live model where another one packages it.
    """

    kind: Literal["callable", "file", "object", "handed-over"]
    where: str
    framework: str
    arguments: Mapping[str, Json] = field(default_factory=dict)
    weights: Path | None = None
    model: Any = None
    loader: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelInfo:
    """What a reader saw in a model's bytes, without the framework and without running it.

    ``parameters`` counts elements, ``parameter_bytes`` bytes; None where the form does not
    tell. ``signature`` is None where inputs cannot be known. ``facts`` is what only this
    framework tells: a frozen dataclass of its ``facts.py``, which ``facts_of`` gives typed.
    """

    framework: str
    format: str
    producer: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None
    operators: Mapping[str, int] = field(default_factory=dict)
    parameters: int | None = None
    parameter_bytes: int | None = None
    dtypes: Mapping[str, int] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    facts: object = field(default=None, repr=False)


def facts_of(info: ModelInfo | None, kind: type[F]) -> F:
    """The facts of ``info`` as the framework's own class. Any other class is a mistake in a reader
    or in a rule, and raises ``TypeError``: nothing passes for lack of a fact."""
    facts = info.facts if info is not None else None
    if not isinstance(facts, kind):
        whose = info.framework if info is not None else "no model"
        raise TypeError(f"the facts of {whose} are {type(facts).__name__}, not {kind.__name__}")
    return facts


@runtime_checkable
class StoresInputs(Protocol):
    """Facts of a framework whose models may store the inputs that they were made with."""

    @property
    def stored_inputs(self) -> bool: ...


@runtime_checkable
class NamesInputs(Protocol):
    """Facts of a framework whose models may tell the names of inputs and not their shapes."""

    @property
    def input_names(self) -> tuple[str, ...]: ...


@runtime_checkable
class ComputesInBytes(Protocol):
    """Facts of a framework whose reader knows whether kernels of its own compute in bytes."""

    @property
    def computes_in_bytes(self) -> bool: ...


@runtime_checkable
class DrawsNumbers(Protocol):
    """Facts of a framework whose reader finds the calls that draw random numbers, such as
    ``dropout`` with a flag that is true."""

    @property
    def random_calls(self) -> tuple[str, ...]: ...


@runtime_checkable
class TakesLabels(Protocol):
    """Facts of a framework whose models may hold what trains them: the inputs that only that
    takes, which are told with it."""

    @property
    def training_labels(self) -> Sequence[str]: ...


@runtime_checkable
class ImportsOperators(Protocol):
    """Facts of a framework whose models a compiler imports operator by operator: each operator by
    the name that the compiler sees, with a place in the model, "" if the file names none."""

    @property
    def imported(self) -> Mapping[str, str]: ...


@runtime_checkable
class OrdersOperators(Protocol):
    """Facts of a framework whose reader knows in which order operators compute: each as often as
    it does. Empty where the order of a model is not known."""

    @property
    def order(self) -> tuple[str, ...]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A file that goes into an archive: its name there, and where its bytes are."""

    name: str
    path: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Goldens:
    """The .npz of golden cases: named inputs, and the outputs that the source model gave.

    What follows describes the first case. ``constant``: all outputs are one number, which any
    broken model may give as well. ``empty``: there is no number in any, as where a detector found
    nothing. ``finite``: at least one number is neither NaN nor infinite. ``random``: the source
    model gave other outputs when it was asked again.
    """

    path: Path
    seed: int
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    cases: tuple[str, ...] = ()
    constant: bool = False
    empty: bool = False
    finite: bool = True
    random: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportedModel:
    """A model in the form Neo reads, in a staging directory, with its golden numbers.

    ``rewrites`` names what was rewritten for the older version that Neo runs. ``scripts`` go
    beside the archive and not into it, to the paths that their names are. ``reads`` is what the
    export read, None where no process of its own did it.
    """

    framework: str
    members: tuple[Member, ...]
    signature: Signature
    goldens: Goldens
    versions: Mapping[str, str] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    rewrites: tuple[str, ...] = ()
    scripts: tuple[Member, ...] = ()
    reads: Reads | None = None
