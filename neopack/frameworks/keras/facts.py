"""What the bytes of a Keras file tell beyond what every framework has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["KerasFacts"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasFacts:
    """Of an .h5, a .keras file, or weights alone."""

    layers: int
    weights: int
    """How many tensors of weights."""
    training_config: bool
    """Whether the file says how the model is trained."""
    optimizer_weights: int
    """Bytes of the optimizer's state."""
    sample_weight_mode: bool
    """Whether training_config has the word whose absence Neo complains of."""
    strangers: tuple[str, ...]
    """What else in the configuration would make Keras look for code."""
    links: tuple[str, ...]
    """Links in the file, which are not followed."""
    places: Mapping[str, str]
    """Class of layer to the path of the first one."""
    lambdas: tuple[str, ...]
    """Paths of Lambda layers."""
    custom: tuple[str, ...]
    """Paths of layers of the user's own classes."""
    data_formats: tuple[str, ...]
    """``channels_last``, ``channels_first``: those that layers state."""
    new_layers: tuple[str, ...]
    """Classes that Keras 2.2.4 lacks."""
    unknown_names: tuple[str, ...]
    """Activations, initializers and words that Keras 2.2.4 lacks, in a file meant for it."""
    missing: tuple[str, ...]
    """Layers without a word that their class requires, in a file meant for Keras 2.2.4."""
    misfits: tuple[str, ...]
    """Weights that are not those of the configuration, in such a file."""
    mixed_types: tuple[str, ...]
    """Layers with weights that are called with another type: ``conv (Conv2D of float16)``."""
    not_taken: tuple[str, ...]
    """Layers with settings that TVM's importer does not take: ``excite (Dense on 4 dims)``."""
    in_training: tuple[str, ...]
    """Layers called with training=True that compute otherwise in training."""

    @property
    def imported(self) -> Mapping[str, str]:
        """Keras 2.2.4 does not load what it lacks, so that no compiler sees it."""
        unloaded = {*self.custom, *self.lambdas}
        return {
            name: path
            for name, path in self.places.items()
            if name not in self.new_layers
            and path not in unloaded
            and f"{path} ({name})" not in unloaded
        }
