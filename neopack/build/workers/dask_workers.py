"""Workers of a Dask cluster: Dask hands out the steps, does them again elsewhere where a worker
dies, and counts memory and GPUs."""

from __future__ import annotations

import contextlib
import itertools
import queue
import secrets
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from neopack.build.tasks import StepTask
from neopack.build.workers import remote_step
from neopack.build.workers.dask_cluster import DaskCluster, Member
from neopack.build.workers.interface import Begun, Done
from neopack.build.workers.local import MEMORY
from neopack.build.workers.step_process import lost
from neopack.errors import EngineFailed, Missing, NeopackError, Unsupported, first_line
from neopack.formats.codec import from_json, to_json
from neopack.values.json import AnyJson

__all__ = ["DaskWorkers"]

# what a step needs of a worker, as `dask worker --resources` names it
MEMORY_RESOURCE, GPU_RESOURCE = "memory", "gpu"
# an export holds its weights about so many times
COPIES = 4
RETRIES = 2
# seconds between two looks at the cluster, and until a step without a worker is given up: a nanny
# starts another worker within a few
POLL = 2.0
PATIENCE = 60.0


@dataclass(slots=True)
class _Sent:
    """A step that is with the scheduler. ``places`` are the addresses where it may go, None for
    all, and ``resources`` what it needs there; ``waits`` is since when there is no such worker, in
    seconds."""

    task: StepTask
    places: list[str] | None
    resources: dict[str, float] | None
    waits: float | None = None

    def may_go(self, members: Mapping[str, Member]) -> bool:
        names = members if self.places is None else self.places
        return any(name in members and self._fits(members[name]) for name in names)

    def _fits(self, member: Member) -> bool:
        needs = self.resources or {}
        return all(member.resources.get(name, 0) >= most for name, most in needs.items())


class DaskWorkers:
    """``alone`` gives each machine one step at a time: it is measured. ``function`` is what a
    worker calls with a step and the place of the cache."""

    remote = True

    def __init__(
        self,
        cluster: DaskCluster,
        *,
        alone: bool = False,
        function: Callable[[AnyJson, str], AnyJson] = remote_step.carry_out,
    ) -> None:
        self._cluster, self._function = cluster, function
        self.events: queue.SimpleQueue[Begun | Done] = queue.SimpleQueue()
        self._turns = itertools.count() if alone else None
        threads = sum(member.threads for member in cluster.members.values())
        self.count = max(1, len(self._one_a_host())) if alone else threads
        self._sent: dict[Any, _Sent] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_cluster, daemon=True)
        self._watch.start()

    def submit(self, task: StepTask) -> None:
        if self._cluster.client.status != "running":
            self._finish(task, _gone())
            return
        try:
            sent = self._to_send(task)
            future = self._cluster.client.submit(
                self._function,
                to_json(task),
                self._cluster.place,
                key=f"{task.kind}-{task.model.name}-{secrets.token_hex(6)}",
                workers=sent.places,
                resources=sent.resources,
                retries=RETRIES,
                pure=False,
            )
        except NeopackError as error:
            self._finish(task, error)
            return
        with self._lock:
            self._sent[future] = sent
        future.add_done_callback(self._came_back)

    def close(self, *, now: bool = False) -> None:
        """What a worker has begun it carries through; nothing is kept of it."""
        self._over.set()
        with self._lock:
            futures = list(self._sent)
            self._sent.clear()
        if futures:
            self._cluster.client.cancel(futures, force=now)

    # --- what comes back

    def _came_back(self, future: Any) -> None:
        with self._lock:
            sent = self._sent.pop(future, None)
        if sent is None:
            return
        if future.status == "finished":
            try:
                answer = from_json(Done, future.result())
            except Exception as error:  # noqa: BLE001 - whatever crossed the network
                message = f"the answer of its worker: {first_line(error)}"
                self._finish(sent.task, EngineFailed(message))
                return
            self.events.put(replace(answer, task=sent.task))
            return
        self._finish(sent.task, _failure(future))

    def _finish(self, task: StepTask, error: NeopackError) -> None:
        self.events.put(Done(task=task, answers=lost(task, error), notes=(), seconds=0.0))

    # --- what does not come back by itself

    def _watch_cluster(self) -> None:
        """A scheduler that is gone calls nothing back, and one that lost the workers where a step
        may go waits for them."""
        while not self._over.wait(POLL):
            with contextlib.suppress(Exception):  # whatever failed, the next look tells
                self._cluster.refresh()
            if self._cluster.client.status != "running":
                self._give_up(list(self._sent), _gone())
            else:
                self._place_again()

    def _place_again(self) -> None:
        for future, sent in self._stranded():
            if self._can_go(sent.task):
                if self._take_back(future):
                    future.cancel()
                    self.submit(sent.task)
            elif sent.waits is None:
                sent.waits = time.monotonic()
            elif time.monotonic() - sent.waits > PATIENCE:
                self._give_up([future], _no_worker_left())

    def _stranded(self) -> list[tuple[Any, _Sent]]:
        members = self._cluster.members
        with self._lock:
            return [each for each in self._sent.items() if not each[1].may_go(members)]

    def _can_go(self, task: StepTask) -> bool:
        try:
            return self._to_send(task).may_go(self._cluster.members)
        except NeopackError:
            return False

    def _take_back(self, future: Any) -> bool:
        """Whether it is still out."""
        with self._lock:
            return self._sent.pop(future, None) is not None

    def _give_up(self, futures: list[Any], error: NeopackError) -> None:
        with self._lock:
            given_up = [sent for each in futures if (sent := self._sent.pop(each, None))]
        for sent in given_up:
            self._finish(sent.task, error)

    # --- where a step may go

    def _to_send(self, task: StepTask) -> _Sent:
        places, members = self._places(task), self._cluster.members
        declared = [members[name].resources for name in places or members if name in members]
        return _Sent(task, places, _resources(task, declared))

    def _places(self, task: StepTask) -> list[str] | None:
        """The addresses of the workers that may carry it out; None for all."""
        if not self._cluster.members:
            raise _no_worker_left()
        if self._turns is None and task.kind not in ("compile", "compiler"):
            return None if self._cluster.whole else list(self._cluster.members)
        places = list(self._alike()) if self._turns is None else self._one_a_host()
        if not places:
            raise Unsupported(
                f"no worker has the CPU of this machine, and a {task.kind} step is for one",
                hint="start the build on a machine like the workers",
            )
        return places if self._turns is None else [places[next(self._turns) % len(places)]]

    def _one_a_host(self) -> list[str]:
        """The first of each machine: which one that is does not change while it is there."""
        hosts: dict[str, str] = {}
        for name, member in self._alike().items():
            hosts.setdefault(member.worker.host, name)
        return list(hosts.values())

    def _alike(self) -> dict[str, Member]:
        own, members = remote_step.this_worker().cpu, self._cluster.members
        return {name: each for name, each in members.items() if each.worker.cpu == own}


def _resources(task: StepTask, declared: Sequence[Mapping[str, float]]) -> dict[str, float] | None:
    """Only of the kinds that workers declare: a step that needs others would wait for ever."""
    needs = {}
    most = max((each.get(MEMORY_RESOURCE, 0) for each in declared), default=0)
    if most:
        needs[MEMORY_RESOURCE] = float(min(_memory(task), most))
    if _needs_gpu(task):
        if not any(each.get(GPU_RESOURCE) for each in declared):
            hint = f"start one with --resources {GPU_RESOURCE}=1"
            raise Unsupported("no worker has a GPU", hint=hint)
        needs[GPU_RESOURCE] = 1.0
    return needs or None


def _memory(task: StepTask) -> int:
    """Bytes."""
    return MEMORY + COPIES * sum(path.stat().st_size for path in _files(task) if path.is_file())


def _files(task: StepTask) -> Iterator[Path]:
    root = Path(task.root)
    yield root / task.model.source
    if task.model.weights:
        yield root / task.model.weights


def _needs_gpu(task: StepTask) -> bool:
    compiled = task.model.compile
    gpu = compiled is not None and (compiled.engine or "").endswith("-gpu")
    return gpu and task.kind in ("compile", "bench")


def _gone() -> NeopackError:
    return Missing("the scheduler is gone", hint="build again: it goes on")


def _no_worker_left() -> NeopackError:
    hint = "start workers and build again: it goes on"
    return Missing("no worker is left that can carry it out", hint=hint)


def _failure(future: Any) -> NeopackError:
    if future.status == "cancelled":
        return Missing("the scheduler gave it up", hint="build again: it goes on")
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return EngineFailed("ended each worker that tried it", hint="it may need more memory")
    return EngineFailed(f"failed on its worker: {first_line(error)}")
