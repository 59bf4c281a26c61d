"""``neopack build --scheduler``: a real scheduler of Dask and three worker processes.

Trees are packaged, since that needs no framework.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest

from neopack import api
from neopack.build.cache import Cache
from neopack.build.options import BuildOptions
from neopack.build.results import BuildResult
from neopack.build.store import FolderStore
from neopack.build.tasks import StepAnswer, StepTask
from neopack.build.workers import dask_cluster
from neopack.build.workers.dask_cluster import connected
from neopack.build.workers.dask_workers import DaskWorkers
from neopack.build.workers.interface import Done
from neopack.errors import Missing, UsageError
from neopack.formats.codec import from_json, to_json
from neopack.project.model_settings import ModelSettings
from neopack.values.json import AnyJson
from neopack.values.log import SilentLog

ROOT = Path(__file__).parents[2]
TOML = """
targets = ["ml_c5", "linux/arm64"]

[[model]]
name = "trees-${n}"
source = "trees-${n}.json"
matrix = { n = [1, 2] }
compile = { targets = ["ml_c5"], engine = "onnxruntime" }
bench = { seconds = 0.1 }
"""
SLOW = """
[[model]]
name = "slow"
source = "slow.py:booster"
targets = ["ml_c5"]
"""
# the first worker that comes here stays until it is killed
SLOW_SOURCE = """
import os
import time
from pathlib import Path

import xgboost


def booster():
    marker = Path({marker!r})
    if not marker.exists():
        marker.write_text(str(os.getpid()))
        time.sleep(600)
    model = xgboost.Booster()
    model.load_model("trees-1.json")
    return model
"""


@dataclass
class Cluster:
    """Processes of Dask, which find each other by a file in ``folder``."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)

    def start(self, kind: str, *words: str) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--no-dashboard", *words]
        with (self.folder / f"{len(self.processes)}.log").open("wb") as log:
            process = subprocess.Popen(
                [*command, "--scheduler-file", str(self.folder / "scheduler.json")],
                cwd=self.folder,
                stdout=log,
                stderr=log,
            )
        self.processes.append(process)
        return process

    def address(self) -> str:
        """That of the scheduler, once three workers have come."""
        from distributed import Client

        path = self.folder / "scheduler.json"
        for _ in range(600):
            if path.is_file() and path.stat().st_size:
                break
            time.sleep(0.1)
        address: str = json.loads(path.read_text())["address"]
        with Client(address, set_as_default=False) as client:
            client.wait_for_workers(3, timeout=60)
        return address.replace("tcp://", "dask://")


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    cluster = Cluster(tmp_path_factory.mktemp("cluster"))
    cluster.start("scheduler", "--port", "0", "--host", "127.0.0.1")
    for _ in range(3):
        cluster.start("worker", "--no-nanny", "--nthreads", "1", "--resources", "memory=4e9")
    yield cluster
    for process in cluster.processes:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> str:
    return cluster.address()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "neopack.toml").write_text(TOML)
    for n in (1, 2):
        shutil.copy(ROOT / "fixtures/xgboost/logistic-1.3.3.json", folder / f"trees-{n}.json")
    return folder


def built(project: Path, cache: str, **options: object) -> BuildResult:
    place = cache if "://" in cache else str(project.parent / cache)
    choices = BuildOptions(cache=place, **options)  # type: ignore[arg-type]
    return api.build(project, options=choices)


def archives(result: BuildResult) -> dict[str, str]:
    assert result.exit_code == 0, [row.failures for row in result.rows]
    return {f"{row.model} {row.target}": row.sha256 for row in result.rows}


def test_a_cluster_builds_what_one_machine_builds(project: Path, address: str) -> None:
    there = built(project, "there", scheduler=address)
    assert {row.state for row in there.rows} == {"made"}
    again = built(project, "there", scheduler=address)
    assert {row.state for row in again.rows} == {"up to date"}
    shutil.rmtree(project / "build")
    assert archives(built(project, "here")) == archives(there)


def test_a_worker_that_is_killed_loses_nothing(
    project: Path, address: str, cluster: Cluster, tmp_path: Path
) -> None:
    marker = tmp_path / "marker"
    (project / "slow.py").write_text(SLOW_SOURCE.format(marker=str(marker)))
    (project / "neopack.toml").write_text(TOML + SLOW)
    command = [sys.executable, "-m", "neopack", "build", "--cache", str(tmp_path / "cache")]
    with subprocess.Popen([*command, "--scheduler", address, "-q"], cwd=project) as build:
        while not (marker.is_file() and marker.read_text()):
            assert build.poll() is None
            time.sleep(0.1)
        busy = psutil.Process(int(marker.read_text()))
        workers = {process.pid for process in cluster.processes[1:]}
        (worker,) = (each for each in busy.parents() if each.pid in workers)
        worker.kill()
        assert build.wait(300) == 0
    names = {path.name for path in (project / "build/ml_c5").glob("*.tar.gz")}
    assert {"slow.tar.gz", "trees-1.tar.gz", "trees-2.tar.gz"} <= names
    busy.wait(60)  # nothing of the worker outlives it


def test_a_step_for_one_worker_moves_when_that_is_killed(
    project: Path, address: str, cluster: Cluster, tmp_path: Path
) -> None:
    """A step that is measured may go to one worker of a machine alone."""
    marker = tmp_path / "marker"

    def wait_until_killed(data: AnyJson, place: str) -> AnyJson:
        del place
        if not marker.exists():
            marker.write_text(str(os.getpid()))
            time.sleep(600)
        task = from_json(StepTask, data)
        answers = tuple(StepAnswer(target=target) for target in task.targets)
        return to_json(Done(task=task, answers=answers, notes=(), seconds=0.0))

    task = StepTask(
        kind="bench", model=ModelSettings(name="x"), targets=("ml_c5",), root=str(project),
        folder=str(project), keys={"ml_c5": {}},
    )  # fmt: skip
    cache = Cache(FolderStore(tmp_path / "cache"))
    with connected(address, project, cache, SilentLog()) as dask:
        workers = DaskWorkers(dask, alone=True, function=wait_until_killed)
        workers.submit(task)
        while not (marker.is_file() and marker.read_text()):
            assert workers.events.empty(), workers.events.get()
            time.sleep(0.1)
        psutil.Process(int(marker.read_text())).kill()
        done = workers.events.get(timeout=60)
        assert isinstance(done, Done)
        workers.close()
    assert [answer.failure for answer in done.answers] == [None]


def test_a_worker_with_other_sources_refuses(
    project: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine that builds looks at a file that changes before a worker does."""
    submit = DaskWorkers.submit

    def later(workers: DaskWorkers, task: StepTask) -> None:
        (project / "trees-1.json").write_text("{}")
        submit(workers, task)

    monkeypatch.setattr(DaskWorkers, "submit", later)
    rows = built(project, "cache", scheduler=address, names=("trees-1",)).rows
    failures = [failure.line() for row in rows for failure in row.failures]
    assert all("has another source" in line for line in failures)
    assert len(failures) == len(rows)


def test_a_cluster_that_cannot_build(
    project: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dask_cluster, "SECONDS", 2)
    with pytest.raises(UsageError, match="is not the address of a Dask scheduler"):
        built(project, "cache", scheduler="nonsense")
    with pytest.raises(Missing, match="does not answer"):
        built(project, "cache", scheduler="dask://127.0.0.1:1")
    with pytest.raises(Missing, match="it does not see the cache"):
        built(project, "memory://cache/x", scheduler=address)
