"""One export: the model, its inputs, where the files go, and the options."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase, save_cases
from neopack.goldens.directed import Compute, golden_cases
from neopack.goldens.draws import States
from neopack.values.artifact import Array
from neopack.values.model import Goldens, ModelSource
from neopack.values.signature import InputRequest

__all__ = [
    "ExportOptions",
    "ExportTask",
    "NoOptions",
    "flag_of",
    "has_option",
    "option",
    "options_of",
]

T = TypeVar("T")
GOLDENS = "golden.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What every framework reads. ``framework_version`` is what Neo will read the model with, and
    ``compiler_path`` what it compiles it with, "" where that is unknown; ``example`` is an .npz of
    real inputs in place of the seeded ones."""

    framework_version: str = ""
    compiler_path: str = ""
    seed: int = 0
    example: Path | None = None

    def __post_init__(self) -> None:
        inputs.check_seed(self.seed)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoOptions:
    """The options of a framework that declares none."""


def option(flag: str, default: T) -> T:
    """A field of a framework's options, and how the command line spells it in errors."""
    declared: Any = field(default=default, metadata={"flag": flag})
    return declared  # type: ignore[no-any-return]


def has_option(options: type[object], name: str) -> bool:
    return name in getattr(options, "__dataclass_fields__", {})


def flag_of(options: type[object], name: str) -> str:
    """The flag of a field; "" where the class has no such field, or the field no flag."""
    fields: Mapping[str, Any] = getattr(options, "__dataclass_fields__", {})
    return str(fields[name].metadata.get("flag", "")) if name in fields else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportTask:
    """What a framework exports. ``own`` are the options of this framework alone, of its
    ``options.py``: ``options_of`` gives them typed, or their defaults where ``own`` is None."""

    source: ModelSource
    inputs: tuple[InputRequest, ...] = ()
    staging: Path
    options: ExportOptions = field(default_factory=ExportOptions)
    own: object = None

    def examples(self, requests: Sequence[InputRequest]) -> dict[str, Array]:
        """The first golden inputs: the user's own, or seeded ones."""
        return inputs.examples(requests, seed=self.options.seed, example=self.options.example)

    def golden_cases(
        self,
        requests: Sequence[InputRequest],
        examples: Mapping[str, Array],
        outputs: Mapping[str, Array],
        compute: Compute,
        states: States | None = None,
    ) -> tuple[GoldenCase, ...]:
        """The first golden case, ``examples`` and ``outputs``, and the directed ones, of inputs
        that real data resembles. ``compute`` is the source model, called as its users call it;
        it raises ``NeopackError`` for inputs that it does not take, and may draw random numbers
        from ``states``: by default those that all code shares."""
        given = self.options.example is not None
        return golden_cases(
            requests,
            examples,
            outputs,
            compute,
            seed=self.options.seed,
            given=given,
            states=states,
        )

    def save_goldens(self, cases: Sequence[GoldenCase]) -> Goldens:
        """Write the golden numbers into ``staging``."""
        return save_cases(self.staging / GOLDENS, cases, seed=self.options.seed)


def options_of(task: ExportTask, kind: type[T]) -> T:
    """The framework's own options. Another framework's are a mistake, and raise ``TypeError``."""
    if task.own is None:
        return kind()
    if not isinstance(task.own, kind):
        name = type(task.own).__name__
        raise TypeError(f"the options of {task.source.framework} are {name}, not {kind.__name__}")
    return task.own
