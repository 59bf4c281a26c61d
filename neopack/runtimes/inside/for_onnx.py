"""Tasks of ONNX: check a file with the onnx package of that version, run it in the ONNX Runtime
of its time."""

import platform
import re

import numpy
import onnx
import onnx_bytes
import onnxruntime

UNSIGNED = (
    "operators of int8 are computed with the same numbers as uint8: products of int8 saturate on "
    "some CPUs"
)
WRITTEN_OUT = "{}: computed by other operators, for onnxruntime {} lacks them as they are here"
_loaded = {}


def versions(data, arrays):
    return {
        "onnx": onnx.__version__,
        "onnxruntime": onnxruntime.__version__,
        "numpy": numpy.__version__,
        "python": platform.python_version(),
    }, {}


def load(data, arrays):
    """The handle of the model in ``data["path"]``, which must pass the checker."""
    model = onnx.load(data["path"])
    onnx.checker.check_model(model)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = data.get("threads") or 0
    if is_quantized(model):
        # its optimizations compute in integers what the file says in floats
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    remarks = []
    names = onnx_bytes.written_out(model)
    if names:
        remarks.append(WRITTEN_OUT.format(", ".join(names), onnxruntime.__version__))
    exact = onnx_bytes.unsigned(model)
    if exact is not None:
        remarks.append(UNSIGNED)
        model = exact
    source = model.SerializeToString() if remarks else data["path"]
    _loaded[data["path"]] = onnxruntime.InferenceSession(source, options)
    return {"model": data["path"], "remarks": remarks}, {}


def is_quantized(model):
    operators = [node.op_type for node in model.graph.node]
    return any(re.match("Q[A-Z]|.*(Quantize|Dequantize|Integer)", name) for name in operators)


def predict(data, arrays):
    session = _loaded[data["model"]]
    names = [output.name for output in session.get_outputs()]
    return None, dict(zip(names, session.run(names, arrays)))


def release(data, arrays):
    del _loaded[data["model"]]
    return None, {}


def schemas(data, arrays):
    """How this version writes each operator: the least and the most inputs and outputs, and the
    attributes with whether they are required."""
    return [
        {
            "domain": each.domain,
            "name": each.name,
            "opset": each.since_version,
            "gone": each.deprecated,
            "inputs": [each.min_input, each.max_input],
            "outputs": [each.min_output, each.max_output],
            "attributes": {name: value.required for name, value in each.attributes.items()},
        }
        for each in onnx.defs.get_all_schemas_with_history()
    ], {}


TASKS = {
    "versions": versions,
    "schemas": schemas,
    "load": load,
    "predict": predict,
    "release": release,
}
