"""The inputs that were asked for, held against those that a model is known to have."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.errors import UsageError
from neopack.frameworks.binding import unknown_input
from neopack.goldens import inputs
from neopack.values.signature import InputRequest, TensorSpec

__all__ = ["request_for", "requests_of"]

HINT = "give --input NAME=1,224,224,3 for each input"


def requests_of(
    specs: Sequence[TensorSpec], requests: Sequence[InputRequest], where: str
) -> list[InputRequest]:
    """One request for each input that is known, else just those asked for."""
    if not specs:
        if not requests:
            raise UsageError("the inputs are not known", where=where, hint=HINT)
        return list(requests)
    names = [spec.name for spec in specs]
    by_name = {request.name: request for request in requests}
    for name in by_name:
        if name not in names:
            raise unknown_input(name, names, where)
    return [request_for(spec, by_name.get(spec.name), where) for spec in specs]


def request_for(spec: TensorSpec, request: InputRequest | None, where: str) -> InputRequest:
    if request is None:
        if not spec.shape:
            raise UsageError(
                f"input {spec.name!r} has no dims, or none that are known",
                where=where,
                hint=f"give it a value with --constant {spec.name}=1, or a shape with "
                f"--input {spec.name}=1,224,224,3",
            )
        return inputs.request_of(spec)
    rank = len(spec.shape) in (0, len(request.shape))
    fits = all(a in (None, b) for a, b in zip(spec.shape, request.shape, strict=False))
    if not (rank and fits) or request.dtype not in (None, spec.dtype):
        shown = ", ".join("?" if dim is None else str(dim) for dim in spec.shape)
        raise UsageError(
            f"input {spec.name!r} is {spec.dtype} [{shown}], not "
            f"{request.dtype or spec.dtype} {list(request.shape)}",
            where=where,
        )
    return InputRequest(name=spec.name, shape=request.shape, dtype=spec.dtype, below=request.below)
