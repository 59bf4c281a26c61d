"""Workers of a Dask cluster: Dask hands out the steps, does them again elsewhere where a worker
dies, and counts memory and GPUs."""

from __future__ import annotations

import itertools
import queue
import secrets
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from neopack.build.tasks import StepTask
from neopack.build.workers import remote_step
from neopack.build.workers.dask_cluster import DaskCluster
from neopack.build.workers.interface import Done
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
POLL = 1.0


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
        self.done: queue.SimpleQueue[Done] = queue.SimpleQueue()
        self._one_a_host = itertools.cycle(_one_a_host(cluster)) if alone else None
        self.count = len(_one_a_host(cluster)) if alone else sum(cluster.threads.values())
        self._futures: dict[Any, StepTask] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._watch = threading.Thread(target=self._watch_scheduler, daemon=True)
        self._watch.start()

    def submit(self, task: StepTask) -> None:
        if self._cluster.client.status != "running":
            self._finish(task, _gone())
            return
        try:
            future = self._cluster.client.submit(
                self._function,
                to_json(task),
                self._cluster.place,
                key=f"{task.kind}-{task.model.name}-{secrets.token_hex(6)}",
                workers=self._workers(task),
                resources=self._resources(task),
                retries=RETRIES,
                pure=False,
            )
        except NeopackError as error:
            self._finish(task, error)
            return
        with self._lock:
            self._futures[future] = task
        future.add_done_callback(self._came_back)

    def close(self, *, now: bool = False) -> None:
        """What a worker has begun it carries through; nothing is kept of it."""
        self._over.set()
        with self._lock:
            futures = list(self._futures)
            self._futures.clear()
        if futures:
            self._cluster.client.cancel(futures, force=now)

    # --- what comes back

    def _came_back(self, future: Any) -> None:
        with self._lock:
            task = self._futures.pop(future, None)
        if task is None:
            return
        if future.status == "finished":
            try:
                answer = from_json(Done, future.result())
            except Exception as error:  # noqa: BLE001 - whatever crossed the network
                self._finish(task, EngineFailed(f"the answer of its worker: {first_line(error)}"))
                return
            self.done.put(replace(answer, task=task))
            return
        self._finish(task, _failure(future))

    def _finish(self, task: StepTask, error: NeopackError) -> None:
        self.done.put(Done(task=task, answers=lost(task, error), notes=(), seconds=0.0))

    def _watch_scheduler(self) -> None:
        """A scheduler that is gone calls nothing back."""
        while not self._over.wait(POLL):
            if self._cluster.client.status == "running":
                continue
            with self._lock:
                tasks = list(self._futures.values())
                self._futures.clear()
            for task in tasks:
                self._finish(task, _gone())

    # --- where a step may go

    def _workers(self, task: StepTask) -> list[str] | None:
        """The addresses that may carry it out; None for all."""
        if self._one_a_host is not None:
            return [next(self._one_a_host)]
        names = list(self._cluster.workers)
        if task.kind not in ("compile", "compiler"):
            return None if self._cluster.whole else names
        own = remote_step.this_worker().cpu
        alike = [name for name, worker in self._cluster.workers.items() if worker.cpu == own]
        if not alike:
            raise Unsupported(
                f"no worker has the CPU of this machine, and a {task.kind} step is for one",
                hint="start the build on a machine like the workers",
            )
        return alike

    def _resources(self, task: StepTask) -> dict[str, float] | None:
        """Only of the kinds that workers declare: a step that needs others would wait for ever."""
        declared = self._cluster.resources.values()
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


def _one_a_host(cluster: DaskCluster) -> list[str]:
    own = remote_step.this_worker().cpu
    hosts = {worker.host: name for name, worker in cluster.workers.items() if worker.cpu == own}
    return list(hosts.values())


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


def _failure(future: Any) -> NeopackError:
    if future.status == "cancelled":
        return Missing("the scheduler gave it up", hint="build again: it goes on")
    error = future.exception()
    if type(error).__name__ == "KilledWorker":
        return EngineFailed("ended each worker that tried it", hint="it may need more memory")
    return EngineFailed(f"failed on its worker: {first_line(error)}")
