"""The worker's side of a build on a Dask cluster: carry out a step of a project that lies here
too, with files from the cache and into it.

The worker looks the step up as the machine that builds does. Where its key is another one, the
worker has other sources, packages or another CPU, and what it made would be kept under a key that
is not its own: it refuses, and names what differs.
"""

from __future__ import annotations

import os
import socket
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from neopack import __version__
from neopack.build.cache import Cache, CachedFile, blob_name, cached_file
from neopack.build.chain import Chain, Sources
from neopack.build.digests import Digests, own_folder
from neopack.build.keys import Key, neopack_digest
from neopack.build.store import open_store
from neopack.build.tasks import StepAnswer, StepKind, StepTask
from neopack.build.workers.interface import Done
from neopack.build.workers.step_process import StepProcess, lost
from neopack.errors import Missing, NeopackError, SourceError
from neopack.formats.codec import from_json, to_json
from neopack.outputs.staging import staging_directory
from neopack.project.models import BuiltModel
from neopack.runtimes import this_cpu
from neopack.values.json import AnyJson

__all__ = ["PROJECT", "RemoteWorker", "carry_out", "describe", "this_worker"]

# where the project lies on a worker, if it is elsewhere than on the machine that builds
PROJECT = "NEOPACK_PROJECT"
# one step is measured at a time in a process, and nothing beside it
_measuring = threading.Lock()
_mine = threading.local()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteWorker:
    """What decides whether a worker can take part."""

    host: str
    neopack: str
    neopack_digest: str
    python: str
    cpu: str
    sees_project: bool = True
    sees_cache: bool = True


def describe(root: str, place: str, probe: str) -> AnyJson:
    """This worker, as JSON; ``probe`` is the name of a file that the machine that builds has put
    into the cache at ``place``."""
    try:
        sees_cache = open_store(place).read(probe) is not None
    except (OSError, NeopackError):
        sees_cache = False
    sees_project = _root(root).is_dir()
    return to_json(replace(this_worker(), sees_project=sees_project, sees_cache=sees_cache))


def this_worker() -> RemoteWorker:
    return RemoteWorker(
        host=socket.gethostname(),
        neopack=__version__,
        neopack_digest=neopack_digest(_digests()),
        python=f"{sys.version_info[0]}.{sys.version_info[1]}",
        cpu=this_cpu.identity(),
    )


def carry_out(data: AnyJson, place: str) -> AnyJson:
    """Carry out the ``StepTask`` of ``data`` with the cache at ``place``; a ``Done``, both as
    JSON. Raises ``OSError`` for a cache that fails: another worker may do better."""
    task = from_json(StepTask, data)
    root = _root(task.root)
    try:
        if not root.is_dir():
            raise Missing(
                f"worker {socket.gethostname()} lacks the project",
                where=str(root),
                hint=f"set {PROJECT} to its folder there",
            )
        digests = _digests(own_folder(root / task.outputs, root))
        sources = Sources(root=root, digests=digests, cache=Cache(open_store(place)))
        with staging_directory() as work:
            done = _carried_out(task, sources, work)
            kept = tuple(_kept(answer, sources.cache) for answer in done.answers)
    except NeopackError as error:
        done = Done(task=task, answers=lost(task, error), notes=(), seconds=0.0)
        kept = done.answers
    return to_json(replace(done, answers=kept, task=task))


def _carried_out(task: StepTask, sources: Sources, work: Path) -> Done:
    chains = [_chain(task, target, sources, work) for target in task.targets]
    own = replace(_placed(task, chains[0]), root=str(sources.root))
    if task.kind != "bench":
        return _process().carry_out(own)
    with _measuring:
        return _process().carry_out(own)


def _chain(task: StepTask, target: str, sources: Sources, work: Path) -> Chain:
    """The chain of ``target`` as it is seen from here, up to the step of ``task``."""
    model = BuiltModel(settings=task.model, targets=task.targets)
    chain = Chain(model, target, sources, work, check_only=False)
    _refuse_difference(chain.static, task.keys[target] if task.kind == "package" else None)
    if task.kind != "package":
        chain.look_up({})
        key = chain.steps[task.kind].key
        if key is None:
            raise SourceError("its archive is not what the project makes here", hint=_hint())
        _refuse_difference(key, task.keys[target])
    return chain


def _refuse_difference(own: Key, expected: Mapping[str, str] | None) -> None:
    changes = own.changes(expected) if expected is not None else ()
    if changes:
        message = f"worker {socket.gethostname()} has another {' and '.join(changes[:3])}"
        raise SourceError(message, hint=_hint())


def _hint() -> str:
    return "give all workers the same checkout, packages and CPU as the machine that builds"


def _placed(task: StepTask, chain: Chain) -> StepTask:
    """With the folder where the step works, and what it works on in it."""
    if task.kind == "package":
        return replace(task, folder=str(chain.folder.parent))
    needs: tuple[StepKind, ...] = ("package", "compile") if task.kind == "bench" else ("package",)
    for kind in needs:
        if not chain.have_files(kind):
            raise Missing("the cache lost its files", where=chain.name, hint="build again")
    files = {use: str(path) for step in chain.steps.values() for use, path in step.files.items()}
    return replace(
        task,
        folder=str(chain.folder),
        archive=files["archive"],
        artifact=files.get("artifact", ""),
    )


def _kept(answer: StepAnswer, cache: Cache) -> StepAnswer:
    """With its files in the cache."""
    cached: dict[str, CachedFile] = {}
    for use, name in answer.files.items():
        file = cached_file(Path(name))
        cache.store.put(blob_name(file.sha256), Path(name))
        cached[use] = file
    return replace(answer, files={}, cached=cached)


def _root(root: str) -> Path:
    return Path(os.environ.get(PROJECT) or root)


@cache
def _digests(outputs: Path | None = None) -> Digests:
    """Those of this process: a file that did not change is read once."""
    return Digests(outputs=outputs)


def _process() -> StepProcess:
    """That of this thread, which stays warm."""
    if not hasattr(_mine, "process"):
        _mine.process = StepProcess({})
    process: StepProcess = _mine.process
    return process
