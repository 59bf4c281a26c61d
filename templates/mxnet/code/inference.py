"""Serve an MXNet model that SageMaker Neo compiled, in SageMaker's MXNet containers.

The container calls model_fn once, and input_fn, predict_fn and output_fn for each request.
Requests: application/json, application/x-npy, and application/x-npz for several inputs. Answers:
application/json, application/x-npy.

Fill in INPUTS. Written for Python 3.6 and MXNet 1.8, the version of Neo's containers.
"""

import io
import json
from pathlib import Path

import numpy as np

# The model's inputs, in order: name, shape and dtype.
INPUTS = [("data", (1, 3, 224, 224), "float32")]

JSON, NPY, NPZ = "application/json", "application/x-npy", "application/x-npz"


def model_fn(model_dir):
    """Load the compiled model and call it once, so that no request waits for its warm-up."""
    import mxnet as mx
    import neomx  # noqa: F401 - it registers the operators of compiled models

    symbol = min(Path(model_dir).glob("*-symbol.json"))
    parameters = min(Path(model_dir).glob("*.params"))
    module = mx.mod.Module(
        symbol=mx.sym.load(str(symbol)),
        data_names=[name for name, _, _ in INPUTS],
        label_names=None,
        context=mx.gpu() if mx.context.num_gpus() else mx.cpu(),
    )
    module.bind([mx.io.DataDesc(name, shape, dtype) for name, shape, dtype in INPUTS], None, False)
    saved = mx.nd.load(str(parameters))
    arguments = {name[4:]: array for name, array in saved.items() if name.startswith("arg:")}
    states = {name[4:]: array for name, array in saved.items() if name.startswith("aux:")}
    module.set_params(arguments, states, allow_missing=True)
    predict_fn([np.zeros(shape, dtype) for _, shape, dtype in INPUTS], module)
    return module


def input_fn(request_body, content_type):
    """Return the arrays of a request, in the order of INPUTS."""
    kind = content_type.split(";")[0].strip().lower()
    body = request_body.encode() if isinstance(request_body, str) else bytes(request_body)
    if kind == JSON:
        values = json.loads(body.decode("utf-8"))
    elif kind == NPY:
        values = np.load(io.BytesIO(body), allow_pickle=False)
    elif kind == NPZ:
        values = dict(np.load(io.BytesIO(body), allow_pickle=False))
    else:
        raise ValueError(f"content type {kind} is not one of {JSON}, {NPY}, {NPZ}")
    names = [name for name, _, _ in INPUTS]
    if not isinstance(values, dict):
        values = {names[0]: values}
    if set(values) != set(names):
        raise ValueError(f"the model takes {sorted(names)}, not {sorted(values)}")
    return [np.array(values[name], dtype) for name, _, dtype in INPUTS]


def predict_fn(data, model):
    """Return the outputs of the model as arrays."""
    from mxnet import nd
    from mxnet.io import DataBatch

    model.forward(DataBatch([nd.array(each, dtype=each.dtype) for each in data]), is_train=False)
    return [output.asnumpy() for output in model.get_outputs()]


def output_fn(prediction, accept):
    """Return the body of the answer and its content type; JSON by default."""
    kinds = [kind.split(";")[0].strip().lower() for kind in (accept or "*/*").split(",")]
    if NPY in kinds and len(prediction) == 1:
        stream = io.BytesIO()
        np.save(stream, prediction[0])
        return stream.getvalue(), NPY
    if not {JSON, "application/*", "*/*"}.intersection(kinds):
        raise ValueError(f"accept {accept} is not one of {JSON}, {NPY}")
    lists = [each.tolist() for each in prediction]
    return json.dumps(lists if len(lists) > 1 else lists[0]), JSON
