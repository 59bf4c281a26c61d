"""The table of ONNX's operators says of opsets up to 12 what ONNX 1.7.0 itself says."""

from __future__ import annotations

from typing import Any

from neopack import facts, runtimes
from neopack.facts import OnnxParameter
from neopack.frameworks.onnx.schema_rules import least

# an experiment of training that no later ONNX has
NOT_KEPT = {"GraphCall"}
ANY = 2**31 - 1


def test_the_table_agrees_with_the_version_that_neo_has(onnx_1_7_0: runtimes.Worker) -> None:
    schemas, _ = onnx_1_7_0.call("schemas")
    assert len(schemas) > 300
    different = [each for each in schemas if each["name"] not in NOT_KEPT and not agrees(each)]
    assert different == []


def agrees(schema: dict[str, Any]) -> bool:
    own = facts.onnx_schemas(schema["domain"], schema["name"])
    row = next((each for each in own if each.opset == schema["opset"]), None)
    if row is None or schema["gone"]:
        return row is not None and row.gone
    return bool(
        span(row.inputs) == schema["inputs"]
        and span(row.outputs) == schema["outputs"]
        and {name: name in row.required for name in row.attributes} == schema["attributes"]
    )


def span(parameters: tuple[OnnxParameter, ...]) -> list[int]:
    many = any(each.many for each in parameters)
    return [least(parameters), ANY if many else len(parameters)]
