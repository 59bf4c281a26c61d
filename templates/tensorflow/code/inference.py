"""Serve a TensorFlow model that SageMaker Neo compiled, beside TensorFlow Serving.

The container calls input_handler with a request, asks TensorFlow Serving for the JSON that it
returns, and answers with the result of output_handler. Requests: application/json,
application/x-npy, and application/x-npz for several inputs. Answers: application/json.

Written for Python 3.6, as the containers of TensorFlow 1.15 have it.
"""

import io
import json

import numpy as np

JSON, NPY, NPZ = "application/json", "application/x-npy", "application/x-npz"


def input_handler(data, context):
    """Return a request of TensorFlow Serving: {"instances": [...]} or {"inputs": ...}."""
    kind = (context.request_content_type or JSON).split(";")[0].strip().lower()
    body = data.read()
    if kind == JSON:
        values = json.loads(body.decode("utf-8"))
        whole = isinstance(values, dict) and {"instances", "inputs"}.intersection(values)
        return json.dumps(values if whole else {"inputs": values})
    if kind == NPY:
        return json.dumps({"inputs": np.load(io.BytesIO(body), allow_pickle=False).tolist()})
    if kind == NPZ:
        arrays = np.load(io.BytesIO(body), allow_pickle=False)
        return json.dumps({"inputs": {name: arrays[name].tolist() for name in arrays}})
    raise ValueError(f"content type {kind} is not one of {JSON}, {NPY}, {NPZ}")


def output_handler(response, context):
    """Return the body of the answer and its content type."""
    if response.status_code != 200:
        raise ValueError(response.content.decode("utf-8"))
    accept = (context.accept_header or "*/*").lower()
    if not any(kind in accept for kind in (JSON, "application/*", "*/*")):
        raise ValueError(f"accept {context.accept_header} is not {JSON}")
    return response.content, JSON
