"""What onnx's own converter has no way down for below opset 12, in operators that it takes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from neopack.frameworks.onnx.rewriting import BASE, OWN
from neopack.frameworks.onnx.site import Names, Site
from neopack.frameworks.onnx.values import Values
from neopack.frameworks.onnx.walk import named, replace

__all__ = ["put_plainly"]


def put_plainly(model: Any, typed: Any) -> list[str]:
    """Rewrite the nodes of the outermost graph, in place; returns what was, in words. ``typed`` is
    a copy that says the type of each value."""
    values, names = Values(model.graph, typed.graph, BASE), Names(set(named(model.graph)))
    made: list[Any] = []
    told: Counter[str] = Counter()
    for node in model.graph.node:
        way = _WAYS.get(node.op_type) if node.domain in OWN else None
        site = Site(node, values, names, BASE)
        note = way(site) if way else ""
        made += site.nodes if note else [node]
        model.graph.initializer.extend(site.weights if note else ())
        if note:
            told[f"{node.op_type}: {note}"] += 1
    replace(model.graph.node, made)
    return [f"{note} ({count})" for note, count in told.items()]


def _constant(site: Site) -> str:
    """Its output as a weight."""
    import numpy as np
    from onnx import helper, numpy_helper

    (given,) = site.node.attribute
    value = helper.get_attribute_value(given)
    if given.name == "value":
        array = numpy_helper.to_array(value)
    elif given.name.startswith("value_float"):
        array = np.array(value, np.float32)
    elif given.name.startswith("value_int"):
        array = np.array(value, np.int64)
    else:
        return ""
    site.weights.append(numpy_helper.from_array(array, site.output(0)))
    return "a weight"


def _gemm(site: Site) -> str:
    """alpha * A' * B' + beta * C"""
    factors = [
        site.emit("Transpose", site.input(place), perm=[1, 0])
        if site.attribute(turned, 0)
        else site.input(place)
        for place, turned in enumerate(("transA", "transB"))
    ]
    alpha, beta = site.attribute("alpha", 1.0), site.attribute("beta", 1.0)
    product, added = site.emit("MatMul", *factors), site.input(2)
    if alpha != 1 or not added:
        into = "" if added else site.output(0)
        product = site.emit("Mul", product, site.number(alpha, "alpha"), into=into)
    if added:
        scaled = added if beta == 1 else site.emit("Mul", added, site.number(beta, "beta"))
        site.emit("Add", product, scaled, into=site.output(0))
    return "MatMul and Add"


_WAYS: Mapping[str, Callable[[Site], str]] = {"Constant": _constant, "Gemm": _gemm}
