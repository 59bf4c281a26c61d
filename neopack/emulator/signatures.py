"""What a job says of its model's inputs, put together with what the model's bytes say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from neopack import facts
from neopack.dataconfig.strings import Config, dims, read_config, read_options
from neopack.values.json import Json
from neopack.values.signature import Signature, TensorSpec

__all__ = ["complete"]

DTYPE = "float32"


def complete(
    known: Signature | None,
    config_text: str | None,
    options_text: str | None,
    framework: str,
) -> Signature | None:
    """The signature with DataInputConfig's shapes; None where a shape stays open.

    Inputs that the bytes name are filled by name, and else in order; images of a framework that
    keeps channels last come as the model has them.
    """
    config = read_config(config_text) if config_text else None
    last = facts.framework(framework).turns_channels
    shapes = {name: _turned(s) if last else s for name, s in _shapes(config).items()}
    if known is None:
        dtype = _dtype(options_text)
        inputs = [TensorSpec(name=name, dtype=dtype, shape=shapes[name]) for name in shapes]
        return Signature(inputs=tuple(inputs)) if inputs else None
    placed = dict(zip((spec.name for spec in known.inputs), shapes.values(), strict=False))
    filled = [
        replace(spec, shape=shapes.get(spec.name, placed.get(spec.name, spec.shape)))
        for spec in known.inputs
    ]
    if any(None in spec.shape for spec in filled):
        return None
    return replace(known, inputs=tuple(filled))


def _shapes(config: Config | None) -> dict[str, tuple[int, ...]]:
    found = {name: dims(_shape(value)) for name, value in config.inputs} if config else {}
    return {name: shape for name, shape in found.items() if shape is not None}


def _turned(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def _shape(value: Json) -> Json:
    """CoreML writes an input as an object with its shape in it."""
    return value.get("shape") if isinstance(value, Mapping) else value


def _dtype(options_text: str | None) -> str:
    """One for all inputs: CompilerOptions' ``dtype`` (API reference, OutputConfig, 2026)."""
    options = read_options(options_text) if options_text else None
    dtype = options.keys.get("dtype", DTYPE) if options else DTYPE
    return dtype if isinstance(dtype, str) else DTYPE
