"""Forms of nodes that ONNX 1.7.0 has, and that its ONNX Runtime or TVM reads otherwise or not at
all, in forms that both read."""

from __future__ import annotations

from typing import Any

from neopack.frameworks.onnx.facts import OnnxFacts
from neopack.frameworks.onnx.forms import NodeForm
from neopack.frameworks.onnx.lowering.einsum import use_small_letters
from neopack.frameworks.onnx.lowering.traversal import nodes

__all__ = ["are_wanted", "write_plainly"]

# from this opset on, Slice takes its axes as an input
INPUTS = 10
WORDS = ("value_float", "value_floats", "value_int", "value_ints")


def are_wanted(known: OnnxFacts) -> bool:
    """Whether a model may have one of these forms."""
    return any(_is_odd(form, known.opsets.get("", 0)) for form in known.forms)


def _is_odd(form: NodeForm, opset: int) -> bool:
    words = {attribute.name for attribute in form.attributes}
    if form.operator == "Slice":
        return opset < INPUTS and "axes" not in words
    return form.operator == "Einsum" or (form.operator == "Constant" and "value" not in words)


def write_plainly(graph: Any, opset: int) -> list[str]:
    """Rewrite the nodes of ``graph`` in place; returns what to say of it."""
    sliced = sum(_name_axes(node) for node in nodes(graph)) if opset < INPUTS else 0
    stored = sum(_store(node) for node in nodes(graph))
    told = {
        f"Slice: its axes written out, for ONNX Runtime 1.4.0 ({sliced})": sliced,
        f"Constant: its value as a tensor, for TVM ({stored})": stored,
    }
    return [*(note for note, count in told.items() if count), *use_small_letters(graph)]


def _name_axes(node: Any) -> bool:
    """ONNX Runtime 1.4.0 cuts axes that a Slice does not name."""
    from onnx import helper

    words = {attribute.name: attribute for attribute in node.attribute}
    if node.op_type != "Slice" or "axes" in words or "starts" not in words:
        return False
    axes = range(len(words["starts"].ints))
    node.attribute.append(helper.make_attribute("axes", list(axes)))
    return True


def _store(node: Any) -> bool:
    """TVM reads no other attribute of a Constant than ``value``."""
    import numpy as np
    from onnx import helper, numpy_helper

    if node.op_type != "Constant" or node.attribute[0].name not in WORDS:
        return False
    attribute = node.attribute[0]
    dtype = np.float32 if "float" in attribute.name else np.int64
    array = np.array(helper.get_attribute_value(attribute), dtype)
    del node.attribute[:]
    node.attribute.append(helper.make_attribute("value", numpy_helper.from_array(array)))
    return True
