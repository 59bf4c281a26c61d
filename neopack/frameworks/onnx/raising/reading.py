"""Numbers of a file of opset 6 or below, node by node, as the operators were defined.

No ONNX Runtime computes the forms before opset 7. This reads them apart from what ``raise_opset``
writes, so that the golden numbers do not come from the file that they prove.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from neopack.errors import ExportFailed
from neopack.frameworks.onnx.lowering.rewriting import OWN, opset_of, schema
from neopack.frameworks.onnx.lowering.traversal import graphs_of
from neopack.frameworks.onnx.raising.definitions import DEFINITIONS, OUTPUTS, REMOVED, Definition
from neopack.frameworks.onnx.raising.older_forms import IN_PLACE
from neopack.frameworks.onnx.raising.raise_opset import LOWEST, is_older_form
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.values.artifact import Array
from neopack.values.signature import Signature

__all__ = ["Reading"]

MOST_TRIPS = 100_000


class Reading:
    """``predict`` computes one node after the other: older forms with NumPy, the others each in a
    session of ONNX Runtime."""

    def __init__(self, model: Any) -> None:
        self._graph, self._opset = model.graph, opset_of(model)
        self._sessions: dict[bytes, OnnxRuntimeRunner] = {}

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        outputs = self._run(self._graph, inputs)
        return dict(zip((info.name for info in self._graph.output), outputs, strict=True))

    def _run(self, graph: Any, outer: Mapping[str, Array]) -> tuple[Any, ...]:
        values = {**outer, **_weights(graph)}
        for node in graph.node:
            results = self._computed(node, values)
            values.update(zip(node.output, results, strict=False))
        return tuple(values[info.name] for info in graph.output)

    def _computed(self, node: Any, values: Mapping[str, Array]) -> tuple[Any, ...]:
        if node.op_type == "If" and node.domain in OWN:
            chosen = "then_branch" if values[node.input[0]] else "else_branch"
            return self._run(next(a.g for a in node.attribute if a.name == chosen), values)
        if node.op_type == "Loop" and node.domain in OWN:
            return self._loop(node, values)
        definition = self._definition(node)
        if definition is not None:
            arrays = [values[name] if name else None for name in node.input]
            result = definition(_attributes(node), *arrays)
            return result if isinstance(result, tuple) else (result,)
        inputs = {name: values[name] for name in node.input if name}
        key = node.SerializeToString()
        if key not in self._sessions:
            self._sessions[key] = _session(node, inputs, max(self._opset, LOWEST))
        computed = self._sessions[key].predict(inputs)
        return tuple(computed.get(name) for name in node.output)

    def _loop(self, node: Any, values: Mapping[str, Array]) -> tuple[Any, ...]:
        """By the definition of Loop, which has stayed as it was since opset 1."""
        import numpy as np

        body = next(a.g for a in node.attribute if a.name == "body")
        names = [info.name for info in body.input]
        trips, keep = (values[name] if name else None for name in node.input[:2])
        carried = [values[name] for name in node.input[2:]]
        count, rows = len(carried), list[tuple[Any, ...]]()
        goes_on = keep is None or bool(keep)
        while goes_on and (trips is None or len(rows) < int(trips)):
            if len(rows) == MOST_TRIPS:
                raise ExportFailed(f"a Loop goes on for more than {MOST_TRIPS} trips")
            state = [np.array(len(rows)), np.array(goes_on), *carried]
            told, *results = self._run(body, {**values, **dict(zip(names, state, strict=False))})
            goes_on, carried = bool(told), results[:count]
            rows.append(tuple(results[count:]))
        if not rows and len(body.output) > 1 + count:
            raise ExportFailed("a Loop without trips has outputs of no shape")
        return (*carried, *(np.stack(column) for column in zip(*rows, strict=True)))

    def _definition(self, node: Any) -> Definition | None:
        if not is_older_form(node, self._opset):
            return None
        removed = schema(node.op_type, self._opset) is None
        return (REMOVED if removed else DEFINITIONS).get(node.op_type)


def _weights(graph: Any) -> dict[str, Array]:
    from onnx import numpy_helper

    return {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}


def _attributes(node: Any) -> dict[str, Any]:
    from onnx import helper

    values = {a.name: helper.get_attribute_value(a) for a in node.attribute}
    texts = {name: value.decode() for name, value in values.items() if isinstance(value, bytes)}
    return {**values, **texts, OUTPUTS: len(node.output)}


def _session(node: Any, arrays: Mapping[str, Array], opset: int) -> OnnxRuntimeRunner:
    """ONNX Runtime for one node, whose form says in opset 7 what it said before."""
    import onnx
    from onnx import helper

    if any(graphs_of(node)):
        raise ExportFailed(
            f"{node.op_type} of opset {opset} is not read", hint="export it for opset 12"
        )
    alone = _alone(node)
    inputs = [
        helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(array.dtype), None)
        for name, array in arrays.items()
    ]
    outputs = [onnx.ValueInfoProto(name=name) for name in node.output if name]
    graph = helper.make_graph([alone], "node", inputs, outputs)
    imports = {"": opset, **({} if node.domain in OWN else {node.domain: 1})}
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid(*each) for each in imports.items()], ir_version=7
    )
    return OnnxRuntimeRunner(model.SerializeToString(), Signature(inputs=()))


def _alone(node: Any) -> Any:
    """The node, whose attributes say in opset 7 what they said before."""
    import onnx
    from onnx import helper

    alone = onnx.NodeProto()
    alone.CopyFrom(node)
    del alone.attribute[:]
    for attribute in node.attribute:
        if attribute.name == "p":  # of norms, a float at first
            p = int(helper.get_attribute_value(attribute))
            alone.attribute.append(helper.make_attribute("p", p))
        elif attribute.name not in (IN_PLACE, "output_sequence"):
            alone.attribute.append(attribute)
    return alone
