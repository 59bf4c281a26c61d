"""Make an environment of exact versions, once: locked, by hashes, marked when it is whole."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

from neopack.errors import Missing
from neopack.runtimes import stand_ins
from neopack.runtimes.interpreters import interpreter
from neopack.runtimes.tool import uv

if TYPE_CHECKING:
    from neopack.runtimes import Runtime
    from neopack.values.log import Log

__all__ = ["directory", "ensure", "home", "is_whole", "lock_text", "remove", "renew", "stood_in"]

MARK = "whole"
STOOD_IN = "stood_in.txt"
MB = 1 << 20


def home() -> Path:
    """``NEOPACK_HOME``, else ``neopack`` in the user's cache."""
    given = os.environ.get("NEOPACK_HOME")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neopack"


def directory(runtime: Runtime) -> Path:
    return home() / "runtimes" / runtime.environment


def ensure(runtime: Runtime, log: Log) -> Path:
    """Its Python; the environment is made, or made anew, where it is not whole.

    Raises ``Missing`` where that cannot be done: no uv, no index, no room, no such Python.
    """
    python = directory(runtime) / "bin" / "python"
    if is_whole(runtime):
        return python
    with _alone(runtime, log) as lock:
        if not is_whole(runtime):  # another process may have made it while we waited
            _make(runtime, lock, log)
    return python


def renew(runtime: Runtime, log: Log) -> None:
    """Make it anew, for one that is whole by its files and does not run."""
    with _alone(runtime, log) as lock:
        (directory(runtime) / MARK).unlink(missing_ok=True)
        _make(runtime, lock, log)


def is_whole(runtime: Runtime) -> bool:
    """Whether it was made to its end from the lock file that is in force now."""
    try:
        made_of = (directory(runtime) / MARK).read_text()
    except OSError:
        return False
    return made_of == _fingerprint(runtime) and (directory(runtime) / "bin" / "python").exists()


def stood_in(runtime: Runtime) -> tuple[str, ...]:
    """The libraries that empty ones stand in for, there: CUDA's, where it was built for CUDA."""
    try:
        return tuple((directory(runtime) / STOOD_IN).read_text().split())
    except OSError:
        return ()


def remove(runtime: Runtime, log: Log) -> bool:
    """Delete the environment; False where there was none."""
    place = directory(runtime)
    with _alone(runtime, log):
        (place / MARK).unlink(missing_ok=True)  # half deleted is not whole
        if not place.exists():
            return False
        shutil.rmtree(place)
    return True


def lock_text(runtime: Runtime) -> str:
    file = resources.files("neopack.runtimes").joinpath("locks", f"{runtime.environment}.txt")
    return file.read_text("utf-8")


def _fingerprint(runtime: Runtime) -> str:
    made_of = lock_text(runtime) + (stand_ins.FORM if runtime.stand_ins else "")
    return hashlib.sha256(made_of.encode()).hexdigest()


def _make(runtime: Runtime, lock: int, log: Log) -> None:
    place = directory(runtime)
    _refuse_no_room(runtime, place.parent)
    log.note(f"installing {runtime.environment} into {place}, about {runtime.disk} MB, once")
    what = f"{runtime.environment} cannot be installed"
    with log.step(f"installing {runtime.environment}"), _told(what):
        python = interpreter(runtime.python, log)
        made = ("venv", "--quiet", "--clear", "--python", python, str(place))
        uv(*made, what=what, holding=[lock])
        requirements = place / "lock.txt"
        requirements.write_text(lock_text(runtime))
        into = str(place / "bin" / "python")
        uv(
            # the lock names all that is wanted, and not always all that is asked for
            *("pip", "install", "--quiet", "--require-hashes", "--no-deps", "--python", into),
            *("--requirement", str(requirements)),
            what=what,
            holding=[lock],
        )
        if runtime.stand_ins:
            _stand_in(runtime, place)
        (place / MARK).write_text(_fingerprint(runtime))


def _stand_in(runtime: Runtime, place: Path) -> None:
    """Beside the framework's own libraries, where they look first."""
    (packages,) = place.glob("lib/python*/site-packages")
    names = stand_ins.put(packages, packages / runtime.imports / "lib")
    (place / STOOD_IN).write_text("\n".join(names))


@contextlib.contextmanager
def _told(what: str) -> Iterator[None]:
    """A disk that fills up, or fails, meanwhile."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "make room, or set NEOPACK_HOME to another disk"
        raise Missing(f"{what}: {reason}", hint=hint) from error


def _refuse_no_room(runtime: Runtime, place: Path) -> None:
    free = shutil.disk_usage(place).free // MB
    if free < runtime.disk:
        raise Missing(
            f"{runtime.environment} takes {runtime.disk} MB and {place} has {free} MB left",
            hint="make room, or set NEOPACK_HOME to another disk",
        )


@contextlib.contextmanager
def _alone(runtime: Runtime, log: Log) -> Iterator[int]:
    """One process at a time makes or removes it; the system frees the lock of a killed one, when
    the uv that it started has ended too. Gives the descriptor of the lock."""
    place = directory(runtime)
    path = place.with_name(f"{place.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise Missing(
            f"runtimes cannot be kept in {path.parent}: {error.strerror}",
            hint="set NEOPACK_HOME to a directory of yours",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.note(f"another process is at work on {runtime.environment}: waiting for it")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
