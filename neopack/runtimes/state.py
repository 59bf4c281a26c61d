"""How the runtimes of this user are: there or not, and, when asked, whether they really run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

from neopack import runtimes
from neopack.errors import NeopackError
from neopack.runtimes import Runtime, install

__all__ = ["RuntimeState", "State", "examined", "state"]

State: TypeAlias = Literal["absent", "installed", "works", "broken"]
STARTS_WITHIN = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeState:
    """``disk`` in MB is what it takes, installed or not; ``reports`` what it said of itself."""

    name: str
    version: str
    python: str
    state: State
    path: Path
    disk: int
    reports: str = ""


def state(runtime: Runtime) -> RuntimeState:
    """By its files alone; nothing is started."""
    place = install.directory(runtime)
    there: State = "installed" if install.is_whole(runtime) else "absent"
    return _of(runtime, "broken" if there == "absent" and place.exists() else there)


def examined(runtime: Runtime) -> RuntimeState:
    """As ``state``, and one that is installed is started and asked for its versions."""
    seen = state(runtime)
    if seen.state != "installed":
        return seen
    try:
        with runtimes.worker(runtime.name) as worker:
            versions, _ = worker.call("versions", timeout=STARTS_WITHIN)
    except NeopackError as error:
        return _of(runtime, "broken", error.line())
    said = ", ".join(f"{name} {version}" for name, version in versions.items())
    right = versions.get(runtime.imports) == runtime.version
    if install.stood_in(runtime):
        said += ", without CUDA"
    return _of(runtime, "works" if right else "broken", said)


def _of(runtime: Runtime, seen: State, reports: str = "") -> RuntimeState:
    return RuntimeState(
        name=runtime.name,
        version=runtime.version,
        python=runtime.python,
        state=seen,
        path=install.directory(runtime),
        disk=runtime.disk,
        reports=reports,
    )
