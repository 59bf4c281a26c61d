"""What a framework or an engine raises while it loads or computes, in one line of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from neopack.errors import EngineFailed, NeopackError, telling_line
from neopack.values.artifact import Array, Runner

__all__ = ["GuardedRunner", "failures_explained"]

HINT = "its manifest may be of another model: package it again"
# of PyTorch and of the standard library of C++
NO_MEMORY = re.compile("can't allocate memory|bad_alloc")


@contextmanager
def failures_explained(engine: str, archive: str, verb: str) -> Iterator[None]:
    """Raise ``EngineFailed`` for whatever is raised inside that is not an error of neopack, and
    say where for what is."""
    try:
        yield
    except NeopackError as error:
        error.where = error.where or archive
        raise
    except Exception as error:
        raise _explained(error, engine, archive, verb) from error


def _explained(error: Exception, engine: str, archive: str, verb: str) -> EngineFailed:
    if isinstance(error, MemoryError) or NO_MEMORY.search(str(error)):
        line = f"{engine} cannot {verb} it: it needs more memory than there is"
        return EngineFailed(line, where=archive)
    line = f"{engine} cannot {verb} it: {telling_line(error)}"
    return EngineFailed(line, where=archive, hint=HINT)


class GuardedRunner:
    """A runner whose failures are explained."""

    def __init__(self, runner: Runner, engine: str, archive: str) -> None:
        self.signature = runner.signature
        self._runner, self._engine, self._archive = runner, engine, archive

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        try:  # a context manager would cost a microsecond or two of each call
            return self._runner.predict(inputs)
        except NeopackError:
            raise
        except Exception as error:
            raise _explained(error, self._engine, self._archive, "compute") from error
