"""Adaptive batching: the rows of requests that wait together are computed in one call."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace

from neopack.artifacts.loaded_model import LoadedModel, checked_inputs
from neopack.errors import UsageError
from neopack.serving.bodies import Body, parsed, rendered
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["BatchedContainer"]

# below so many rows a batch, on average, there is nobody to wait for
WORTH_WAITING, SMOOTHING = 1.05, 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class _Waiting:
    inputs: Mapping[str, Array]
    rows: int
    outputs: Future[dict[str, Array]] = field(default_factory=Future)


class BatchedContainer:
    """Any number of threads call ``answer``; one thread computes for all of them.

    The first of a batch waits ``max_wait`` seconds at most for others, and not at all where
    recent batches had one request. Raises ``UsageError`` for a model whose inputs do not take
    ``max_batch`` rows.
    """

    def __init__(self, model: LoadedModel, *, max_batch: int, max_wait: float) -> None:
        self._each, self._is_fixed = _by_rows(model.signature, max_batch)
        self._model, self._most, self._wait = model, max_batch, max_wait
        self._queue: queue.Queue[_Waiting | None] = queue.Queue()
        self._left: _Waiting | None = None
        self._usual = float(max_batch)
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def answer(self, request: Body, accept: str) -> Body:
        """As ``LoadedContainer.answer``; a request has up to ``max_batch`` rows."""
        inputs = checked_inputs(self._each, parsed(request, self._each))
        counts = {len(array) for array in inputs.values()}
        if len(counts) != 1 or not 1 <= max(counts) <= self._most:
            raise UsageError(f"a request has 1 to {self._most} rows, the same in every input")
        waiting = _Waiting(inputs=inputs, rows=counts.pop())
        self._queue.put(waiting)
        return rendered(waiting.outputs.result(), accept, request.data)

    def close(self) -> None:
        self._queue.put(None)

    def _work(self) -> None:
        while (batch := self._next()) is not None:
            self._usual += SMOOTHING * (len(batch) - self._usual)
            try:
                outputs = self._computed(batch)
            except Exception as error:  # noqa: BLE001 - told to those who wait
                for each in batch:
                    each.outputs.set_exception(error)
                continue
            start = 0
            for each in batch:
                end = start + each.rows
                each.outputs.set_result({name: a[start:end] for name, a in outputs.items()})
                start = end

    def _next(self) -> list[_Waiting] | None:
        first = self._left or self._queue.get()
        self._left = None
        if first is None:
            return None
        batch, rows = [first], first.rows
        waits = self._wait if self._usual > WORTH_WAITING else 0.0
        deadline = time.monotonic() + waits
        while rows < self._most:
            try:
                waiting = self._queue.get(timeout=max(0.0, deadline - time.monotonic()))
            except queue.Empty:
                break
            if waiting is None:
                self._queue.put(None)  # after this batch
                break
            if rows + waiting.rows > self._most:
                self._left = waiting
                break
            batch.append(waiting)
            rows += waiting.rows
        return batch

    def _computed(self, batch: Sequence[_Waiting]) -> dict[str, Array]:
        import numpy as np

        names = batch[0].inputs
        together = {name: np.concatenate([each.inputs[name] for each in batch]) for name in names}
        if self._is_fixed:
            return self._model.predict_batch(together)
        outputs = self._model.predict(together)
        rows = sum(each.rows for each in batch)
        for name, array in outputs.items():
            if array.ndim == 0 or len(array) != rows:
                raise UsageError(f"output {name!r} does not have the rows of the inputs")
        return outputs


def _by_rows(signature: Signature, max_batch: int) -> tuple[Signature, bool]:
    """The signature of a request with any number of rows, and whether the model's is fixed."""
    firsts = {spec.shape[0] if spec.shape else 0 for spec in signature.inputs}
    first = firsts.pop() if len(firsts) == 1 else 0
    if first not in (None, max_batch):
        shapes = ", ".join(f"{spec.name} {list(spec.shape)}" for spec in signature.inputs)
        raise UsageError(
            f"--max-batch {max_batch} does not fit the model: {shapes}",
            hint=f"package it with {max_batch} rows",
        )
    inputs = tuple(replace(spec, shape=(None, *spec.shape[1:])) for spec in signature.inputs)
    return replace(signature, inputs=inputs), first is not None
