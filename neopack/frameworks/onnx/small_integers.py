"""The integers of a short tensor, which tell how TVM takes a node: indices, axes."""

from __future__ import annotations

import struct

from neopack.formats.protobuf import VARINT, Field, Walker

__all__ = ["INTEGER_FIELDS", "has_negative"]

# TensorProto: int32_data, int64_data, raw_data
INTEGER_FIELDS = (5, 7, 9)
_RAW = 9
# bytes: longer ones are weights, or tables that cost time to read
_SHORT = 1024
# TensorProto.DataType: int8, int32 and int64 in little endian
_FORMS = {3: "b", 6: "i", 7: "q"}


def has_negative(walker: Walker, part: Field, code: int) -> bool:
    """Whether one of few integers is below zero; ``code`` is their DataType."""
    if part.wire != VARINT and part.value > _SHORT:
        return False
    if part.number != _RAW:
        return any(value < 0 for value in list(walker.integers(part)))
    form = _FORMS.get(code)
    if form is None or part.value % struct.calcsize(form):
        return False
    return any(value < 0 for (value,) in struct.iter_unpack(f"<{form}", walker.raw(part)))
