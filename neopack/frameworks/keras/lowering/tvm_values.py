"""The model being rewritten for TVM's importer: its layers, calls and values.

The importer keeps images with the channels first and knows nothing of the order in which others
have their dims. So a value of three dims is an image of height 1 here, or, for the layers that the
importer reads in Keras's own order, is made of a row of numbers.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from neopack.frameworks.keras.lowering.old_model import OldCall, OldLayer
from neopack.values.artifact import Array
from neopack.values.json import AnyJson

__all__ = ["STEPS", "Dims", "OfTvm", "Value"]

Dims = tuple[int, ...]
# how many dims such a value has beside the batch
STEPS = 2
AS_IMAGE = "tensors of 3 dims became images of height 1"
FROM_ROW = "tensors of 3 dims are made of a row"


@dataclass(frozen=True, slots=True)
class Value:
    """``dims`` are Keras's, without the batch; ``held`` are those of what the call gives, which
    has the same numbers in the same order. ``name`` is that of the layer it comes from."""

    call: int
    dims: Dims
    held: Dims
    name: str

    @property
    def size(self) -> int:
        return math.prod(self.dims)

    def reshaped(self, dims: Dims) -> Value:
        """The same numbers with other dims."""
        return replace(self, dims=dims)


@dataclass(slots=True)
class OfTvm:
    """``taken`` are the names of the layers before the rewriting."""

    taken: frozenset[str]
    layers: dict[str, OldLayer] = field(default_factory=dict)
    calls: list[OldCall] = field(default_factory=list)
    notes: dict[str, list[str]] = field(default_factory=dict)
    _forms: dict[tuple[int, Dims], int] = field(default_factory=dict)

    def add(
        self,
        name: str,
        class_name: str,
        config: Mapping[str, AnyJson],
        inputs: Sequence[int],
        weights: Sequence[tuple[str, Array]] = (),
    ) -> int:
        """A call of the layer of this name; a shared layer is called again, unless what it is
        depends on the call."""
        while name in self.layers and self.layers[name].class_name != class_name:
            name += "_of_maps"
        layer = OldLayer(name=name, class_name=class_name, config=config, weights=tuple(weights))
        self.layers.setdefault(name, layer)
        self.calls.append(OldCall(name, tuple(inputs)))
        return len(self.calls) - 1

    def append(
        self,
        base: str,
        class_name: str,
        config: Mapping[str, AnyJson],
        inputs: Sequence[int],
        weights: Sequence[tuple[str, Array]] = (),
    ) -> int:
        """A call of a layer of its own, with a name like ``base`` that is still free."""
        name, count = base, 1
        while name in self.layers or name in self.taken:
            count += 1
            name = f"{base}_{count}"
        return self.add(name, class_name, config, inputs, weights)

    def note(self, what: str, name: str) -> None:
        names = self.notes.setdefault(what, [])
        if name not in names:
            names.append(name)

    # --- the forms of a value ---------------------------------------------------------------

    def image(self, value: Value) -> int:
        """The call that gives the value as an image; of three dims, as one of height 1."""
        if len(value.dims) != STEPS:
            return self.natural(value)
        self.note(AS_IMAGE, value.name)
        return self._formed(value, (1, *value.dims))

    def natural(self, value: Value) -> int:
        """The call that gives the value with Keras's own dims."""
        if len(value.dims) == STEPS and value.held != value.dims:
            self.note(FROM_ROW, value.name)
        return self._formed(value, value.dims)

    def row(self, value: Value) -> int:
        return self._formed(value, (value.size,))

    def _formed(self, value: Value, dims: Dims) -> int:
        call, ranks = value.call, (len(value.held), len(dims))
        if value.held == dims:
            return call
        if STEPS in ranks and 1 not in ranks:
            # only between these dims and a row the importer keeps the order of the numbers
            call = self._reshaped(call, (math.prod(dims),), value.name)
        return self._reshaped(call, dims, value.name)

    def _reshaped(self, call: int, dims: Dims, name: str) -> int:
        if (call, dims) not in self._forms:
            config = {"target_shape": list(dims)}
            base = f"{name}_as_{'x'.join(map(str, dims))}"
            self._forms[call, dims] = self.append(base, "Reshape", config, [call])
        return self._forms[call, dims]
