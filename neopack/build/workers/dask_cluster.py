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

__all__ = ["DaskCluster", "Member", "connected", "scheduler_url"]

SECONDS = 10
SCHEME = "dask://"
ADDRESS = re.compile(r"(?:(?:tcp|tls|ws|wss|ucx)://)?[^\s/:]+:[0-9]{1,5}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A worker that can take part. ``resources`` are those that it declares."""

    worker: RemoteWorker
    resources: Mapping[str, float]
    threads: int


class DaskCluster:
    """``members`` are the workers that can take part now, by their addresses. A nanny starts a
    worker that died at another address, and others join and leave: ``refresh`` looks again."""

    def __init__(self, client: Any, root: Path, cache: Cache, log: Log) -> None:
        self.client, self.place = client, str(cache.store)
        self.members: dict[str, Member] = {}
        self.refused: dict[str, str] = {}
        self._root, self._cache, self._log = root, cache, log

    @property
    def whole(self) -> bool:
        """Whether all of its workers can take part."""
        return not self.refused

    def refresh(self) -> None:
        """Ask the workers that are new. Raises ``Missing`` where the cache cannot be written."""
        told = self.client.scheduler_info(n_workers=-1)["workers"]
        new = [name for name in told if name not in self.members and name not in self.refused]
        workers, refused = _sorted_out(self._answers(new))
        for name, why in refused.items():
            self._log.warn(f"worker {name} takes no part: {why}")
        self.refused = {n: why for n, why in (self.refused | refused).items() if n in told}
        joined = {name: _member(worker, told[name]) for name, worker in workers.items()}
        self.members = {n: each for n, each in (self.members | joined).items() if n in told}

    def _answers(self, workers: list[str]) -> Mapping[str, Any]:
        if not workers:
            return {}
        with _probe(self._cache) as probe:
            answers: Mapping[str, Any] = self.client.run(
                remote_step.describe,
                str(self._root),
                self.place,
                probe,
                workers=workers,
                on_error="return",
            )
        return answers


@contextlib.contextmanager
def connected(address: str, root: Path, cache: Cache, log: Log) -> Iterator[DaskCluster]:
    """The cluster of the scheduler at ``address``, ``dask://host:8786`` or as Dask writes it.
    ``root`` is the folder of the project, and ``cache`` a place that all machines see.

    Raises ``Missing`` without Dask, for a scheduler that cannot be reached, and for one that has
    no worker with this project, this cache and this neopack; the reason is that of the first.
    """
    client = _client(scheduler_url(address))
    try:
        cluster = DaskCluster(client, root, cache, log)
        cluster.refresh()
        if not cluster.members:
            raise _no_worker(address, cluster.refused)
        yield cluster
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


def _member(worker: RemoteWorker, told: Mapping[str, Any]) -> Member:
    return Member(worker=worker, resources=dict(told["resources"]), threads=int(told["nthreads"]))
