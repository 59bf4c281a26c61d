"""One process for each runtime, started when it is first asked; it takes all specimens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Self

from neopack import runtimes
from neopack.errors import NeopackError
from neopack.values.artifact import Array
from neopack.values.json import AnyJson, Json

__all__ = ["Workers"]


class Workers:
    def __init__(self) -> None:
        self._stack = ExitStack()
        self._started: dict[str, runtimes.Worker] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def call(
        self, runtime: str, task: str, data: Json | None, arrays: Mapping[str, Array] | None = None
    ) -> AnyJson:
        """The answer of a task. Raises ``NeopackError`` if it fails; a process that dies of one
        specimen is started anew for the next."""
        if runtime not in self._started:
            self._started[runtime] = self._stack.enter_context(runtimes.worker(runtime))
        try:
            return self._started[runtime].call(task, data, arrays=dict(arrays or {}))[0]
        except NeopackError as error:
            if " while running " in error.message:
                self._started.pop(runtime)
            raise
