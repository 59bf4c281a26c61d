"""Exact framework versions, each in its own environment: what Neo itself runs.

    with runtimes.worker("mxnet-1.8.0", log=log) as worker:
        answer, arrays = worker.call("predict", {"model": handle}, arrays={"data": x})

An environment is installed on first use, once per user, and shared by processes.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

from neopack import versions
from neopack.errors import EngineFailed, NeopackError, UsageError
from neopack.processes.worker import Worker
from neopack.runtimes import install, warming
from neopack.spelling import did_you_mean
from neopack.values.log import Log, SilentLog

__all__ = [
    "Runtime",
    "Worker",
    "closest",
    "closest_loader",
    "drop_warm",
    "environments",
    "get",
    "is_exact",
    "loaders",
    "names",
    "warm",
    "worker",
]

INSIDE = Path(__file__).parent / "inside"


@dataclass(frozen=True, slots=True, kw_only=True)
class Runtime:
    """A row of ``runtimes.toml``. ``environment`` is the name of its environment (TensorFlow
    1.15.0 shares that of Keras 2.2.4); ``disk`` is in MB. ``without`` are patterns of packages
    that its lock leaves out. ``stand_ins`` says that empty libraries replace NVIDIA's.
    ``compiler`` is what Neo's public loader converts for, in a runtime that has the loader;
    ``apart`` are packages that are installed beside all others."""

    name: str
    framework: str
    version: str
    python: str
    module: str
    imports: str
    environment: str
    disk: int
    requires: tuple[str, ...]
    without: tuple[str, ...] = ()
    stand_ins: bool = False
    compiler: str = ""
    apart: tuple[str, ...] = ()

    @property
    def description(self) -> str:
        """What it is, where that is more than the framework in its name."""
        if not self.compiler:
            return ""
        return f"Neo's public loader 1.0.1 with {self.compiler}, the nearest public build; not Neo"


def names() -> tuple[str, ...]:
    return tuple(_rows())


def loaders() -> tuple[str, ...]:
    """The runtimes that have Neo's public loader."""
    return tuple(name for name, runtime in _rows().items() if runtime.compiler)


def get(name: str) -> Runtime:
    """Return the runtime of that name. Raises ``UsageError`` if there is none."""
    runtime = _rows().get(name)
    if runtime is None:
        hint = did_you_mean(name, names(), "neopack runtimes list shows them")
        raise UsageError(f"no runtime {name!r}", hint=hint)
    return runtime


def environments(names: Iterable[str]) -> tuple[Runtime, ...]:
    """The runtimes that have the environments of those of that name. Raises ``UsageError``."""
    homes = dict.fromkeys(get(name).environment for name in names)
    return tuple(get(home) for home in homes)


def closest(framework: str, version: str) -> Runtime | None:
    """Return the runtime of the version that Neo compiles with, or else the newest older one (a
    newer version of a framework still reads what an older one reads), or else the oldest."""
    return _closest(framework, version, loader=False)


def closest_loader(framework: str, version: str) -> Runtime | None:
    """Return the runtime of Neo's public loader for that framework, as ``closest`` chooses it."""
    return _closest(framework, version, loader=True)


def _closest(framework: str, version: str, *, loader: bool) -> Runtime | None:
    rows = [
        runtime
        for runtime in _rows().values()
        if runtime.framework == framework and bool(runtime.compiler) == loader
    ]
    same = [runtime for runtime in rows if versions.same(runtime.version, version)]
    older = [runtime for runtime in rows if versions.at_most(runtime.version, version)]
    fitting = same or sorted(older, key=_age)[-1:] or sorted(rows, key=_age)[:1]
    return fitting[-1] if fitting else None


def is_exact(runtime: Runtime, version: str) -> bool:
    """Whether the runtime has the version that Neo writes as ``version``: 1.8.1 is 1.8. Of a
    framework without versions there is one runtime."""
    return runtime.version == version or versions.same(runtime.version, version)


def _age(runtime: Runtime) -> tuple[int, ...]:
    return versions.order(runtime.version)


@contextmanager
def worker(
    name: str,
    *,
    log: Log | None = None,
    failure: type[NeopackError] = EngineFailed,
    subject: str = "",
    memory: int | None = None,
) -> Iterator[Worker]:
    """Start a process of that runtime, which is installed first if it is absent.

    ``failure`` is the error to raise for a crash, a hang or garbage, and ``subject`` is its
    ``where``. ``memory`` bounds the process, in bytes (default: the machine's memory). Raises
    ``Missing`` if the runtime cannot be installed.
    """
    runtime = get(name)
    python = install.ensure(get(runtime.environment), log or SilentLog())
    waiting = None if memory else warming.take(runtime.name, failure=failure, subject=subject)
    with waiting or _started(runtime, python, failure, subject, memory) as process:
        yield process


def warm(name: str) -> None:
    """Start a process of that runtime, if it is installed; the next ``worker`` takes it."""
    runtime = get(name)
    environment = get(runtime.environment)
    if install.is_whole(environment):
        python = install.ensure(environment, SilentLog())
        warming.warm(runtime.name, lambda: _started(runtime, python, EngineFailed, "", None))


def drop_warm() -> None:
    """End the processes that were started by ``warm`` and that no ``worker`` took."""
    warming.drop()


def _started(
    runtime: Runtime, python: Path, failure: type[NeopackError], subject: str, memory: int | None
) -> Worker:
    return Worker(
        runtime.name,
        INSIDE / f"for_{runtime.module}.py",
        python,
        INSIDE / "worker.py",
        failure=failure,
        subject=subject,
        memory=memory,
    )


@cache
def _rows() -> dict[str, Runtime]:
    file = resources.files(__name__).joinpath("runtimes.toml")
    rows = tomllib.loads(file.read_text("utf-8"))
    # a TOML key has no dots
    by_name = {key.replace("_", "."): row for key, row in rows.items()}
    return {name: _runtime(name, row, by_name) for name, row in by_name.items()}


def _runtime(name: str, row: dict[str, Any], rows: dict[str, dict[str, Any]]) -> Runtime:
    environment = row.get("shares", name)
    home = rows[environment]
    return Runtime(
        name=name,
        framework=row["framework"],
        version=row["version"],
        python=row["python"],
        module=row["module"],
        imports=row["imports"],
        environment=environment,
        disk=home["disk"],
        requires=tuple(home["requires"]),
        without=tuple(home.get("without", ())),
        stand_ins=home.get("stand_ins", False),
        compiler=row.get("compiler", ""),
        apart=tuple(home.get("apart", ())),
    )
