"""Requirements of DataInputConfig: the names and the shapes of the model's inputs.

Sources: botocore 1.43.11 InputConfig.DataInputConfig (2026); SageMaker developer guide,
neo-compilation-preparing-model (2026); neo-ai/neo-loader@06788c0 (2022-08-17).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from neopack import facts
from neopack.dataconfig.data_input_config import (
    DataInputConfig,
    dims,
    example,
    parse_config,
    shape_text,
)
from neopack.dataconfig.strict_json import strict_json
from neopack.errors import Malformed
from neopack.rules.needs import config_required
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.spelling import did_you_mean
from neopack.values.json import Json
from neopack.values.model import NamesInputs, TakesLabels
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["RULES", "inputs_of"]

_WHERE = "DataInputConfig"
_RANGE = re.compile(r"([1-9][0-9]*)\.\.([1-9][0-9]*)")


def inputs_of(context: CheckContext) -> DataInputConfig:
    """Return the config as written; empty if it is absent or unreadable."""
    text = context.data_input_config
    return (parse_config(text) if text else None) or DataInputConfig(form="dict", inputs=())


def _at(name: str) -> str:
    return f"{_WHERE}: {name}"


# --- the text -------------------------------------------------------------------------------


@rule("NEO-DC-001")
def missing(context: CheckContext) -> Iterator[Hit]:
    """It is given if Neo cannot derive it (guide, neo-troubleshooting, 2026)."""
    reason = config_required(context)
    if context.data_input_config is None and reason:
        shapes = example(_inputs(context), context.framework)
        yield Hit(
            message=f"no DataInputConfig is given: {reason}",
            where=_WHERE,
            values={"example": shapes, "reason": reason},
        )


def _inputs(context: CheckContext) -> Signature | None:
    """The model's own inputs, with empty shapes where it tells their names alone."""
    if context.info is None or context.info.signature is not None:
        return context.info.signature if context.info else None
    facts = context.info.facts
    names = facts.input_names if isinstance(facts, NamesInputs) else ()
    return Signature(
        inputs=tuple(TensorSpec(name=name, dtype="float32", shape=()) for name in names)
    )


@rule("NEO-DC-002", needs=("data_input_config",))
def not_json(context: CheckContext) -> Iterator[Hit]:
    """It is strict JSON; the single quotes that the guide prints fail (loader: json.loads)."""
    try:
        strict_json(context.data_input_config or "")
    except Malformed as error:
        hint = error.hint or "write strict JSON"
        yield Hit(
            message=f"not JSON: {error.message}; {hint}",
            where=_WHERE,
            values={"why": error.message},
        )


@rule("NEO-DC-003")
def length(context: CheckContext) -> Iterator[Hit]:
    """1 to 16384 characters (botocore)."""
    limit = facts.limit("DataInputConfig")
    size = len(context.data_input_config or "")
    if context.data_input_config is None:
        return
    if size < limit.minimum or (limit.maximum is not None and size > limit.maximum):
        yield Hit(
            message=f"{size} characters, where the API takes {limit.minimum} to {limit.maximum}",
            where=_WHERE,
        )


@rule("NEO-DC-004", needs=("data_input_config",))
def scalar(context: CheckContext) -> Iterator[Hit]:
    """An object or a list (loader)."""
    try:
        value, _ = strict_json(context.data_input_config or "")
    except Malformed:
        return  # reported by NEO-DC-002
    if not isinstance(value, dict | list):
        kind = {type(None): "null", str: "a string", bool: "a boolean"}.get(
            type(value), "a number"
        )
        yield Hit(message=f"expected an object of shapes, not {kind}", where=_WHERE)


@rule("NEO-DC-005", needs=("config",))
def form(context: CheckContext) -> Iterator[Hit]:
    """It is a list only if the framework takes one (botocore: PyTorch)."""
    row, config = facts.framework(context.framework), inputs_of(context)
    if config.form not in row.config_forms:
        yield Hit(
            message=f"a list of shapes; {row.title} needs an object with a name for each input",
            where=_WHERE,
        )


@rule("NEO-DC-006", needs=("config",))
def repeated(context: CheckContext) -> Iterator[Hit]:
    """No name occurs twice: JSON silently keeps the last one."""
    for name in inputs_of(context).repeated:
        yield Hit(
            message=f"the name {name!r} occurs twice; only the last one counts", where=_at(name)
        )


@rule("NEO-DC-007", needs=("config",))
def empty(context: CheckContext) -> Iterator[Hit]:
    """It has at least one input."""
    if not inputs_of(context).inputs:
        yield Hit(message="it names no input", where=_WHERE)


# --- the shapes -----------------------------------------------------------------------------


def _lists(context: CheckContext) -> Iterator[tuple[str, Json]]:
    """The inputs that are not in coreml's object form."""
    for name, value in inputs_of(context).inputs:
        if not isinstance(value, dict):
            yield name, value


@rule("NEO-DC-008", needs=("config",))
def not_a_shape(context: CheckContext) -> Iterator[Hit]:
    """Each shape is a list of integers (botocore; null and -1: issue 1284)."""
    config = inputs_of(context)
    bare = [value for _, value in config.inputs]
    if config.form == "list" and bare and all(type(dim) is int for dim in bare):
        yield Hit(message=f"a single shape; write a list of shapes: [{bare}]", where=_WHERE)
        return
    for name, value in _lists(context):
        if not isinstance(value, list):
            yield Hit(message=f"expected a shape, not {_kind(value)}", where=_at(name))
            continue
        wrong = [
            f"dim {at} is {_kind(dim)}" for at, dim in enumerate(value) if type(dim) is not int
        ]
        if wrong:
            yield Hit(message=f"a shape is a list of integers: {wrong[0]}", where=_at(name))


def _kind(value: Json) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, str):
        return f"the string {value[:40]!r}"
    if isinstance(value, list | dict):
        return "nested"
    return f"the number {value}"


@rule("NEO-DC-009", needs=("config",))
def not_positive(context: CheckContext) -> Iterator[Hit]:
    """Each dim is 1 or more, because the compiled model has a fixed shape."""
    for name, value in _lists(context):
        dims_ = value if isinstance(value, list) else []
        wrong = [at for at, dim in enumerate(dims_) if type(dim) is int and dim < 1]
        if wrong:
            yield Hit(
                message=f"dim {wrong[0]} is {dims_[wrong[0]]}; Neo compiles for one fixed shape",
                where=_at(name),
            )


# --- the model ------------------------------------------------------------------------------


def _expected(context: CheckContext) -> dict[str, TensorSpec]:
    """The model's inputs by name, if the config must use these names."""
    info = context.info
    if info is None or info.signature is None:
        return {}
    free = facts.framework(context.framework).free_names
    return {} if free else {spec.name: spec for spec in info.signature.inputs}


def _plain(name: str, context: CheckContext) -> str:
    return name.removesuffix(facts.framework(context.framework).optional_suffix)


@rule("NEO-DC-010", needs=("config", "info.signature"))
def unknown_name(context: CheckContext) -> Iterator[Hit]:
    """Each name is an input of the model."""
    expected = _expected(context)
    names = {_plain(name, context) for name in expected}
    for name, _ in inputs_of(context).inputs if expected else ():
        if _plain(name, context) not in names:
            hint = did_you_mean(name, expected, f"it has {', '.join(expected)}")
            yield Hit(
                message=f"the model has no input {name!r}; {hint}",
                where=_at(name),
                values={"names": ", ".join(expected)},
            )


@rule("NEO-DC-011", needs=("config", "info.signature"))
def missing_name(context: CheckContext) -> Iterator[Hit]:
    """Each input of the model has a shape."""
    names = {_plain(name, context) for name, _ in inputs_of(context).inputs}
    model = context.info.facts if context.info else None
    labels = model.training_labels if isinstance(model, TakesLabels) else ()
    for name, spec in _expected(context).items():
        if _plain(name, context) not in names and name not in labels:
            shown = f"; it is {shape_text(spec.shape)}" if spec.shape else ""
            yield Hit(
                message=f"the model's input {name!r} has no shape here{shown}",
                where=_at(name),
                values={"name": name},
            )


@rule("NEO-DC-012", needs=("config", "info.signature"))
def other_shape(context: CheckContext) -> Iterator[Hit]:
    """Each shape agrees with the dims that the model fixes, including the batch."""
    row = facts.framework(context.framework)
    if row.model_layout != row.config_layout:
        return  # the framework's own rules compare other layouts
    shapes = {_plain(name, context): dims(value) for name, value in _lists(context)}
    for name, spec in _expected(context).items():
        shape = shapes.get(_plain(name, context))
        if shape and spec.shape and not _agrees(shape, spec.shape):
            yield Hit(
                message=f"the shape is {shape_text(shape)}, not {shape_text(spec.shape)}",
                where=_at(name),
                values={"name": name, "shape": shape_text(spec.shape)},
            )


def _agrees(shape: tuple[int, ...], fixed: Shape) -> bool:
    return len(shape) == len(fixed) and all(
        expected is None or expected == dim for dim, expected in zip(shape, fixed, strict=True)
    )


# --- coreml ---------------------------------------------------------------------------------


def _objects(context: CheckContext) -> Iterator[tuple[str, Mapping[str, Json]]]:
    for name, value in inputs_of(context).inputs:
        if isinstance(value, dict):
            yield name, value


@rule("NEO-DC-013", needs=("config",))
def objects_elsewhere(context: CheckContext) -> Iterator[Hit]:
    """Objects with shape, type, bias and scale are only for coreml (botocore)."""
    if not facts.config_objects(context.target):
        for name, _ in _objects(context):
            yield Hit(
                message=f"an object; {context.target.name} needs a list of integers",
                where=_at(name),
            )


@rule("NEO-DC-014", needs=("config",))
def coreml_object(context: CheckContext) -> Iterator[Hit]:
    """coreml's objects: shape fixed, in ranges or enumerated; default_shape; type (botocore)."""
    keys = facts.config_objects(context.target)
    for name, value in _objects(context) if keys else ():
        for problem in _object_problems(value, keys):
            yield Hit(message=problem, where=_at(name))


def _object_problems(value: Mapping[str, Json], keys: tuple[str, ...]) -> Iterator[str]:
    for key in sorted(value.keys() - set(keys)):
        close = facts.nearest(key, keys)
        yield f"the key {key!r} is not one of {', '.join(keys)}" + f": {close}?" * bool(close)
    shape, default = value.get("shape"), value.get("default_shape")
    flexible = dims(shape) is None
    if flexible and not (_ranges(shape) or _enumerated(shape)):
        yield 'shape is not a list of integers, of ranges ("1..10"), or of shapes'
    elif flexible and dims(default) is None:
        yield "a shape of ranges or of several shapes needs default_shape, a list of integers"
    elif not flexible and default is not None:
        yield "default_shape is only for ranges and enumerated shapes"
    if value.get("type", "Tensor") not in ("Tensor", "Image"):
        yield f"type is {value['type']!r}; it must be Tensor or Image"


def _ranges(shape: Json) -> bool:
    return isinstance(shape, list) and all(
        (type(dim) is int and dim > 0) or (isinstance(dim, str) and _in_order(dim))
        for dim in shape
    )


def _in_order(dim: str) -> bool:
    match = _RANGE.fullmatch(dim)
    return match is not None and len(dim) < 40 and int(match[1]) <= int(match[2])


def _enumerated(shape: Json) -> bool:
    return isinstance(shape, list) and bool(shape) and all(dims(item) for item in shape)


@rule("NEO-DC-015", needs=("config",))
def coreml_image(context: CheckContext) -> Iterator[Hit]:
    """coreml's Image inputs state bias and scale (botocore)."""
    for name, value in _objects(context):
        if value.get("type") != "Image" or not facts.config_objects(context.target):
            continue
        bias, scale = value.get("bias"), value.get("scale")
        if not (isinstance(bias, list) and bias and all(map(_is_number, bias))):
            yield Hit(message="an Image needs bias, a list of numbers", where=_at(name))
        if not _is_number(scale):
            yield Hit(message="an Image needs scale, a number", where=_at(name))


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


RULES: tuple[Rule, ...] = (
    missing,
    not_json,
    length,
    scalar,
    form,
    repeated,
    empty,
    not_a_shape,
    not_positive,
    unknown_name,
    missing_name,
    other_shape,
    objects_elsewhere,
    coreml_object,
    coreml_image,
)
