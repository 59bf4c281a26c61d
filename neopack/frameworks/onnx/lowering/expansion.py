"""onnx's own converters and checks, with their failures as errors of neopack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from neopack.errors import SourceError, first_line
from neopack.frameworks.onnx.lowering.new_operators import EXPANDED
from neopack.frameworks.onnx.lowering.rewriting import BASE, NEWEST, OWN, opset_of
from neopack.frameworks.onnx.lowering.traversal import nodes
from neopack.frameworks.onnx.lowering.value_info import inferred
from neopack.values.signature import Shape

__all__ = ["converted", "expanded", "laid_open", "refuse_types"]


def converted(call: Callable[[], Any], where: str) -> Any:
    """``call()``, a failure of onnx being ours: its C++ raises Python's classes and its own."""
    import onnx

    failures = (
        RuntimeError,
        ValueError,
        onnx.checker.ValidationError,
        onnx.shape_inference.InferenceError,
    )
    try:
        return call()
    except failures as error:
        raise SourceError(
            f"onnx cannot convert it: {first_line(error)}",
            where=where,
            hint="export it for that opset",
        ) from None


def laid_open(model: Any, shapes: Mapping[str, Shape], where: str) -> Any:
    """The model without functions of its own, whatever opset they are written in."""
    import onnx.inliner

    _say_types(model, shapes, where)
    opened = converted(partial(onnx.inliner.inline_local_functions, model, True), where)
    if opened.functions:
        raise SourceError(
            f"onnx cannot lay open its function {opened.functions[0].name}",
            where=where,
            hint="export it without functions of its own",
        )
    return opened


def _say_types(model: Any, shapes: Mapping[str, Shape], where: str) -> None:
    """Write down the type of each value: the inliner knows of no others."""
    from onnx import helper

    typed = converted(partial(inferred, model, shapes), where)
    typed_names = {info.name for info in model.graph.value_info}
    model.graph.value_info.extend(i for i in typed.graph.value_info if i.name not in typed_names)
    model.graph.value_info.extend(
        helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        for tensor in model.graph.initializer
    )


def expanded(model: Any, shapes: Mapping[str, Shape], where: str) -> tuple[Any, tuple[str, ...]]:
    """The model with the operators laid open that ONNX itself defines by others; their names."""
    import onnx.inliner

    operators = {node.op_type for node in nodes(model.graph) if node.domain in OWN}
    named = tuple(operator for operator in EXPANDED if operator in operators)
    if not named:
        return model, ()
    _say_types(model, shapes, where)
    identities = [("", operator) for operator in named]
    opened = converted(
        lambda: onnx.inliner.inline_selected_functions(
            model, identities, exclude=False, inline_schema_functions=True
        ),
        where,
    )
    return opened, named


def refuse_types(model: Any, where: str) -> None:
    """Each operator takes the types that it is given, as its older form says."""
    import onnx

    try:
        onnx.checker.check_model(model)
        onnx.shape_inference.infer_shapes(model, check_type=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        opset = opset_of(model)
        words = " ".join(str(error).split()).removeprefix("[TypeInferenceError] ")
        raise SourceError(
            f"opset {opset}{NEWEST if opset == BASE else ''} does not take it: {words}",
            where=where,
            hint="convert the model to float32 before it is exported",
        ) from None
