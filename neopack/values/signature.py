"""The names, dtypes and shapes that a model takes and returns."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

__all__ = [
    "Batches",
    "InputRequest",
    "Shape",
    "Signature",
    "TensorSpec",
]


Shape: TypeAlias = tuple[int | None, ...]
Batches: TypeAlias = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorSpec:
    """One input or output. ``dtype`` is numpy's word; a dim of None is free."""

    name: str
    dtype: str
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """``batches`` are the fewest and the most rows that a call takes, where the first dims are
    free and bounded."""

    inputs: tuple[TensorSpec, ...]
    outputs: tuple[TensorSpec, ...] = ()
    batches: Batches | None = None

    def with_free_rows(self) -> Signature:
        """The same for any number of rows, the first dim of each input and output."""
        inputs, outputs = (tuple(map(_any_rows, specs)) for specs in (self.inputs, self.outputs))
        return Signature(inputs=inputs, outputs=outputs)

    def with_batches(self, batches: Batches) -> Signature:
        """The same for a range of batches."""
        return replace(self.with_free_rows(), batches=batches)


def _any_rows(spec: TensorSpec) -> TensorSpec:
    return replace(spec, shape=(None, *spec.shape[1:])) if spec.shape else spec


@dataclass(frozen=True, slots=True, kw_only=True)
class InputRequest:
    """What a user asked of one input: ``--input name=1,3,224,224[:dtype[:below]]``.

    ``below`` bounds the random integers that stand in for real ones (a vocabulary's size).
    ``most`` is the largest batch, where the first dim is the smallest of a range.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str | None = None
    below: int | None = None
    most: int | None = None
