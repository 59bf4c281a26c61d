"""Golden inputs as a request to an endpoint, and its answer compared with the golden outputs."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from neopack.errors import Malformed, UsageError
from neopack.facts.hosting import RequestForm
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.serving.bodies import LARGEST_BODY, Body
from neopack.serving.tensor_bytes import npy_array
from neopack.values.artifact import Array

__all__ = ["body", "compared", "encoded"]

ONE_ARRAY = frozenset({"text/csv", "application/x-npy"})


def body(goldens: Path, form: RequestForm) -> bytes:
    """The golden inputs as the container takes them. Raises ``UsageError`` where they do not
    fit into a request."""
    inputs, _ = load_goldens(goldens)
    return encoded(inputs, form)


def encoded(inputs: Mapping[str, Array], form: RequestForm) -> bytes:
    """The inputs as the container takes them. Raises ``UsageError`` where they do not fit into a
    request."""
    data = _encoded(inputs, form)
    if len(data) > LARGEST_BODY:
        raise UsageError(f"the inputs are {len(data)} bytes; a request takes {LARGEST_BODY}")
    return data


def _encoded(inputs: Mapping[str, Array], form: RequestForm) -> bytes:
    import numpy as np

    if form.content_type in ONE_ARRAY and len(inputs) != 1:
        raise UsageError(
            f"{form.content_type} holds one input, and the model has {len(inputs)}",
            hint="send application/json",
        )
    first = next(iter(inputs.values()))
    if form.content_type == "text/csv":
        rows = first.reshape(len(first), -1)
        return "\n".join(",".join(str(value) for value in row.tolist()) for row in rows).encode()
    if form.content_type == "application/x-npy":
        stream = io.BytesIO()
        np.save(stream, first)
        return stream.getvalue()
    if form.content_type != "application/json":
        raise UsageError(f"golden inputs are not sent as {form.content_type}")
    lists = {name: array.tolist() for name, array in inputs.items()}
    # one input goes without its name, which a compiler may have changed
    value: Any = lists if len(lists) > 1 else next(iter(lists.values()))
    return json.dumps({form.wrap: value} if form.wrap else value).encode()


def compared(golden: Mapping[str, Array], answer: Body) -> float | None:
    """The largest difference from the outputs ``golden``, relative to the largest of them; None
    where the answer has another form than the model's outputs."""
    outputs = _decoded(answer, golden)
    try:
        return None if outputs is None else difference(golden, outputs)
    except (Malformed, ValueError):
        return None


def _decoded(answer: Body, golden: Mapping[str, Array]) -> dict[str, Array] | None:
    import numpy as np

    kind = answer.kind.partition(";")[0].strip()
    try:
        if kind == "text/csv":
            words = answer.data.decode().replace("\n", ",").split(",")
            value: Any = [float(word) for word in words if word.strip()]
        elif kind == "application/x-npy":
            value = npy_array(answer.data)
        else:
            value = json.loads(answer.data)
        if isinstance(value, dict) and set(value) == {"predictions"}:
            value = value["predictions"]
        named = value if isinstance(value, dict) else {next(iter(golden)): value}
        return {
            name: np.asarray(named[name], array.dtype).reshape(array.shape)
            for name, array in golden.items()
        }
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return None
