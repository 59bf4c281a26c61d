"""What a file of Keras 1 or 2 computes, in the Keras that its users have it in: today's does not
load many of them. The runtimes are those of ``verify``, where they are installed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from neopack import runtimes, versions
from neopack.errors import ExportFailed, NeopackError
from neopack.frameworks.keras.read import NEWEST, Document
from neopack.goldens.directed import Compute
from neopack.runtimes import Worker, state
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["computing", "runtime_of"]

# keras 2.2.4 itself, and the Keras of tensorflow 2.9.3 for what newer ones up to 2.15 wrote
OLD, NEWER = "keras-2.2.4", "tensorflow-2.9.3"
PATIENCE = 1800.0


def runtime_of(document: Document) -> str:
    """The runtime whose Keras loads a file of Keras 1 or 2; "" for one of Keras 3."""
    if document.form != "h5" or document.major >= 3:
        return ""
    old = versions.at_most(document.version.removesuffix("-tf"), NEWEST)
    return OLD if old and not document.unknown_names() else NEWER


@contextmanager
def computing(
    path: Path | None, runtime: str, outputs: Sequence[str], log: Log
) -> Iterator[Compute | None]:
    """The file in that runtime; None where it is not installed, or does not load the file."""
    if path is None or not runtime or state.state(runtimes.get(runtime)).state != "installed":
        yield None
        return
    with runtimes.worker(runtime, failure=ExportFailed, subject=str(path)) as worker:
        yield _computed(worker, path, runtime, outputs, log)


def _computed(
    worker: Worker, path: Path, runtime: str, outputs: Sequence[str], log: Log
) -> Compute | None:
    try:
        order = {"path": str(path.resolve()), "outputs": list(outputs)}
        handle, _ = worker.call("load", order, timeout=PATIENCE)
    except NeopackError as error:
        log.note(f"{runtime} does not load this file: {error.message}")
        return None
    log.note(f"golden numbers are of {runtime}, which loads this file itself")

    def compute(given: Mapping[str, Array]) -> dict[str, Array]:
        return worker.call("predict", handle, arrays=dict(given), timeout=PATIENCE)[1]

    return compute
