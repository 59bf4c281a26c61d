"""What a load test is aimed at: a file that is served here, a server that runs already, or an
endpoint of SageMaker."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from neopack.archive.read import scan
from neopack.artifacts.computed_by import computed_by
from neopack.artifacts.load import open_archive, require_file
from neopack.engines import registry as engines
from neopack.errors import NeopackError, UsageError
from neopack.loadtests.destination import Destination, destination_of, is_url, masked
from neopack.loadtests.options import LoadOptions
from neopack.loadtests.payloads import Payload, payloads_of, payloads_of_archive
from neopack.loadtests.running import LoadResult, load
from neopack.loadtests.stages import LEEWAY
from neopack.loadtests.unread import refuse_unread
from neopack.options import Connection
from neopack.serving.bodies import JSON, NPY
from neopack.serving.http.supervisor import Supervisor
from neopack.serving.options import ServeOptions
from neopack.serving.script import CODE
from neopack.values.log import Log
from neopack.values.quantization import Quantization

__all__ = [
    "Aim",
    "Kind",
    "Served",
    "aimed",
    "loadtest",
    "preferred_type",
    "reached",
    "runs_already",
]

ENDPOINT = "endpoint:"
ALLOWED = 1e-3

Kind = Literal["archive", "artifact", "url", "endpoint"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """What computes behind an address, as far as it is known. ``difference`` is what the artifact
    differed from the golden outputs when it was compiled."""

    engine: str = ""
    version: str = ""
    precision: str = ""
    target: str = ""
    difference: float | None = None
    quantization: Quantization | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Aim:
    """``name`` is what reports call it. ``allowed`` is how far a right answer may be from the
    golden outputs, relative to the largest."""

    target: str
    name: str
    kind: Kind
    payloads: tuple[Payload, ...]
    allowed: float
    served: Served = field(default_factory=Served)

    @property
    def is_file(self) -> bool:
        return self.kind in ("archive", "artifact")


def loadtest(
    target: str,
    options: LoadOptions,
    *,
    goldens: Path | None,
    connection: Connection | None = None,
    log: Log,
) -> LoadResult:
    """Load ``target``. What is to be sent is read before a server is started. Raises
    ``UsageError`` for options that would not be read."""
    refuse_unread(options, goldens, serves_files=not runs_already(target))
    aim = aimed(target, options, goldens, preferred=preferred_type([target]))
    with reached(aim, options, connection, log) as destination:
        result = load(aim.name, destination, aim.payloads, options, aim.allowed, log)
    return result if goldens is None else replace(result, goldens=goldens.name)


def runs_already(target: str) -> bool:
    """Whether ``target`` is an address or an endpoint, and not a file to serve."""
    return is_url(target) or target.startswith(ENDPOINT)


def preferred_type(targets: Sequence[str]) -> str:
    """How numbers go where the user does not say: what the server here reads is known. Other
    servers and scripts of the user's take JSON, if anything."""
    return NPY if all(map(_reads_npy, targets)) else JSON


def _reads_npy(target: str) -> bool:
    if runs_already(target):
        return False
    try:
        names = scan(Path(target)).file_names()
    except NeopackError:  # which is told where it is opened
        return False
    return not any(name.startswith(CODE) for name in names)


def aimed(target: str, options: LoadOptions, goldens: Path | None, *, preferred: str) -> Aim:
    """Read what ``target`` is and what it is to be sent: as ``preferred``, where that pays, unless
    the options name a content type. Raises ``UsageError`` for an address that is not
    one, and where nothing is known to send."""
    allowed = ALLOWED if options.difference is None else options.difference
    if is_url(target):
        destination_of(target)
        return Aim(
            target=target,
            name=masked(target),
            kind="url",
            payloads=_payloads(goldens, options, preferred),
            allowed=allowed,
        )
    if target.startswith(ENDPOINT):
        payloads = _payloads(goldens, options, preferred)
        return Aim(target=target, name=target, kind="endpoint", payloads=payloads, allowed=allowed)
    artifact = Path(target)
    require_file(artifact)
    served = _served(artifact)
    if options.difference is None:
        allowed = _allowed(served)
    return Aim(
        target=target,
        name=artifact.name,
        kind="artifact" if served.target else "archive",
        payloads=_payloads(goldens or artifact, options, preferred),
        allowed=allowed,
        served=served,
    )


@contextmanager
def reached(
    aim: Aim, options: LoadOptions, connection: Connection | None, log: Log
) -> Iterator[Destination]:
    """Where its requests go, while the block lasts; a file is served by processes of its own."""
    if aim.kind == "url":
        yield destination_of(aim.target)
    elif aim.kind == "endpoint":
        yield _endpoint(aim.target.removeprefix(ENDPOINT), connection or Connection())
    else:
        serving = ServeOptions(port=0, workers=options.workers, threads=options.threads)
        with Supervisor(Path(aim.target), serving, quiet=True, log=log) as server:
            with log.step(f"serving {aim.name}"):
                address = server.start()
            server.watch()
            yield replace(destination_of(address.url), memory=server.peak_memory)


def _endpoint(name: str, connection: Connection) -> Destination:
    from neopack.sagemaker.invocations import Invocations  # boto3 only where it is asked for

    invocations = Invocations(connection, name)
    return Destination(
        url=invocations.url,
        shown=invocations.url,
        sign=invocations.signed,
        instance=invocations.instance,
        count=invocations.count,
    )


def _served(artifact: Path) -> Served:
    """Nothing of what only its own script can load."""
    try:
        opened = open_archive(artifact)
    except NeopackError:
        return Served()
    engine, version = computed_by(opened)
    served = Served(engine=engine, version=version, precision=opened.precision)
    compiled = opened.compiled
    if compiled is None:
        return served
    return replace(
        served,
        target=compiled.target,
        difference=compiled.difference,
        quantization=compiled.quantization,
    )


def _allowed(served: Served) -> float:
    """What the engine allows in the precision of an artifact when it compiles it, or what the user
    accepted then."""
    accepted = LEEWAY * (served.difference or 0.0)
    if served.target and served.precision in engines.precisions(served.engine):
        return max(accepted, engines.get(served.engine).allowed_difference(served.precision))
    return max(accepted, ALLOWED)


def _payloads(goldens: Path | None, options: LoadOptions, preferred: str) -> tuple[Payload, ...]:
    if options.payload is not None:
        return payloads_of(options.payload, options.content_type)
    if goldens is None:
        raise UsageError(
            "nothing is known to send", hint="give --payload FILE, or --goldens ARCHIVE"
        )
    return payloads_of_archive(goldens, options.content_type, preferred, options.seed)
