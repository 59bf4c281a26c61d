"""What a user chooses, as frozen values: one class of options for each verb.

The keywords of ``neopack.api`` and the options of the command line build these values; every
layer below takes the value. ``digest`` names a choice, so that work already done for it is found.
"""

from __future__ import annotations

import hashlib
import json
import math
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import ClassVar

from neopack.errors import UsageError
from neopack.formats.codec import to_json
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.goldens.comparison import refuse_no_distance
from neopack.values.finding import Level

__all__ = [
    "BenchOptions",
    "CheckOptions",
    "CompileOptions",
    "Connection",
    "DeployOptions",
    "JobOptions",
    "Options",
    "PackageOptions",
]


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
    """How an export becomes an archive.

    ``code`` is a directory that goes in as ``code/``. ``level`` is gzip's, 0 to 9. Rules in
    ``ignore`` may fail. ``verify`` proves the model before writing, in ``runtime`` or in the
    version nearest to Neo's.
    """

    code: Path | None = None
    level: int = 1
    force: bool = False
    ignore: tuple[str, ...] = ()
    verify: bool = False
    runtime: str | None = None

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

    ``engine`` None: the first that takes the request. ``max_difference`` is relative to the
    largest golden output; None: the engine's own limit for the precision (1e-3 in fp32).
    """

    precision: str = "fp32"
    engine: str | None = None
    max_difference: float | None = None
    level: int = 1
    force: bool = False
    limits: Limits = DEFAULT_LIMITS

    def __post_init__(self) -> None:
        refuse_no_distance(self.max_difference)


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
class BenchOptions(Options):
    """How a benchmark measures: ``seconds`` for each side, ``threads`` None for the engine's own
    choice. Raises ``UsageError`` where either is not positive."""

    seconds: float = 10.0
    threads: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        lasts = math.isfinite(self.seconds) and self.seconds > 0
        if not lasts or (self.threads is not None and self.threads < 1):
            raise UsageError("--seconds and --threads must be positive")
