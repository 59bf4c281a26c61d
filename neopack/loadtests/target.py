"""What a load test is aimed at: a file that is served here, or a server that runs already."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from neopack.artifacts.load import require_file
from neopack.errors import UsageError
from neopack.loadtests.payloads import Payload, payloads_of, payloads_of_archive
from neopack.loadtests.running import LoadResult, load
from neopack.options import LoadOptions, ServeOptions
from neopack.serving.http.supervisor import Supervisor
from neopack.values.log import Log

__all__ = ["loadtest"]

INVOCATIONS = "/invocations"


def loadtest(target: str, options: LoadOptions, *, goldens: Path | None, log: Log) -> LoadResult:
    """Load ``target``. What is to be sent is read before a server is started."""
    result = _loaded(target, options, goldens, log)
    return result if goldens is None else replace(result, goldens=goldens.name)


def _loaded(target: str, options: LoadOptions, goldens: Path | None, log: Log) -> LoadResult:
    if "://" in target:
        return load(target, _url(target), _payloads(goldens, options), options, log)
    artifact = Path(target)
    require_file(artifact)
    payloads = _payloads(goldens or artifact, options)
    serving = ServeOptions(port=0, workers=options.workers, threads=options.threads)
    with Supervisor(artifact, serving, quiet=True, log=log) as server:
        with log.step("starting the server"):
            address = server.start()
        return load(artifact.name, address.url + INVOCATIONS, payloads, options, log)


def _url(target: str) -> str:
    """An address without a path is that of a container. Raises ``UsageError``."""
    parts = urlsplit(target)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise UsageError(f"{target} is not an address", hint="write http://127.0.0.1:8080")
    return target if parts.path.strip("/") else target.rstrip("/") + INVOCATIONS


def _payloads(goldens: Path | None, options: LoadOptions) -> tuple[Payload, ...]:
    if options.payload is not None:
        return payloads_of(options.payload, options.content_type)
    if goldens is None:
        raise UsageError(
            "nothing is known to send", hint="give --payload FILE, or --goldens ARCHIVE"
        )
    return payloads_of_archive(goldens, options.content_type, options.seed)
