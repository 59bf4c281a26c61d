"""The inputs that a user asks for, of a model whose file declares its own."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.errors import UsageError
from neopack.frameworks.binding import unknown_input
from neopack.goldens import inputs
from neopack.values.signature import InputRequest, TensorSpec

__all__ = ["requests_of"]


def requests_of(
    specs: Sequence[TensorSpec],
    requests: Sequence[InputRequest],
    where: str,
    *,
    callee: str = "the model",
) -> tuple[InputRequest, ...]:
    """One request for each input, in the model's order and in its dtypes.

    Raises ``UsageError`` for an input that the model lacks, for another shape or dtype, and for
    dims that the file leaves free and nobody fixes.
    """
    by_name = {spec.name: spec for spec in specs}
    for request in requests:
        if request.name not in by_name:
            raise unknown_input(request.name, list(by_name), where, callee=callee)
        _refuse_misfit(request, by_name[request.name], where)
    wanted = {request.name: request for request in requests}
    return tuple(_request(spec, wanted.get(spec.name)) for spec in specs)


def _request(spec: TensorSpec, request: InputRequest | None) -> InputRequest:
    if request is None:
        return inputs.request_of(spec)
    return InputRequest(
        name=spec.name, shape=request.shape, dtype=request.dtype or spec.dtype, below=request.below
    )


def _refuse_misfit(request: InputRequest, spec: TensorSpec, where: str) -> None:
    fits = len(request.shape) == len(spec.shape) and all(
        dim in (None, size) for size, dim in zip(request.shape, spec.shape, strict=True)
    )
    if not fits or request.dtype not in (None, spec.dtype):
        raise UsageError(
            f"input {request.name!r} is {spec.dtype} {_shown(spec)}, not "
            f"{request.dtype or spec.dtype} {list(request.shape)}",
            where=where,
        )


def _shown(spec: TensorSpec) -> str:
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in spec.shape) + "]"
