"""Install an environment of exact versions, once: from a lock with hashes, marked at the end."""

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

__all__ = [
    "alone",
    "apart_text",
    "building_text",
    "directory",
    "disk_errors",
    "ensure",
    "fingerprint",
    "home",
    "is_whole",
    "lock_text",
    "remove",
    "renew",
    "stood_in",
]

MARK = "whole"
STOOD_IN = "stood_in.txt"
MB = 1 << 20


def home() -> Path:
    """Return ``NEOPACK_HOME``, or else ``neopack`` in the user's cache directory."""
    path = os.environ.get("NEOPACK_HOME")
    if path:
        return Path(path)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "neopack"


def directory(runtime: Runtime) -> Path:
    return home() / "runtimes" / runtime.environment


def ensure(runtime: Runtime, log: Log, files: Path | None = None) -> Path:
    """Return the path of the runtime's Python; install the environment unless it is complete.
    With ``files``, a folder of wheels and sdists, nothing else is read, and no network is used.

    Raises ``Missing`` if that fails: no uv, no index, no space, no such Python.
    """
    python = directory(runtime) / "bin" / "python"
    if is_whole(runtime):
        return python
    with _alone_at(runtime, log) as lock:
        if not is_whole(runtime):  # another process may have installed it meanwhile
            _make(runtime, lock, log, files)
    return python


def renew(runtime: Runtime, log: Log, files: Path | None = None) -> None:
    """Install the environment again, for one whose files are complete but which does not run."""
    with _alone_at(runtime, log) as lock:
        (directory(runtime) / MARK).unlink(missing_ok=True)
        _make(runtime, lock, log, files)


def is_whole(runtime: Runtime) -> bool:
    """Whether the environment was installed completely, from the current lock file."""
    try:
        found = (directory(runtime) / MARK).read_text()
    except OSError:
        return False
    return found == fingerprint(runtime) and (directory(runtime) / "bin" / "python").exists()


def stood_in(runtime: Runtime) -> tuple[str, ...]:
    """Return the names of CUDA's libraries that are replaced by empty ones there."""
    try:
        return tuple((directory(runtime) / STOOD_IN).read_text().split())
    except OSError:
        return ()


def remove(runtime: Runtime, log: Log) -> bool:
    """Delete the environment. Return False if there was none."""
    place = directory(runtime)
    with _alone_at(runtime, log):
        (place / MARK).unlink(missing_ok=True)  # half deleted is not complete
        if not place.exists():
            return False
        shutil.rmtree(place)
    return True


def lock_text(runtime: Runtime) -> str:
    return _lock(f"{runtime.environment}.txt")


def apart_text(runtime: Runtime) -> str:
    """The lock of the packages that are installed apart; empty where there are none."""
    return _lock(f"{runtime.environment}.apart.txt") if runtime.apart else ""


def _lock(name: str) -> str:
    return resources.files("neopack.runtimes").joinpath("locks", name).read_text("utf-8")


def building_text() -> str:
    """The lock of what builds the packages that come as source."""
    return _lock("building.txt")


def fingerprint(runtime: Runtime) -> str:
    """The digest of all that the environment is made of."""
    text = lock_text(runtime) + (stand_ins.FORM if runtime.stand_ins else "")
    text += apart_text(runtime)
    return hashlib.sha256(text.encode()).hexdigest()


def _make(runtime: Runtime, lock: int, log: Log, files: Path | None) -> None:
    place = directory(runtime)
    _refuse_no_room(runtime, place.parent)
    log.note(f"installing {runtime.environment} into {place}, about {runtime.disk} MB, once")
    failure = f"{runtime.environment} cannot be installed"
    with log.step(f"installing {runtime.environment}"), disk_errors(failure):
        python = interpreter(runtime.python, log)
        venv = ("venv", "--quiet", "--clear", "--python", python, str(place))
        uv(*venv, failure=failure, holding=[lock])
        requirements = place / "lock.txt"
        requirements.write_text(lock_text(runtime))
        # the lock is complete; some packages declare dependencies that it leaves out
        quiet = ("pip", "install", "--quiet", "--require-hashes", "--no-deps", *_only(files))
        building = place / "building.txt"
        building.write_text(building_text())
        to = ("--python", str(place / "bin" / "python"), "--build-constraint", str(building))
        pip = (*quiet, *to, "--requirement")
        uv(*pip, str(requirements), failure=failure, holding=[lock])
        if runtime.apart:
            (place / "apart.txt").write_text(apart_text(runtime))
            apart = (str(place / "apart.txt"), "--target", str(place / "apart"))
            uv(*pip, *apart, failure=failure, holding=[lock])
        if runtime.stand_ins:
            _stand_in(runtime, place)
        (place / MARK).write_text(fingerprint(runtime))


def _only(files: Path | None) -> tuple[str, ...]:
    """The options of uv that have it read ``files`` and nothing else."""
    return ("--offline", "--no-index", "--find-links", str(files)) if files else ()


def _stand_in(runtime: Runtime, place: Path) -> None:
    """Write the stand-ins beside the framework's own libraries, which look there first."""
    (packages,) = place.glob("lib/python*/site-packages")
    names = stand_ins.put(packages, packages / runtime.imports / "lib")
    (place / STOOD_IN).write_text("\n".join(names))


@contextlib.contextmanager
def disk_errors(failure: str) -> Iterator[None]:
    """Turn an error of the disk, such as a full one, into ``Missing``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error)
        hint = "free some space, or set NEOPACK_HOME to another disk"
        raise Missing(f"{failure}: {reason}", hint=hint) from error


def _refuse_no_room(runtime: Runtime, place: Path) -> None:
    free = shutil.disk_usage(place).free // MB
    if free < runtime.disk:
        raise Missing(
            f"{runtime.environment} takes {runtime.disk} MB and {place} has {free} MB left",
            hint="free some space, or set NEOPACK_HOME to another disk",
        )


def _alone_at(runtime: Runtime, log: Log) -> contextlib.AbstractContextManager[int]:
    return alone(directory(runtime), log, f"installs or removes {runtime.environment}")


@contextlib.contextmanager
def alone(place: Path, log: Log, doing: str) -> Iterator[int]:
    """Let one process at a time change ``place``; yield the lock's descriptor. ``doing`` is what
    another does there that is waited for.

    The system frees the lock of a killed process once the uv that it started has ended too.
    """
    path = place.with_name(f"{place.name}.lock")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = path.open("w")
    except OSError as error:
        raise Missing(
            f"{path.parent} cannot hold runtimes: {error.strerror}",
            hint="set NEOPACK_HOME to a directory that you can write to",
        ) from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            log.note(f"waiting for another process that {doing}")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield lock.fileno()
