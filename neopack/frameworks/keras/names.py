"""The names in a file that Keras 2.2.4 lacks: it looks up activations, initializers, regularizers
and constraints when it loads a model, though most of them matter to training alone, and refuses
words of a configuration that it does not know (keras/utils/generic_utils.py and
keras/engine/base_layer.py of 2.2.4)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neopack import facts
from neopack.frameworks.keras import config as configs
from neopack.values.json import AnyJson

__all__ = ["missing_words", "unknown_names"]

# words of one number, of which tf.keras writes a list
NUMBERS = frozenset(["BatchNormalization.axis"])


def unknown_names(model: AnyJson, *, words: bool = True) -> tuple[str, ...]:
    """What Keras 2.2.4 lacks, each with the first layer that has it: "activation relu6 (act)".
    ``words`` are judged too; a file of Keras 1 has others, which 2.2.4 translates."""
    places: dict[str, str] = {}
    for layer in configs.walk(model):
        config = layer.config if isinstance(layer.config, dict) else {}
        known = facts.keras_names().layers.get(layer.class_name)
        if known is None or layer.class_name in configs.LAMBDAS:
            continue  # the class itself is reported
        for what in _of_layer(layer.class_name, config, known if words else frozenset(config)):
            places.setdefault(what, layer.path)
    return (*_new_models(model), *(f"{what} ({path})" for what, path in places.items()))


def missing_words(model: AnyJson) -> tuple[str, ...]:
    """``conv (Conv2D without filters)`` of each layer that cannot be built."""
    told = []
    for layer in configs.walk(model):
        required = facts.keras_names().required.get(layer.class_name, ())
        if isinstance(layer.config, dict):
            gone = [word for word in required if word not in layer.config]
            if gone:
                told.append(f"{layer.path} ({layer.class_name} without {', '.join(gone)})")
    return tuple(told)


def _new_models(model: AnyJson) -> tuple[str, ...]:
    """The class of models that came after 2.2.4, where one is of it."""
    pending = [model]
    while pending:
        entry = pending.pop()
        if entry["class_name"] == "Functional":
            return ("class Functional",)
        if entry["class_name"] in configs.MODELS:
            pending += configs.layers_of(entry["config"])
    return ()


def _of_layer(
    class_name: str, config: Mapping[str, AnyJson], known: frozenset[str]
) -> Iterator[str]:
    for word, value in config.items():
        if word not in known:
            yield f"word {class_name}.{word}"
        elif isinstance(value, list) and f"{class_name}.{word}" in NUMBERS:
            yield f"list {value} as {class_name}.{word}"
        elif word == "dtype" and isinstance(value, dict):
            yield f"policy {_name(value)} as dtype"
        elif word.endswith("activation"):
            yield from _activation(value)
        else:
            yield from _part(word.rpartition("_")[2], value)


def _activation(value: AnyJson) -> Iterator[str]:
    known = facts.keras_names().activations
    if value is not None and not (isinstance(value, str) and value in known):
        yield f"activation {_name(value)}"


def _part(kind: str, value: AnyJson) -> Iterator[str]:
    """An initializer, a regularizer or a constraint: by name, or with a configuration."""
    table = _tables().get(kind)
    if table is None or (value is None and kind != "initializer"):
        return
    name = _name(value)
    if name not in table or (isinstance(value, dict) and "config" not in value):
        yield f"{kind} {name}"
        return
    config = value.get("config") if isinstance(value, dict) else None
    for word, stated in config.items() if isinstance(config, dict) else ():
        values = facts.keras_names().values.get(f"{name}.{word}")
        if word not in table[name]:
            yield f"word {name}.{word}"
        elif values and str(stated).lower() not in values:
            yield f"{word} {stated} of {name}"


def _tables() -> Mapping[str, Mapping[str, frozenset[str]]]:
    names = facts.keras_names()
    return {
        "initializer": names.initializers,
        "regularizer": names.regularizers,
        "constraint": names.constraints,
    }


def _name(value: AnyJson) -> str:
    if not isinstance(value, dict):
        return str(value)
    return str(value.get("class_name") or value.get("name") or "?")
