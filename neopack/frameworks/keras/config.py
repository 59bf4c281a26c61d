"""A model's configuration as Keras 1 to 3 write it in JSON: its layers, whatever their nesting."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = [
    "LAMBDAS",
    "MODELS",
    "LayerConfig",
    "input_shape",
    "layers_of",
    "parse",
    "strangers",
    "string_of",
    "walk",
]

LAMBDAS = ("Lambda", "TFOpLambda")
# where Keras 3 keeps what a model is made of; its other modules can fetch, unpack and import
_OWN_MODULES = re.compile(
    r"keras|keras\.(layers|initializers|regularizers|constraints|activations|dtype_policies)"
    r"|keras\.(losses|optimizers|metrics)(\..*)?"
    r"|keras\.src\.(models|ops|applications|layers)\..*"
)
_FUNCTIONS = re.compile(r"[a-z_0-9]+")

MODELS = frozenset({"Model", "Functional", "Sequential"})
DEPTH = 50
_WRAPPERS = ("layer", "backward_layer", "cell")


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerConfig:
    """A layer in its place: ``path`` names the models around it, with slashes."""

    path: str
    class_name: str
    config: AnyJson
    custom: bool


def string_of(text: str, where: str, limits: Limits) -> str:
    """The string that a text is in JSON; "" for anything else."""
    value = read_json(text, where, limits)
    return value if isinstance(value, str) else ""


def parse(text: str, where: str, limits: Limits = DEFAULT_LIMITS) -> AnyJson:
    """Raises ``Malformed`` where the text is not a JSON object with a class and a config."""
    value = read_json(text, f"{where}: model_config", limits)
    if not isinstance(value, dict) or not isinstance(value.get("class_name"), str):
        raise Malformed("model_config names no class", where=where)
    if not isinstance(value.get("config"), dict | list):
        raise Malformed("model_config has no config", where=where)
    return value


def layers_of(config: AnyJson) -> list[AnyJson]:
    """The entries of a model's layers; Keras before 2.2.3 wrote a Sequential as a bare list."""
    entries = config if isinstance(config, list) else config.get("layers", [])
    return [entry for entry in entries if is_entry(entry)] if isinstance(entries, list) else []


def is_entry(value: AnyJson) -> bool:
    return (
        isinstance(value, dict)
        and isinstance(value.get("class_name"), str)
        and isinstance(value.get("config"), dict | list)
    )


def walk(model: AnyJson, path: str = "", depth: int = 0) -> Iterator[LayerConfig]:
    """Every layer of a model and of the models in it; wrapped layers after their wrappers."""
    if depth > DEPTH:
        raise Malformed(f"models nested more than {DEPTH} deep", where=path)
    for entry in layers_of(model["config"]):
        name = name_of(entry)
        below = f"{path}/{name}" if path else name
        if entry["class_name"] in MODELS:
            yield from walk(entry, below, depth + 1)
            continue
        config = entry["config"]
        yield LayerConfig(
            path=below, class_name=entry["class_name"], config=config, custom=_is_custom(entry)
        )
        for key in _WRAPPERS:
            wrapped = config.get(key) if isinstance(config, dict) else None
            if is_entry(wrapped):
                inside = {"config": {"layers": [wrapped]}}
                yield from walk(inside, below, depth + 1)


def name_of(entry: AnyJson) -> str:
    config = entry["config"]
    own = config.get("name") if isinstance(config, dict) else None
    return str(entry.get("name") or own or "")


def _is_custom(entry: AnyJson) -> bool:
    """Keras 3 says where a class comes from; older files do not."""
    module = entry.get("module", "keras")
    registered = str(entry.get("registered_name") or "")
    if module is None or registered.startswith("Custom>"):
        return True
    root = str(module).split(".", maxsplit=1)[0]
    return root not in ("keras", "tf_keras", "tensorflow", "builtins")


def strangers(model: AnyJson) -> list[str]:
    """What in a configuration, at any depth, is not part of a Keras model and would make Keras
    look for code when it loads the file: "Lambda", "function os.system"."""
    names: dict[str, None] = {}
    pending = [model]
    while pending:
        value = pending.pop()
        if isinstance(value, dict):
            if isinstance(value.get("class_name"), str):
                names |= dict.fromkeys(_strange(value))
            pending += value.values()
        elif isinstance(value, list):
            pending += value
    return sorted(names)


def _strange(entry: AnyJson) -> Iterator[str]:
    kind, module = entry["class_name"], entry.get("module")
    if kind in LAMBDAS or kind == "__lambda__":
        yield kind
    elif kind == "function" or module == "builtins":
        # an activation by its name
        config = entry.get("config")
        if kind != "function" or not _FUNCTIONS.fullmatch(str(config)):
            yield f"{kind} {str(config)[:40]}"
    elif module is not None and not _OWN_MODULES.fullmatch(str(module)):
        yield f"{module}.{kind}"


def input_shape(config: AnyJson) -> Shape | None:
    """The shape that a config states for its input, the batch first; None for none."""
    if not isinstance(config, dict):
        return None
    shape = config.get("batch_input_shape", config.get("batch_shape"))
    if isinstance(shape, dict):  # how Keras 3 may write a tuple
        shape = shape.get("config", {}).get("value") or shape.get("items")
    if not isinstance(shape, list):
        return None
    fits = all(dim is None or (type(dim) is int and dim >= 0) for dim in shape)
    return tuple(shape) if fits else None
