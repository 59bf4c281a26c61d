"""Where a model runs: a child process that has one artifact loaded, as a container would."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from neopack.errors import EngineFailed
from neopack.formats.codec import from_json, to_json
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.outputs.staging import staging_directory
from neopack.processes.child import Child
from neopack.values.artifact import Array
from neopack.values.signature import Signature, TensorSpec

__all__ = ["Container"]

TASKS = "neopack.serving.model_task"
STARTING = 120.0
ANSWERING = 60.0


class Container:
    """Raises a ``NeopackError`` where the artifact cannot be loaded, or does not compute."""

    def __init__(self, artifact: Path, signature: Signature | None = None) -> None:
        self._stack = contextlib.ExitStack()
        self._lock = threading.Lock()
        try:
            self._folder = self._stack.enter_context(staging_directory())
            child = Child(
                TASKS,
                failure=EngineFailed,
                subject=artifact.name,
                owns=self._folder,
                preload=(TASKS, "numpy"),
            )
            self._child = self._stack.enter_context(child)
            task = {"path": str(artifact), "signature": to_json(signature)}
            answer = self._child.call("open", task, timeout=STARTING)
        except BaseException:
            self._stack.close()
            raise
        self.signature = from_json(Signature, answer["signature"])

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        """The outputs by name, one request at a time."""
        with self._lock:
            self._call(inputs)
            return load_arrays(self._folder / "outputs.npz")

    def outputs(self, inputs: Mapping[str, Array]) -> tuple[TensorSpec, ...]:
        """What the model gives for ``inputs``: names, dtypes, shapes."""
        with self._lock:
            return self._call(inputs)

    def _call(self, inputs: Mapping[str, Array]) -> tuple[TensorSpec, ...]:
        paths = {name: str(self._folder / f"{name}.npz") for name in ("inputs", "outputs")}
        with Path(paths["inputs"]).open("wb") as stream:
            save_arrays(stream, inputs)
        answer = self._child.call("predict", paths, timeout=ANSWERING)
        return from_json(tuple[TensorSpec, ...], answer)

    def close(self) -> None:
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
