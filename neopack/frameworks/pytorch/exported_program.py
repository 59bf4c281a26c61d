"""Programs of ``torch.export``: the graph in ``models/*.json``, the weights' shapes in it too.

Schema: ``torch/_export/serde/schema.py`` (version 8). Before torch 2.8 or so the JSON was the
record ``serialized_exported_program.json`` at the root of the zip, with the same graph inside.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from neopack import facts
from neopack.errors import Malformed
from neopack.frameworks.pytorch.container import EXPORTED_PROGRAM, TorchZip
from neopack.frameworks.pytorch.facts import ExportedFacts, PyTorchFacts
from neopack.frameworks.pytorch.tensors import StoredTensor, sizes, total
from neopack.values.model import ModelInfo
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["read"]

FRAMEWORK = "PYTORCH"
# torch/_export/serde/schema.py: ScalarType
_DTYPES = {
    1: "uint8",
    2: "int8",
    3: "int16",
    4: "int32",
    5: "int64",
    6: "float16",
    7: "float32",
    8: "float64",
    9: "complex32",
    10: "complex64",
    11: "complex128",
    12: "bool",
    13: "bfloat16",
    28: "uint16",
    29: "float8_e4m3fn",
    30: "float8_e5m2",
}
_TRAINING_FLAGS = ("train", "training")
_STATISTICS = "running_mean"
_FLOW = frozenset(["higher_order::cond", "higher_order::while_loop", "higher_order::map_impl"])


def read(container: TorchZip) -> ModelInfo:
    """ModelInfo of a .pt2 file."""
    names = container.under("models/", ".json")
    if EXPORTED_PROGRAM in container.names:
        names = [EXPORTED_PROGRAM]
    if not names:
        return _without_graph()
    program = container.json(names[0])
    try:
        return _info(container, program, names)
    except (AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError) as error:
        what = f"{type(error).__name__} {error}"
        raise Malformed(
            f"the exported program is not as its schema says ({what})",
            where=f"{container.name}: {names[0]}",
        ) from None


def _without_graph() -> ModelInfo:
    note = "no exported graph inside: compiled by AOTInductor, or not a torch.export file"
    return ModelInfo(
        framework=FRAMEWORK,
        format="pt2",
        producer="pytorch",
        notes=(note,),
        facts=PyTorchFacts(),
    )


def _info(container: TorchZip, program: Any, names: list[str]) -> ModelInfo:
    module = program["graph_module"]
    graph, signature = module["graph"], module["signature"]
    values: Mapping[str, Any] = graph["tensor_values"]
    specs = list(_specs(signature["input_specs"]))
    parameters = [_tensor(values[n]) for kind, n in specs if kind == "parameter"]
    buffers = [_tensor(values[n]) for kind, n in specs if kind == "buffer"]
    inputs = [name for kind, name in specs if kind == "user_input"]
    operators = Counter(_operator(node["target"]) for node in graph["nodes"])
    weights, everything = total(parameters), total([*parameters, *buffers])
    devices = {_device(value) for value in values.values()} - {"cpu"}
    tree = _call_signature(module)
    output_type = str(_tree(tree.get("out_spec"))["type"] or "")
    return ModelInfo(
        framework=FRAMEWORK,
        format="pt2",
        producer=f"torch {program['torch_version']}" if "torch_version" in program else "pytorch",
        versions=_versions(container, program),
        signature=_signature(values, inputs, signature),
        operators=dict(sorted(operators.items())),
        parameters=weights.elements,
        parameter_bytes=weights.bytes,
        dtypes=everything.dtypes,
        notes=(f"holds {len(names)} programs; this is {names[0]}",) if len(names) > 1 else (),
        facts=ExportedFacts(
            training=tuple(_training(graph["nodes"])),
            training_attribute=None,
            devices=tuple(sorted(devices)),
            code_devices=(),
            random=_random(operators),
            called_in={},
            folded=(),
            unreached=(),
            order=(),
            calls={},
            control_flow=tuple(sorted(_FLOW & set(operators))),
            origin="exported",
            input_names=tuple(inputs),
            input_types={n: "Tensor" if n in values else "scalar" for n in inputs},
            nested_inputs=_nested(tree, inputs, values),
            output_type=output_type.removeprefix("builtins.") or "Tensor",
            dict_outputs="dict" in output_type.lower(),
            stored_inputs=True,
            custom_ops=_custom_operators(operators),
            globals=(),
            executing=(),
            generated_files=tuple(names),
            records=tuple(sorted(n for n in container.names if not n.startswith("data/"))),
            root_class="",
            buffers=total(buffers).elements,
            buffer_bytes=total(buffers).bytes,
            constants=0,
            constant_bytes=0,
            frozen=False,
            mobile=False,
            symbolic_dims={n: _symbols(values[n]) for n in inputs if n in values},
        ),
    )


def _versions(container: TorchZip, program: Any) -> dict[str, str]:
    schema = program.get("schema_version")
    versions = {
        "torch": program.get("torch_version", ""),
        "schema": f"{schema['major']}.{schema['minor']}" if isinstance(schema, dict) else "",
        "file_format": container.text(".data/version") or container.text("version"),
    }
    for domain, version in (program.get("opset_version") or {}).items():
        versions[f"opset {domain}"] = version
    return {name: str(version) for name, version in versions.items() if version != ""}


def _specs(rows: Any) -> Iterator[tuple[str, str]]:
    """Kind and graph name of each input: ``{"parameter": {"arg": {"name": ...}, ...}}``."""
    for row in rows:
        for kind, spec in row.items():
            argument = spec.get("arg", {}) if isinstance(spec, dict) else {}
            yield kind, str(_named(argument))


def _named(argument: Any) -> Any:
    if "name" in argument:
        return argument["name"]
    inside: Any = next(iter(argument.values()), {})
    return inside.get("name", "") if isinstance(inside, dict) else ""


def _tensor(meta: Any) -> StoredTensor:
    shape = sizes([n if n is not None else 0 for n in _shape(meta)])
    return StoredTensor(dtype=_dtype(meta), shape=shape, device=_device(meta))


def _dtype(meta: Any) -> str:
    return _DTYPES.get(meta["dtype"], "?")


def _device(meta: Any) -> str:
    device = meta["device"]
    index = device.get("index")
    return str(device["type"]) if index is None else f"{device['type']}:{index}"


def _shape(meta: Any) -> Shape:
    return tuple(size.get("as_int") for size in meta["sizes"])


def _symbols(meta: Any) -> tuple[str | None, ...]:
    """Names of the free dims: ``Symbol('s23', positive=True, integer=True)`` is s23."""
    symbols: list[str | None] = []
    for size in meta["sizes"]:
        text = str(size.get("as_expr", {}).get("expr_str", ""))[:1000]
        name = re.search(r"Symbol\('(\w+)'", text)
        symbols.append(name.group(1) if name else (text or None))
    return tuple(symbols)


def _signature(values: Mapping[str, Any], inputs: list[str], signature: Any) -> Signature:
    outputs = [n for kind, n in _specs(signature["output_specs"]) if kind == "user_output"]
    return Signature(
        inputs=tuple(_spec(n, values[n]) for n in inputs if n in values),
        outputs=tuple(_spec(n, values[n]) for n in outputs if n in values),
    )


def _spec(name: str, meta: Any) -> TensorSpec:
    return TensorSpec(name=name, dtype=_dtype(meta), shape=_shape(meta))


def _operator(target: str) -> str:
    """``aten::conv2d`` for ``torch.ops.aten.conv2d.default``; the overload is left out."""
    parts = target.removeprefix("torch.ops.").split(".")
    if not target.startswith("torch.ops.") or len(parts) < 2:
        return target[:200]
    return f"{parts[0]}::{parts[1]}"


def _training(nodes: Any) -> Iterator[str]:
    for node in nodes:
        arguments = {argument["name"]: argument["arg"] for argument in node["inputs"]}
        flags = [arguments[flag] for flag in _TRAINING_FLAGS if flag in arguments]
        has_statistics = _STATISTICS not in arguments or "as_none" not in arguments[_STATISTICS]
        if has_statistics and any(flag.get("as_bool") is True for flag in flags):
            yield f"{_operator(node['target'])} in {node.get('name') or 'the graph'}"


def _call_signature(module: Any) -> dict[str, Any]:
    """How the root module is called: its inputs and outputs as pytree specs."""
    root: dict[str, Any] = next((c for c in module["module_call_graph"] if c["fqn"] == ""), {})
    return root.get("signature") or {}


def _nested(
    tree: Mapping[str, Any], inputs: list[str], values: Mapping[str, Any]
) -> tuple[str, ...]:
    """The inputs that were nested before torch.export flattened them, or are not tensors."""
    groups = _tree(tree.get("in_spec"))["children_spec"]
    arguments = [argument for group in groups for argument in _kids(group)]
    if any(_kids(argument) for argument in arguments):
        return tuple(inputs)
    return tuple(name for name in inputs if name not in values)


def _custom_operators(operators: Iterable[str]) -> tuple[str, ...]:
    own = ("aten::", "prim::", "higher_order::")
    return tuple(sorted(n for n in operators if "::" in n and not n.startswith(own)))


def _random(operators: Iterable[str]) -> tuple[str, ...]:
    names = sorted(set(operators) & facts.torch_random())
    return tuple(f"graph: {name.removeprefix('aten::')} in forward" for name in names)


def _tree(text: Any) -> dict[str, Any]:
    """A pytree's spec is a JSON text inside the JSON: ``[1, {type, context, children}]``."""
    empty: dict[str, Any] = {"type": None, "children_spec": []}
    if not isinstance(text, str):
        return empty
    parsed = json.loads(text)
    return parsed[1] if isinstance(parsed, list) and len(parsed) > 1 else empty


def _kids(spec: Any) -> list[Any]:
    kids = spec["children_spec"]
    return kids if isinstance(kids, list) else []
