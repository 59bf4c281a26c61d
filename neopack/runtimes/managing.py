"""List, install, examine and remove the runtimes of this user."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path

from neopack import runtimes
from neopack.runtimes import Runtime, install
from neopack.runtimes.bundles.reading import names_in
from neopack.runtimes.bundles.unpacking import unpacked
from neopack.runtimes.bundles.writing import write_bundle
from neopack.runtimes.state import RuntimeState, examined, state
from neopack.values.log import Log

__all__ = ["doctor", "install_runtimes", "remove_runtimes", "states", "write_bundle"]


def states(names: Sequence[str] = ()) -> tuple[RuntimeState, ...]:
    """What their files say; nothing is started. All runtimes where ``names`` is empty."""
    return tuple(state(runtime) for runtime in _named(names))


def doctor(names: Sequence[str] = ()) -> tuple[RuntimeState, ...]:
    """Start each installed runtime and ask it for its versions."""
    return tuple(examined(runtime) for runtime in _named(names))


def install_runtimes(
    names: Sequence[str], log: Log, bundle: Path | None = None
) -> tuple[RuntimeState, ...]:
    """Install what is absent and install again what does not run. With a ``bundle`` nothing but
    its files is read, and ``names`` is all that it has by default.

    Raises ``UsageError`` for an unknown name before anything is installed, ``Missing`` where a
    runtime cannot be had, and what ``take_out`` does for a bundle.
    """
    chosen = [runtimes.get(name) for name in names or (names_in(bundle) if bundle else ())]
    if bundle is None:
        return tuple(_installed(runtime, log, None) for runtime in chosen)
    wanting = [each.name for each in chosen if examined(each).state != "works"]
    with contextlib.ExitStack() as stack:
        files = stack.enter_context(unpacked(bundle, wanting, log)) if wanting else None
        return tuple(_installed(runtime, log, files) for runtime in chosen)


def _installed(runtime: Runtime, log: Log, files: Path | None) -> RuntimeState:
    home = runtimes.get(runtime.environment)
    install.ensure(home, log, files)
    current = examined(runtime)
    if current.state == "broken":
        log.note(f"{runtime.name} does not run: {current.reports}")
        install.renew(home, log, files)
        current = examined(runtime)
    return current


def remove_runtimes(names: Sequence[str], log: Log) -> tuple[RuntimeState, ...]:
    """Delete their environments."""
    chosen = [runtimes.get(name) for name in names]
    for runtime in chosen:
        if not install.remove(runtime, log):
            log.note(f"{runtime.environment} was not installed")
    return tuple(state(runtime) for runtime in chosen)


def _named(names: Sequence[str]) -> list[Runtime]:
    return [runtimes.get(name) for name in names or runtimes.names()]
