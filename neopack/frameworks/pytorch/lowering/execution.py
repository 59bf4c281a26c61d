"""One node of a graph, computed here: what today's torch gives for arguments that are known."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

__all__ = ["READ_ONLY", "UNKNOWN", "aliases", "execute", "is_known", "tensors_in", "written"]


class _Unknown:
    """What depends on the inputs of the model."""


UNKNOWN = _Unknown()
# what holds any numbers until it is filled
EMPTY = ("aten::empty", "aten::new_empty", "aten::resize")
NO_SCHEMA = "(no schema)"
# of no schema, and they write to nothing
READ_ONLY = frozenset(
    f"prim::{name}"
    for name in (
        "If", "Loop", "GetAttr", "Constant", "ListConstruct", "TupleConstruct",
        "DictConstruct", "TupleUnpack", "ListUnpack", "TupleIndex",
    )
)  # fmt: skip


def execute(node: Any, arguments: Sequence[Any]) -> list[Any]:
    """The outputs of ``node``; ``UNKNOWN`` ones where it is not one that gives the same each time,
    or raises."""
    unknown = [UNKNOWN] * node.outputsSize()
    schema = _schema(node.schema())
    if schema is None or node.isNondeterministic() or node.kind().startswith(EMPTY):
        return unknown
    try:
        results = _call(schema, _as_taken(schema, arguments))
    except Exception:  # noqa: BLE001 - as the model itself would, where it computes this
        return unknown
    outputs = list(results) if node.outputsSize() > 1 else [results]
    return outputs if len(outputs) == len(unknown) else unknown


def _as_taken(schema: Any, arguments: Sequence[Any]) -> Sequence[Any]:
    """Numbers as tensors, where an operator that writes them takes nothing else."""
    import torch

    if not schema.name.endswith("_") and schema.name != "aten::index_put":
        return arguments
    return [
        torch.tensor(value)
        if isinstance(value, (bool, int, float)) and argument.type.kind() == "TensorType"
        else value
        for argument, value in zip(schema.arguments, arguments, strict=True)
    ]


def _call(schema: Any, arguments: Sequence[Any]) -> Any:
    import torch

    namespace, _, name = schema.name.partition("::")
    packet = getattr(getattr(torch.ops, namespace), name)
    operator = getattr(packet, schema.overload_name or "default")
    pairs = list(zip(schema.arguments, arguments, strict=True))
    placed = [value for argument, value in pairs if not argument.kwarg_only]
    named = {argument.name: value for argument, value in pairs if argument.kwarg_only}
    with torch.no_grad():
        return operator(*placed, **named)


def written(node: Any) -> list[int]:
    """The places of the arguments that ``node`` writes to; of all where nothing is known of it."""
    schema = _schema(node.schema())
    if schema is None:
        return list(range(node.inputsSize()))
    return [at for at, argument in enumerate(schema.arguments) if _is_written(argument)]


def _is_written(argument: Any) -> bool:
    return argument.alias_info is not None and argument.alias_info.is_write


def aliases(node: Any) -> bool:
    """Whether an output may be a view of an input."""
    schema = _schema(node.schema())
    return schema is None or any(each.alias_info is not None for each in schema.returns)


@cache
def _schema(text: str) -> Any:
    import torch

    return None if text == NO_SCHEMA else torch._C.parse_schema(text)  # noqa: SLF001 - no public one


def is_known(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(is_known, value))
    return value is not UNKNOWN


def tensors_in(value: Any) -> list[Any]:
    """The tensors in a value of any nesting."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if isinstance(value, dict):
        return [tensor for each in value.values() for tensor in tensors_in(each)]
    if isinstance(value, (list, tuple)):
        return [tensor for each in value for tensor in tensors_in(each)]
    return []
