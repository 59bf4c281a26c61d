"""Configs of Keras 1 in the words of Keras 2 (keras 2.0 release notes; keras/legacy/interfaces.py
of 2.2.4, which does the same when it loads such a file)."""

from __future__ import annotations

from collections.abc import Mapping

from neopack.frameworks.keras import config as configs
from neopack.values.json import AnyJson

__all__ = ["upgraded"]

_CLASSES = {
    "Convolution1D": "Conv1D", "Convolution2D": "Conv2D", "Deconvolution2D": "Conv2DTranspose",
    "AtrousConvolution2D": "Conv2D", "SeparableConvolution2D": "SeparableConv2D",
}  # fmt: skip
_WORDS = {
    "border_mode": "padding", "subsample": "strides", "bias": "use_bias", "output_dim": "units",
    "nb_filter": "filters", "p": "rate", "sigma": "stddev", "atrous_rate": "dilation_rate",
    "input_dtype": "dtype", "mode": "mode",
}  # fmt: skip
_MERGES = {"sum": "Add", "mul": "Multiply", "concat": "Concatenate", "ave": "Average",
           "max": "Maximum"}  # fmt: skip
_ORDERS = {"tf": "channels_last", "th": "channels_first"}


def upgraded(model: AnyJson) -> AnyJson:
    """The model as Keras 2 would have written it; what has no other word there stays."""
    config = model["config"]
    entries = [_entry(entry) for entry in configs.layers_of(config)]
    body = entries if isinstance(config, list) else {**config, "layers": entries}
    return {**model, "config": body}


def _entry(entry: AnyJson) -> AnyJson:
    if entry["class_name"] in configs.MODELS:
        return {**entry, **upgraded(entry)}
    kind, config = entry["class_name"], entry["config"]
    if not isinstance(config, dict):
        return entry
    if kind == "Merge":
        kind = _MERGES.get(config.get("mode", ""), kind)
        config = {**config, "axis": config.get("concat_axis", -1)}
    return {**entry, "class_name": _CLASSES.get(kind, kind), "config": _words(kind, config)}


def _words(kind: str, config: Mapping[str, AnyJson]) -> dict[str, AnyJson]:
    renamed = {_WORDS.get(word, word): value for word, value in config.items()}
    if kind == "Embedding":
        renamed["output_dim"] = config.get("output_dim")
    order = config.get("dim_ordering")
    if order is not None:
        renamed["data_format"] = _ORDERS.get(order, order)
    if "nb_row" in config:
        renamed["kernel_size"] = [config["nb_row"], config["nb_col"]]
    elif "filter_length" in config:
        renamed["kernel_size"] = [config["filter_length"]]
        renamed["strides"] = [config.get("subsample_length", 1)]
    return renamed
