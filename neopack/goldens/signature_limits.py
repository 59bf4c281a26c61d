"""What a signature from a file may say: a manifest may come from a stranger, or from an editor."""

from __future__ import annotations

from math import prod

from neopack.errors import Malformed
from neopack.goldens.inputs import DTYPES
from neopack.values.signature import Signature, TensorSpec

__all__ = ["LARGEST_RANK", "LARGEST_SIZE", "refuse_impossible"]

# NumPy's own (numpy.org, "NPY_MAXDIMS", 2.0)
LARGEST_RANK = 64
# elements: far beyond what a request to an endpoint holds
LARGEST_SIZE = 1 << 30


def refuse_impossible(signature: Signature, where: str) -> None:
    """Raise ``Malformed`` if no model can have these inputs and outputs."""
    if not signature.outputs:
        raise Malformed(
            "its signature has no outputs", where=where, hint="package the model again"
        )
    for specs in (signature.inputs, signature.outputs):
        names = [spec.name for spec in specs]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise Malformed(f"{twice!r} is in the signature twice", where=where)
    for spec in (*signature.inputs, *signature.outputs):
        reason = _fault(spec)
        if reason:
            raise Malformed(f"{spec.name!r} {reason}", where=where, hint="package the model again")
    batches = signature.batches
    if batches is not None and not (
        len(batches) == 2 and 1 <= batches[0] <= batches[1] <= LARGEST_SIZE
    ):
        raise Malformed(f"{list(batches)} is not a range of batches", where=where)
    for spec in signature.inputs:
        if spec.dtype not in DTYPES:
            raise Malformed(
                f"input {spec.name!r} has dtype {spec.dtype!r:.40}",
                where=where,
                hint=f"there are {', '.join(sorted(DTYPES))}",
            )


def _fault(spec: TensorSpec) -> str:
    if len(spec.shape) > LARGEST_RANK:
        return f"has {len(spec.shape)} dims, and NumPy takes {LARGEST_RANK}"
    dims = [1 if dim is None else dim for dim in spec.shape]
    if any(dim < 0 for dim in dims):
        return f"has shape {dims}, with a negative dim"
    if prod(dims) > LARGEST_SIZE:
        return f"has {prod(dims):.0e} elements, over the limit of {LARGEST_SIZE:.0e}"
    return ""
