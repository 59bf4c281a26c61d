"""A linear model of another framework as plain operators of ONNX, with golden numbers of its
own."""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping, Sequence
from typing import Any

from neopack.errors import UsageError
from neopack.frameworks import ExportTask
from neopack.frameworks.linear import INPUT, OUTPUT, LinearModel
from neopack.frameworks.onnx.computing import refuse_otherwise, runner_of
from neopack.goldens import inputs
from neopack.goldens.cases import GoldenCase
from neopack.values.log import Log
from neopack.values.model import ExportedModel, Member
from neopack.values.signature import InputRequest, Signature

__all__ = ["export_linear"]

OPSET, IR = 12, 7
# both add up in float32, in another order
ALLOWED = 1e-4
MISSING_EVERY = 3
# the logarithm of the largest float32
MOST = 88.7
REPORT = "please report it with the model"
TOLD = {
    "": "MatMul and Add",
    "argmax": "MatMul, Add and ArgMax",
    "exp": "MatMul, Add and Exp",
    "sigmoid": "MatMul, Add, and a logistic function of Exp",
    "softmax": "MatMul, Add and Softmax",
    "step": "MatMul, Add and Greater",
}


def export_linear(model: LinearModel, task: ExportTask, file: str, log: Log) -> ExportedModel:
    """``staging/FILE``, and the golden numbers of the model itself. Raises ``UsageError`` where
    the input asked for is not the model's, ``ExportFailed`` where the two differ."""
    request = _request(task, len(model.weights))
    target, where = task.staging / file, task.source.where
    target.write_bytes(_written(model, request))
    cases = _cases(model, task, request)
    refuse_otherwise(cases, runner_of(target, where), ALLOWED, where, hint=REPORT)
    rewrite = f"{model.title} became {TOLD[model.transform]}"
    log.note(rewrite)
    return ExportedModel(
        framework="ONNX",
        members=(Member(name=file, path=target),),
        signature=Signature(
            inputs=inputs.specs(cases[0].inputs), outputs=inputs.specs(cases[0].outputs)
        ),
        goldens=task.save_goldens(cases),
        versions={**model.versions, "python": platform.python_version()},
        rewrites=(rewrite,),
    )


def _request(task: ExportTask, columns: int) -> InputRequest:
    first, *more = task.inputs or (InputRequest(name=INPUT, shape=(1, columns)),)
    fits = len(first.shape) == 2 and first.shape[1] == columns
    if more or first.name != INPUT or not fits or first.dtype not in (None, "float32"):
        raise UsageError(
            f"the model takes one input of float32 {INPUT!r} [rows, {columns}]",
            hint=f"leave --input out, or give --input {INPUT}=16,{columns}",
        )
    return first


def _cases(model: LinearModel, task: ExportTask, request: InputRequest) -> Sequence[GoldenCase]:
    """Those of every framework, and one with missing values."""
    examples = task.examples((request,))
    rows = examples[INPUT].copy()
    rows.ravel()[::MISSING_EVERY] = math.nan
    if not math.isnan(model.missing):
        rows.ravel()[1::MISSING_EVERY] = model.missing
    missing = GoldenCase(
        name="missing", inputs={INPUT: rows}, outputs=model.predict({INPUT: rows})
    )
    outputs: Mapping[str, Any] = model.predict(examples)
    return (*task.golden_cases((request,), examples, outputs, model.predict), missing)


# --- the file -------------------------------------------------------------------------------


def _written(model: LinearModel, request: InputRequest) -> bytes:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    single = model.weights.shape[1] == 1 or model.transform == "argmax"
    shape = [request.shape[0]] if single else [request.shape[0], model.weights.shape[1]]
    arrays = {
        "weights": model.weights,
        "offsets": model.offsets,
        "zero": np.zeros((), np.float32),
        "one": np.ones((), np.float32),
        "most": np.array(MOST, np.float32),
        "missing": np.array(model.missing, np.float32),
    }
    nodes = [*_known(model), *_scores(), *_transformed(model, single=single)]
    used = {name for node in nodes for name in node.input}
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, request.shape)],
        [helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, shape)],
        [numpy_helper.from_array(a, name) for name, a in arrays.items() if name in used],
    )
    opset = helper.make_opsetid("", OPSET)
    written = helper.make_model(graph, opset_imports=[opset], ir_version=IR)
    return bytes(written.SerializeToString(deterministic=True))


def _known(model: LinearModel) -> list[Any]:
    """The rows, with zero where a number is missing."""
    from onnx import helper

    nodes, missing = [helper.make_node("IsNaN", [INPUT], ["nan"])], "nan"
    if not math.isnan(model.missing):
        nodes += [
            helper.make_node("Equal", [INPUT, "missing"], ["named"]),
            helper.make_node("Or", ["nan", "named"], ["absent"]),
        ]
        missing = "absent"
    return [*nodes, helper.make_node("Where", [missing, "zero", INPUT], ["rows"])]


def _scores() -> list[Any]:
    from onnx import helper

    return [
        helper.make_node("MatMul", ["rows", "weights"], ["products"]),
        helper.make_node("Add", ["products", "offsets"], ["scores"]),
    ]


def _transformed(model: LinearModel, *, single: bool) -> list[Any]:
    """What the objective makes of the scores; a single one in a row without its dim."""
    from onnx import TensorProto, helper

    operator = {"exp": "Exp", "softmax": "Softmax"}.get(model.transform)
    if model.transform == "argmax":
        return [
            helper.make_node("ArgMax", ["scores"], ["best"], axis=1, keepdims=0),
            helper.make_node("Cast", ["best"], [OUTPUT], to=TensorProto.FLOAT),
        ]
    nodes, last = [], "scores"
    if model.transform == "step":
        nodes = [
            helper.make_node("Greater", ["scores", "zero"], ["above"]),
            helper.make_node("Cast", ["above"], ["steps"], to=TensorProto.FLOAT),
        ]
        last = "steps"
    elif model.transform == "sigmoid":
        nodes, last = _logistic(), "transformed"
    elif operator:
        nodes = [helper.make_node(operator, ["scores"], ["transformed"])]
        last = "transformed"
    if single:
        return [*nodes, helper.make_node("Squeeze", [last], [OUTPUT], axes=[1])]
    return [*nodes, helper.make_node("Identity", [last], [OUTPUT])]


def _logistic() -> list[Any]:
    """ONNX Runtime's Sigmoid is an approximation, of few digits where probabilities are small.
    XGBoost bounds what it takes the exponential of (src/common/math.h of 1.3.3)."""
    from onnx import helper

    return [
        helper.make_node("Neg", ["scores"], ["turned"]),
        helper.make_node("Min", ["turned", "most"], ["bounded"]),
        helper.make_node("Exp", ["bounded"], ["odds"]),
        helper.make_node("Add", ["odds", "one"], ["total"]),
        helper.make_node("Reciprocal", ["total"], ["transformed"]),
    ]
