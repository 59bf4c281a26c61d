"""What ``neopack build --scheduler`` costs beside the steps themselves, on this machine.

    python benchmarks/dask_build.py --models 1000 --targets 20 --workers 2

A scheduler and workers of Dask start here, and carry out steps that do nothing: first alone, as
messages, then as a build does them, with the cache's look-ups. Printed are the time of a step, the
bytes of its message, and how often the building machine asks the cache for each target.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from neopack import facts
from neopack.build.cache import Cache
from neopack.build.chain import Chain, Sources
from neopack.build.digests import Digests
from neopack.build.remote import RemoteStore
from neopack.build.running import Run
from neopack.build.store import FolderStore
from neopack.build.tasks import StepAnswer, StepTask
from neopack.build.workers.dask_cluster import DaskCluster, connected
from neopack.build.workers.dask_workers import DaskWorkers
from neopack.build.workers.interface import Done
from neopack.formats.codec import from_json, to_json
from neopack.project.model_settings import ModelSettings
from neopack.project.models import BuiltModel
from neopack.project.settings import ProjectSettings
from neopack.values.json import AnyJson
from neopack.values.log import SilentLog
from neopack.values.reads import Reads

# what later steps need to know of an archive
VALUE = {
    "framework": "XGBOOST",
    "framework_version": "1.3.3",
    "content_sha256": "",
    "goldens_sha256": "",
    "signature": [],
    "random": [],
}


def nothing(data: AnyJson, place: str) -> AnyJson:
    """A step that is done at once, without the cache at ``place``."""
    del place
    task = from_json(StepTask, data)
    answers = tuple(
        StepAnswer(target=target, value={**VALUE, "sha256": task.model.name}, reads=Reads())
        for target in task.targets
    )
    return to_json(Done(task=task, answers=answers, notes=(), seconds=0.0))


class CountingStore(FolderStore):
    """A cache that counts what is asked of it, and that is ``round_trip`` seconds away."""

    def __init__(self, folder: Path, round_trip: float) -> None:
        super().__init__(folder)
        self.at_once = RemoteStore.at_once if round_trip else 1
        self.asked: Counter[str] = Counter()
        self._round_trip = round_trip

    def read(self, name: str) -> bytes | None:
        self._wait("read")
        return super().read(name)

    def write(self, name: str, data: bytes) -> None:
        self._wait("write")
        super().write(name, data)

    def remove(self, name: str) -> None:
        self._wait("remove")
        super().remove(name)

    def _wait(self, kind: str) -> None:
        self.asked[kind] += 1
        time.sleep(self._round_trip)


@contextmanager
def cluster(folder: Path, workers: int) -> Iterator[str]:
    """The address of a scheduler with so many workers."""
    file = folder / "scheduler.json"
    commands: list[tuple[str, ...]] = [("scheduler", "--port", "0", "--host", "127.0.0.1")]
    commands += [("worker", "--no-nanny", "--nthreads", "1")] * workers
    ending = ("--no-dashboard", "--scheduler-file", str(file))
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", f"distributed.cli.dask_{kind}", *words, *ending],
            stderr=subprocess.DEVNULL,
            cwd=Path(__file__).parent,  # where workers find this module
        )
        for kind, *words in commands
    ]
    try:
        while not file.is_file() or not file.stat().st_size:
            time.sleep(0.1)
        time.sleep(3)
        yield json.loads(file.read_text())["address"]
    finally:
        for process in processes:
            process.kill()


def messages(cluster: DaskCluster, tasks: list[StepTask]) -> float:
    """Seconds for ``tasks``, all submitted at once."""
    workers = DaskWorkers(cluster, function=nothing)
    start = time.monotonic()
    for task in tasks:
        workers.submit(task)
    for _ in tasks:
        workers.events.get()
    workers.close()
    return time.monotonic() - start


def chains(root: Path, cache: Cache, models: int, targets: list[str]) -> list[Chain]:
    """Models that are packaged and proven, and differ in their seed alone."""
    sources = Sources(root=root, digests=Digests(), cache=cache)
    (root / "trees.json").write_text("{}")
    settings = ModelSettings(source="trees.json", verify="framework")
    built = [
        BuiltModel(settings=replace(settings, name=f"trees-{n}", seed=n), targets=tuple(targets))
        for n in range(models)
    ]
    return [
        Chain(model, target, sources, root, check_only=False)
        for model in built
        for target in model.targets
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=int, default=1000)
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--round-trip", type=float, default=0, help="seconds, to the cache")
    options = parser.parse_args()
    targets = [each.name for each in facts.targets()][: options.targets]
    with tempfile.TemporaryDirectory() as name, cluster(Path(name), options.workers) as address:
        root, store = Path(name, "project"), CountingStore(Path(name, "cache"), options.round_trip)
        root.mkdir()
        with connected(address, root, Cache(store), SilentLog()) as dask:
            measure(dask, root, store, options.models, targets)


def measure(
    dask: DaskCluster, root: Path, store: CountingStore, models: int, targets: list[str]
) -> None:
    start = time.monotonic()
    graph = chains(root, Cache(store), models, targets)
    Cache(store).for_each(graph, lambda chain: chain.look_up({}))
    print(f"look-up     {len(graph)} targets, {per(start, len(graph))} each")
    print(f"            {store.asked['read'] / len(graph):.1f} reads of the cache each")
    store.asked.clear()

    task = StepTask(
        kind="framework", model=graph[0].settings, targets=("ml_c5",), root=str(root),
        folder=str(root), keys={"ml_c5": dict(graph[0].static.parts)},
    )  # fmt: skip
    messages(dask, [task] * 100)  # the workers import this module
    seconds = messages(dask, [task] * models)
    size = len(json.dumps(to_json(task)))
    print(f"messages    {models} steps, {seconds / models * 1e3:.2f} ms each, {size} bytes each")

    run = Run(graph, graph[0].sources, ProjectSettings(), {}, keep_going=True, show=lambda _: None)
    start = time.monotonic()
    run.carry_out(lambda *, alone: DaskWorkers(dask, alone=alone, function=nothing))
    steps = sum(step.done for chain in graph for step in chain.steps.values())
    print(f"build       {steps} steps, {per(start, steps)} each")
    asked = [f"{count / len(graph):.1f} {kind}s" for kind, count in store.asked.items()]
    print(f"            {', '.join(asked)} of the cache a target")


def per(start: float, count: int) -> str:
    seconds = time.monotonic() - start
    return f"{seconds:.1f} s, {seconds / count * 1e3:.2f} ms"


if __name__ == "__main__":
    main()
