"""Serve an ONNX or Keras model that SageMaker Neo compiled, in SageMaker's DLR containers.

The container calls neo_preprocess with a request, runs the model on the arrays that it returns,
and answers with the result of neo_postprocess. An exception in neo_preprocess becomes an answer
with status 400.

The container takes only one .py file, so keep all code in this one. Written for Python 3.6.
"""

import io
import json

import numpy as np

# The model's inputs: [("data", "float32")]. With more than one, requests name each.
INPUTS = [("data", "float32")]

JSON, NPY, NPZ = "application/json", "application/x-npy", "application/x-npz"


def neo_preprocess(payload, content_type):
    """Return an array for a model with one input, otherwise a dict of arrays by name."""
    kind = content_type.split(";")[0].strip().lower()
    body = payload.encode() if isinstance(payload, str) else bytes(payload)
    if kind == JSON:
        values = json.loads(body.decode("utf-8"))
    elif kind == NPY:
        values = np.load(io.BytesIO(body), allow_pickle=False)
    elif kind == NPZ:
        values = dict(np.load(io.BytesIO(body), allow_pickle=False))
    else:
        raise ValueError(f"content type {kind} is not one of {JSON}, {NPY}, {NPZ}")
    return _arrays(values)


def neo_postprocess(result):
    """Return the body and its content type; ``result`` is an array, or a list of several."""
    several = isinstance(result, (list, tuple))
    lists = [np.asarray(each).tolist() for each in (result if several else [result])]
    return json.dumps(lists if several else lists[0]), JSON


def _arrays(values):
    if not isinstance(values, dict):
        if len(INPUTS) != 1:
            raise ValueError("the model has several inputs: name each")
        return np.array(values, INPUTS[0][1])
    names = [name for name, _ in INPUTS]
    if set(values) != set(names):
        raise ValueError(f"the model takes {sorted(names)}, not {sorted(values)}")
    arrays = {name: np.array(values[name], dtype) for name, dtype in INPUTS}
    return arrays if len(arrays) > 1 else arrays[names[0]]
