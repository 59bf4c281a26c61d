"""DataInputConfig: the names and shapes of a model's inputs, as a job says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from neopack import facts
from neopack.dataconfig.compiler_options import parse_options
from neopack.dataconfig.strict_json import strict_json
from neopack.errors import Malformed
from neopack.values.json import Json
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["DataInputConfig", "dims", "example", "parse_config", "shape_text", "with_shapes"]

_PLACEHOLDER = 1
IMAGE: Shape = (1, 3, 224, 224)
_DTYPE = "float32"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataInputConfig:
    """DataInputConfig as written: inputs in order; a list's are named input0, input1, ...

    ``repeated`` are names that the text has more than once.
    """

    form: Literal["dict", "list"]
    inputs: tuple[tuple[str, Json], ...]
    repeated: tuple[str, ...] = ()

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The inputs whose shape is a list of positive integers, CoreML's objects included."""
        shapes = {name: dims(_shape(value)) for name, value in self.inputs}
        return {name: shape for name, shape in shapes.items() if shape is not None}


@lru_cache(maxsize=16)
def parse_config(text: str) -> DataInputConfig | None:
    """None where the text is not a JSON object or list."""
    try:
        value, repeated = strict_json(text)
    except Malformed:
        return None
    if isinstance(value, dict):
        return DataInputConfig(form="dict", inputs=tuple(value.items()), repeated=repeated)
    if isinstance(value, list):
        named = tuple((f"input{at}", item) for at, item in enumerate(value))
        return DataInputConfig(form="list", inputs=named, repeated=repeated)
    return None


def dims(value: Json) -> tuple[int, ...] | None:
    """A shape as Neo wants it: a list of positive integers; None for anything else."""
    if isinstance(value, list) and all(type(dim) is int and dim > 0 for dim in value):
        return tuple(value)
    return None


def shape_text(shape: Shape) -> str:
    return "[" + ",".join("?" if dim is None else str(dim) for dim in shape) + "]"


def example(signature: Signature | None, framework: str = "") -> str:
    """DataInputConfig for a signature, with 1 in the place of every free dim, and an image in the
    place of a shape that is not known."""
    inputs = signature.inputs if signature else ()
    turned = framework != "" and facts.framework(framework).turns_channels
    shapes = [
        f'"{spec.name}":{shape_text(_filled(spec.shape or IMAGE, turned=turned))}'
        for spec in inputs
    ]
    return "{" + ",".join(shapes) + "}" if shapes else f'{{"input0":{shape_text(IMAGE)}}}'


def _filled(shape: Shape, *, turned: bool) -> Shape:
    filled = tuple(_PLACEHOLDER if dim is None else dim for dim in shape)
    return (filled[0], filled[3], *filled[1:3]) if turned and len(filled) == 4 else filled


def with_shapes(
    signature: Signature | None,
    config_text: str | None,
    options_text: str | None,
    framework: str,
) -> Signature | None:
    """The signature with DataInputConfig's shapes; None where a shape stays open.

    ``signature`` is what the model's bytes say, None where they do not. Inputs that it names are
    filled by name, and else in order. Images of a framework that keeps channels last come as the
    model has them.
    """
    config = parse_config(config_text) if config_text else None
    last = facts.framework(framework).turns_channels
    written = config.shapes() if config else {}
    shapes = {name: _channels_last(s) if last else s for name, s in written.items()}
    if signature is None:
        dtype = _dtype(options_text)
        inputs = [TensorSpec(name=name, dtype=dtype, shape=shapes[name]) for name in shapes]
        return Signature(inputs=tuple(inputs)) if inputs else None
    in_order = dict(zip((spec.name for spec in signature.inputs), shapes.values(), strict=False))
    filled = [
        replace(spec, shape=shapes.get(spec.name, in_order.get(spec.name, spec.shape)))
        for spec in signature.inputs
    ]
    if any(None in spec.shape for spec in filled):
        return None
    return replace(signature, inputs=tuple(filled))


def _channels_last(shape: tuple[int, ...]) -> tuple[int, ...]:
    return (shape[0], *shape[2:], shape[1]) if len(shape) == 4 else shape


def _shape(value: Json) -> Json:
    """CoreML writes an input as an object with its shape in it."""
    return value.get("shape") if isinstance(value, Mapping) else value


def _dtype(options_text: str | None) -> str:
    """One for all inputs: CompilerOptions' ``dtype`` (API reference, OutputConfig, 2026)."""
    options = parse_options(options_text) if options_text else None
    dtype = options.keys.get("dtype", _DTYPE) if options else _DTYPE
    return dtype if isinstance(dtype, str) else _DTYPE
