"""List, install, examine and remove the runtimes of this user."""

from __future__ import annotations

from collections.abc import Sequence

from neopack import runtimes
from neopack.runtimes import Runtime, install
from neopack.runtimes.state import RuntimeState, examined, state
from neopack.values.log import Log

__all__ = ["doctor", "install_runtimes", "remove_runtimes", "states"]


def states(names: Sequence[str] = ()) -> tuple[RuntimeState, ...]:
    """What their files say; nothing is started. All runtimes where ``names`` is empty."""
    return tuple(state(runtime) for runtime in _named(names))


def doctor(names: Sequence[str] = ()) -> tuple[RuntimeState, ...]:
    """Start each installed runtime and ask it for its versions."""
    return tuple(examined(runtime) for runtime in _named(names))


def install_runtimes(names: Sequence[str], log: Log) -> tuple[RuntimeState, ...]:
    """Install what is absent and install again what does not run. Raises ``UsageError`` for an
    unknown name before anything is installed, ``Missing`` where a runtime cannot be had."""
    return tuple(_installed(runtime, log) for runtime in [runtimes.get(name) for name in names])


def _installed(runtime: Runtime, log: Log) -> RuntimeState:
    install.ensure(runtime, log)
    current = examined(runtime)
    if current.state == "broken":
        log.note(f"{runtime.name} does not run: {current.reports}")
        install.renew(runtimes.get(runtime.environment), log)
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
