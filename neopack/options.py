"""What a user chooses, as frozen values: one class of options for each verb.

The keywords of ``neopack.api`` and the options of the command line build these values; every
layer below takes the value. ``digest`` names a choice, so that work already done for it is found.
"""

from __future__ import annotations

import hashlib
import json
import math
import operator
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar, Literal, TypeAlias, TypedDict, TypeVar, get_origin

from neopack.errors import UsageError
from neopack.formats.codec import to_json
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.goldens.batch_ranges import BatchRange, ranges_of
from neopack.goldens.comparison import check_max_difference
from neopack.processes.at_once import check_count
from neopack.project.declared import WORDS, hints_of, optional
from neopack.spelling import did_you_mean, nearest
from neopack.values.finding import Level
from neopack.values.quantization import AUTO, PRECISIONS, QUANTIZED, RANDOM, Calibration

__all__ = [
    "BenchChoices",
    "BenchOptions",
    "CheckChoices",
    "CheckOptions",
    "CompileChoices",
    "CompileOptions",
    "Connection",
    "DeployOptions",
    "JobOptions",
    "Options",
    "PackageChoices",
    "PackageOptions",
    "Place",
    "PolicyOptions",
    "WaitOptions",
    "chosen",
    "limits_of",
]

# an archive or an artifact is its path
Place: TypeAlias = str | PathLike[str]


INT8 = QUANTIZED[0]
CALIBRATION_HINT = (
    "give an .npz or .npy of real inputs (samples first), a folder of images with --preprocess, "
    "or module:callable; random is taken too, and its accuracy is unknown"
)


class Options:
    """The root of all options: frozen dataclasses of hashable values."""

    __slots__ = ()
    # these say how the work is done, not what comes of it
    NOT_IN_DIGEST: ClassVar[frozenset[str]] = frozenset({"force", "limits", "rerun", "connection"})

    def digest(self) -> str:
        """SHA-256, in hex, of the options that change the result."""
        names = [each.name for each in fields(self)]  # type: ignore[arg-type]
        chosen = {n: to_json(getattr(self, n)) for n in names if n not in self.NOT_IN_DIGEST}
        text = json.dumps([type(self).__name__, chosen], sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageOptions(Options):
    """How a source becomes an archive.

    ``framework`` is recognized from the model and ``framework_version`` is the target's newest
    unless given. ``code`` is a directory that goes in as ``code/``. ``example`` is an .npz of real
    inputs in place of the ones that ``seed`` makes. ``level`` is gzip's, 0 to 9. Rules in
    ``ignore`` may fail. ``verify`` proves the model in the exact version before anything is
    written, in ``runtime`` or in the version nearest to Neo's; and by Neo's public loader where
    that compiles it, unless a ``runtime`` is given or ``compiler`` is False. ``framework_options``
    are pairs of names and values that only some frameworks read, such as ``("script", True)`` for
    PyTorch.
    """

    target: str = "ml_c5"
    framework: str | None = None
    framework_version: str | None = None
    code: Path | None = None
    example: Path | None = None
    seed: int = 0
    level: int = 1
    verify: bool = False
    compiler: bool = True
    runtime: str | None = None
    ignore: tuple[str, ...] = ()
    force: bool = False
    framework_options: tuple[tuple[str, object], ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.level <= 9:
            raise UsageError(f"--level {self.level} is not between 0 and 9")


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckOptions(Options):
    """What a job would say beside the archive, and which rules count.

    None means what the manifest says, or the default. ``as_of`` is the date of the support table,
    such as 2020-12-10. ``select`` and ``ignore`` hold ids of rules, or their beginnings.
    ``passing`` is the gravest level of a finding that passes.
    """

    framework: str | None = None
    framework_version: str | None = None
    data_input_config: str | None = None
    compiler_options: str | None = None
    as_of: str | None = None
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    passing: Level = "warning"
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class CompileOptions(Options):
    """How a local engine compiles.

    ``engine`` None: the first that takes the request; "auto": the fastest of those installed.
    ``max_difference`` is relative to the largest golden output; None: the engine's own limit for
    the precision (1e-3 in fp32). ``calibration`` is needed in int8: an .npz or .npy (samples
    first), a folder of images with ``preprocess``, ``module:callable``, or "random"; ``metric`` is
    top1, cosine, mse or ``module:callable``, and ``max_accuracy_drop`` (0.01) in its units.
    ``compiler_options`` are those of a job, of which the engine reads what is about the CPU.
    ``inputs`` are ranges of batches, one for each input. ``rerun`` compiles although the same
    artifact is there.
    """

    precision: str = "fp32"
    engine: str | None = None
    max_difference: float | None = None
    calibration: str | None = None
    preprocess: str | None = None
    metric: str | None = None
    max_accuracy_drop: float | None = None
    compiler_options: str | None = None
    inputs: tuple[BatchRange, ...] = ()
    level: int = 1
    force: bool = False
    rerun: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        check_max_difference(self.max_difference)
        self._check_precision()
        self._check_calibration()

    def _check_precision(self) -> None:
        known = (*PRECISIONS, AUTO)
        if self.precision in known:
            return
        near = did_you_mean(f"{self.precision}", known)
        hint = f"{near} there are {', '.join(known)}".lstrip()
        raise UsageError(f"no precision {self.precision!r:.40}", hint=hint)

    def _check_calibration(self) -> None:
        if self.precision not in (*QUANTIZED, AUTO) and self.calibration is not None:
            raise UsageError(
                f"--calibration does nothing in {self.precision}", hint="--precision int8"
            )
        if self.precision == INT8 and self.calibration is None:
            raise UsageError("--precision int8 needs --calibration", hint=CALIBRATION_HINT)
        beside = {
            "--preprocess": self.preprocess,
            "--metric": self.metric,
            "--max-accuracy-drop": self.max_accuracy_drop,
        }
        said = next((name for name, value in beside.items() if value is not None), "")
        if said and self.calibration is None:
            raise UsageError(f"{said} goes with --calibration", hint=CALIBRATION_HINT)
        if said and self.calibration == RANDOM:
            raise UsageError(
                f"{said} does nothing with --calibration random: its accuracy is unknown",
                hint="give real data",
            )
        drop = self.max_accuracy_drop
        if drop is not None and not (math.isfinite(drop) and drop >= 0):
            raise UsageError(
                f"--max-accuracy-drop must be 0 or more, not {drop:g}", hint="such as 0.01"
            )

    @property
    def calibrated(self) -> Calibration | None:
        """The calibration that these options name."""
        if self.calibration is None:
            return None
        drop = {} if self.max_accuracy_drop is None else {"max_drop": self.max_accuracy_drop}
        return Calibration(
            data=self.calibration, preprocess=self.preprocess, metric=self.metric, **drop
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """The AWS account, as boto3 is told it; an empty field means what boto3 finds."""

    region: str = ""
    profile: str = ""
    endpoint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOptions(Options):
    """What a compilation job is submitted with.

    ``role`` is an ARN, ``output`` ``s3://bucket/prefix``. ``max_runtime`` and ``max_pending`` are
    seconds. The fields that ``CheckOptions`` has mean the same here.
    """

    role: str
    output: str
    connection: Connection = field(default_factory=Connection)
    name: str = ""
    framework: str | None = None
    framework_version: str | None = None
    data_input_config: str | None = None
    compiler_options: str | None = None
    max_runtime: int | None = None
    max_pending: int | None = None
    kms_key: str = ""
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    download: Path | None = None
    ignore: tuple[str, ...] = ()
    allow_retired: bool = False
    rerun: bool = False
    force: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitOptions(Options):
    """How to wait for a job or an endpoint: ``timeout`` and ``poll`` are seconds; ``poll`` is the
    first interval between two questions, and later ones are longer."""

    wait: bool = True
    timeout: float | None = None
    logs: bool = False
    stop_on_interrupt: bool = False
    poll: float = 5.0

    def __post_init__(self) -> None:
        if not self.poll >= 0:  # NaN too
            raise UsageError(f"--poll must be 0 or more, not {self.poll}")
        if self.timeout is not None and not self.timeout >= 0:
            raise UsageError(f"--timeout must be 0 or more, not {self.timeout}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployOptions(Options):
    """What an endpoint is created with; an empty field means what the job and the tables say.

    ``environment`` is of the container: pairs of names and values.
    """

    instance: str
    endpoint: str = ""
    accelerator: str = ""
    count: int = 1
    role: str = ""
    image: str = ""
    environment: tuple[tuple[str, str], ...] = ()
    allow_retired: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyOptions(Options):
    """The account and the names that IAM policies are written for; ``region`` * means all."""

    bucket: str
    account: str
    region: str = "*"
    prefix: str = ""
    role_name: str = "neopack-compile"
    hosting_role_name: str = "neopack-hosting"
    kms_key: str = ""
    vpc: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BenchOptions(Options):
    """How a benchmark measures: ``seconds`` for each side, ``threads`` None for the engine's own
    choice."""

    seconds: float = 10.0
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.seconds) and self.seconds > 0):
            raise UsageError("--seconds must be positive")
        if self.threads is not None:
            check_count("--threads", self.threads)


# --- the same as keywords -------------------------------------------------------------------


class PackageChoices(TypedDict, total=False):
    """The fields of ``PackageOptions``, and those that single frameworks read, as keywords."""

    target: str
    framework: str | None
    framework_version: str | None
    code: Place | None
    example: Place | None
    seed: int
    level: int
    verify: bool
    compiler: bool
    runtime: str | None
    ignore: Sequence[str]
    force: bool
    script: bool
    bind: Literal["name", "positional"] | None
    signature: str | None
    tags: Sequence[str]
    form: Literal["saved-model", "frozen"] | None
    outputs: Sequence[str]
    constants: Sequence[str]
    trust_pickle: bool
    preprocessing: str | None
    missing: float | None
    quantize: Literal["float16", "int8"] | None
    calibration: str | PathLike[str] | None


class CheckChoices(TypedDict, total=False):
    """The fields of ``CheckOptions`` as keywords."""

    framework: str | None
    framework_version: str | None
    data_input_config: str | None
    compiler_options: str | None
    as_of: str | None
    select: Sequence[str]
    ignore: Sequence[str]
    passing: Level
    limits: Limits


class CompileChoices(TypedDict, total=False):
    """The fields of ``CompileOptions`` as keywords."""

    precision: str
    engine: str | None
    max_difference: float | None
    calibration: Place | None
    preprocess: str | None
    metric: str | None
    max_accuracy_drop: float | None
    compiler_options: str | None
    inputs: Mapping[str, Sequence[int | str]]
    level: int
    force: bool
    rerun: bool
    limits: Limits


class BenchChoices(TypedDict, total=False):
    """The fields of ``BenchOptions`` as keywords."""

    seconds: float
    threads: int | None
    seed: int


def limits_of(settings: Sequence[str]) -> Limits:
    """The default limits with ``NAME=NUMBER`` settings applied; ``UsageError`` for a bad one."""
    return DEFAULT_LIMITS.with_settings(list(settings))


T = TypeVar("T", bound=Options)
_PATHS = frozenset({"code", "example", "download", "payload"})
KINDS: Mapping[Any, str] = {**WORDS, Path: "a path", tuple: "a list"}
# one text is one of them
_SEVERAL = frozenset({"ignore", "select", "tags", "outputs"})


def chosen(kind: type[T], options: T | None, choices: Mapping[str, object]) -> T:
    """``options``, or the defaults of ``kind``, with ``choices`` over them.

    Raises ``UsageError`` for options of another class, for a keyword that ``kind`` lacks, and for
    a value of another type.
    """
    if options is not None and not isinstance(options, kind):
        raise UsageError(f"options is a {type(options).__name__}", hint=f"give a {kind.__name__}")
    own = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    values = {name: _frozen(name, value) for name, value in choices.items()}
    hints = hints_of(kind)  # type: ignore[arg-type]
    known = {n: _fitting(n, value, hints[n]) for n, value in values.items() if n in own}
    rest = tuple((name, value) for name, value in values.items() if name not in own)
    if rest and "framework_options" in own and not _misspelled(rest, own):
        known["framework_options"] = rest
    elif rest:
        name = _misspelled(rest, own) or rest[0][0]
        hint = did_you_mean(name, own, f"there are {', '.join(sorted(own))}")
        raise UsageError(f"no keyword {name!r}", hint=hint)
    return replace(options or kind(), **known)  # type: ignore[type-var]


def _fitting(name: str, value: Any, hint: Any) -> Any:
    """``value``, a number as one of Python's. Raises ``UsageError`` where a plain field is of
    another type; the others are not told."""
    kind = optional(hint)
    kind = get_origin(kind) or kind
    if kind not in KINDS or (value is None and hint is not optional(hint)):
        return value
    try:
        if kind in (int, float) and not isinstance(value, bool):
            value = operator.index(value) if kind is int else _real(value)
        fits = isinstance(value, kind) and (kind is bool or not isinstance(value, bool))
    except (TypeError, OverflowError):
        fits = False
    if not fits:
        raise UsageError(f"{name} is {value!r:.60}, not {KINDS[kind]}")
    return value


def _real(value: Any) -> object:
    return float(value) if isinstance(value, Real) else value


def _misspelled(rest: tuple[tuple[str, object], ...], own: set[str]) -> str:
    """The first name that is like a field, and not an option of some framework."""
    names = (name for name, _ in rest if name not in PackageChoices.__annotations__)
    return next((name for name in names if nearest(name, own)), "")


def _frozen(name: str, value: object) -> object:
    if name == "calibration" and isinstance(value, PathLike):
        return str(value)
    if name == "inputs" and isinstance(value, Mapping):
        return ranges_of(value)
    if name in _PATHS and isinstance(value, str | PathLike):
        return Path(value)
    if name in _SEVERAL and isinstance(value, str):
        return (value,)
    return tuple(value) if isinstance(value, list) else value
