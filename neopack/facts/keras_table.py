"""The names that a file may use for Keras 2.2.4 to load it: ``keras.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = ["KerasNames", "keras_names"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KerasNames:
    """Each name of a part with the words of its configuration. ``values`` are those that a word
    takes, by ``Name.word``; ``required`` are those that a layer is not built without."""

    activations: frozenset[str]
    initializers: Mapping[str, frozenset[str]]
    regularizers: Mapping[str, frozenset[str]]
    constraints: Mapping[str, frozenset[str]]
    layers: Mapping[str, frozenset[str]]
    values: Mapping[str, frozenset[str]]
    required: Mapping[str, tuple[str, ...]]


@cache
def keras_names() -> KerasNames:
    """Return what Keras 2.2.4 knows, the newest that Neo reads."""
    file = facts_file("keras")
    shared = set(file.text("every_layer").split())
    alone = set(file.text("other_layers").split())
    layers = _words("layers")
    return KerasNames(
        activations=frozenset(file.text("activations").split()),
        initializers=_words("initializers"),
        regularizers=_words("regularizers"),
        constraints=_words("constraints"),
        layers={name: own if name in alone else own | shared for name, own in layers.items()},
        values=_words("values"),
        required={name: tuple(words.split()) for name, words in file.words("required").items()},
    )


def _words(key: str) -> dict[str, frozenset[str]]:
    table = facts_file("keras").words(key)
    return {name: frozenset(words.split()) for name, words in table.items()}
