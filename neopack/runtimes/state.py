"""The state of this user's runtimes: installed or not, and, on request, whether they run."""

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
    """``disk`` is its size in MB, installed or not; ``reports`` has the versions it reported.
    ``description`` says what it is, where that is more than the framework in its name."""

    name: str
    version: str
    python: str
    state: State
    path: Path
    disk: int
    reports: str = ""
    description: str = ""


def state(runtime: Runtime) -> RuntimeState:
    """Return the state according to the files; nothing is started."""
    place = install.directory(runtime)
    there: State = "installed" if install.is_whole(runtime) else "absent"
    return _of(runtime, "broken" if there == "absent" and place.exists() else there)


def examined(runtime: Runtime) -> RuntimeState:
    """Return the state; start an installed runtime and ask for its versions."""
    by_files = state(runtime)
    if by_files.state != "installed":
        return by_files
    try:
        with runtimes.worker(runtime.name) as worker:
            versions, _ = worker.call("versions", timeout=STARTS_WITHIN)
    except NeopackError as error:
        return _of(runtime, "broken", error.line())
    reports = ", ".join(f"{name} {version}" for name, version in versions.items())
    right = versions.get(runtime.imports) == runtime.version
    if install.stood_in(runtime):
        reports += ", without CUDA"
    return _of(runtime, "works" if right else "broken", reports)


def _of(runtime: Runtime, state: State, reports: str = "") -> RuntimeState:
    return RuntimeState(
        name=runtime.name,
        version=runtime.version,
        python=runtime.python,
        state=state,
        path=install.directory(runtime),
        disk=runtime.disk,
        reports=reports,
        description=runtime.description,
    )
