"""A Dask cluster that builds: its scheduler, and which of its workers can take part.

Files cross through the build's cache alone, which all machines see; the project lies on each.
"""

from __future__ import annotations

import contextlib
import re
import secrets
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack import __version__
from neopack.build.cache import Cache
from neopack.build.workers import remote_step
from neopack.build.workers.remote_step import PROJECT, RemoteWorker
from neopack.distributions import install_hint
from neopack.errors import Missing, NeopackError, UsageError, first_line
from neopack.formats.codec import from_json
from neopack.values.log import Log

__all__ = ["DaskCluster", "connected", "scheduler_url"]

SECONDS = 10
SCHEME = "dask://"
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?[^\s/:]+:[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class DaskCluster:
    """``workers`` are those that can take part, by their addresses, and ``resources`` what each
    of them declares. ``whole`` says that all can: those that join later are tried too."""

    client: Any
    place: str
    workers: Mapping[str, RemoteWorker]
    resources: Mapping[str, Mapping[str, float]]
    threads: Mapping[str, int]
    whole: bool


@contextlib.contextmanager
def connected(address: str, root: Path, cache: Cache, log: Log) -> Iterator[DaskCluster]:
    """The cluster of the scheduler at ``address``, ``dask://host:8786`` or as Dask writes it.
    ``root`` is the folder of the project, and ``cache`` a place that all machines see.

    Raises ``Missing`` without Dask, for a scheduler that cannot be reached, and for one that has
    no worker with this project, this cache and this neopack; the reason is that of the first.
    """
    client, place = _client(scheduler_url(address)), str(cache.store)
    try:
        with _probe(cache) as probe:
            answers = client.run(remote_step.describe, str(root), place, probe, on_error="return")
        workers, refused = _sorted_out(answers)
        for name, why in refused.items():
            log.warn(f"worker {name} takes no part: {why}")
        if not workers:
            raise _no_worker(address, refused)
        yield _cluster(client, place, workers, whole=not refused)
    finally:
        client.close(timeout=SECONDS)


def scheduler_url(address: str) -> str:
    """As Dask writes it. Raises ``UsageError`` for what is not an address."""
    url = f"tcp://{address.removeprefix(SCHEME)}" if address.startswith(SCHEME) else address
    if ADDRESS.fullmatch(url) is None:
        hint = "write dask://host:8786, or an address as dask scheduler prints it"
        raise UsageError("is not the address of a Dask scheduler", where=address, hint=hint)
    return url


def _client(url: str) -> Any:
    try:
        from distributed import Client
    except ModuleNotFoundError as error:
        raise Missing("is not installed", where="dask", hint=install_hint("dask")) from error
    try:
        client = Client(url, timeout=SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        hint = f"{first_line(error)}; start one: dask scheduler"
        raise Missing("does not answer", where=f"scheduler {url}", hint=hint) from error
    try:
        client.wait_for_workers(1, timeout=SECONDS)
    except (OSError, ValueError) as error:
        client.close(timeout=SECONDS)
        hint = f"start one: dask worker {url} --nthreads 1"
        raise Missing("has no worker", where=f"scheduler {url}", hint=hint) from error
    return client


@contextlib.contextmanager
def _probe(cache: Cache) -> Iterator[str]:
    """The name of a file in the cache: who sees it sees the cache."""
    name = f"probes/{secrets.token_hex(8)}"
    try:
        cache.store.write(name, b"")
    except OSError as error:
        hint = "workers leave their files there; name another with --cache"
        raise Missing(f"cannot be written: {error}", where=str(cache.store), hint=hint) from error
    try:
        yield name
    finally:
        with contextlib.suppress(OSError):
            cache.store.remove(name)


def _sorted_out(answers: Mapping[str, Any]) -> tuple[dict[str, RemoteWorker], dict[str, str]]:
    """The workers that can take part, and why others cannot."""
    workers, refused = {}, {}
    for address, answer in answers.items():
        if isinstance(answer, BaseException):
            refused[address] = first_line(answer)
            continue
        worker = from_json(RemoteWorker, answer)
        why = _refusal(worker)
        if why:
            refused[address] = why
        else:
            workers[address] = worker
    return workers, refused


def _refusal(worker: RemoteWorker) -> str:
    own = remote_step.this_worker()
    if worker.neopack_digest != own.neopack_digest:
        return f"it has another neopack ({worker.neopack}, here {__version__})"
    if worker.python != own.python:
        return f"it has Python {worker.python}, here {own.python}"
    if not worker.sees_project:
        return f"it lacks the project; set {PROJECT} to its folder there"
    if not worker.sees_cache:
        return "it does not see the cache; name one that all machines see, with --cache"
    return ""


def _no_worker(address: str, refused: Mapping[str, str]) -> NeopackError:
    name, why = next(iter(refused.items()))
    return Missing(
        f"has no worker that can take part: {name}: {why}", where=f"scheduler {address}"
    )


def _cluster(
    client: Any, place: str, workers: Mapping[str, RemoteWorker], *, whole: bool
) -> DaskCluster:
    told = client.scheduler_info(n_workers=-1)["workers"]
    return DaskCluster(
        client=client,
        place=place,
        workers=workers,
        resources={name: dict(told[name]["resources"]) for name in workers if name in told},
        threads={name: int(told[name]["nthreads"]) for name in workers if name in told},
        whole=whole,
    )
