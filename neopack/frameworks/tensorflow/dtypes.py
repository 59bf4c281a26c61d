"""TensorFlow's DataType: numbers, names and numpy's words (types.proto at v2.21.0)."""

from __future__ import annotations

__all__ = ["DTYPES", "NAMES", "REFERENCE", "dtype_of"]

# number: its name after DT_, numpy's word (or ml_dtypes'), bits of an element
_ROWS = (
    (1, "FLOAT", "float32", 32),
    (2, "DOUBLE", "float64", 64),
    (3, "INT32", "int32", 32),
    (4, "UINT8", "uint8", 8),
    (5, "INT16", "int16", 16),
    (6, "INT8", "int8", 8),
    (7, "STRING", "str", 0),
    (8, "COMPLEX64", "complex64", 64),
    (9, "INT64", "int64", 64),
    (10, "BOOL", "bool", 8),
    (11, "QINT8", "qint8", 8),
    (12, "QUINT8", "quint8", 8),
    (13, "QINT32", "qint32", 32),
    (14, "BFLOAT16", "bfloat16", 16),
    (15, "QINT16", "qint16", 16),
    (16, "QUINT16", "quint16", 16),
    (17, "UINT16", "uint16", 16),
    (18, "COMPLEX128", "complex128", 128),
    (19, "HALF", "float16", 16),
    (20, "RESOURCE", "resource", 0),
    (21, "VARIANT", "variant", 0),
    (22, "UINT32", "uint32", 32),
    (23, "UINT64", "uint64", 64),
    (24, "FLOAT8_E5M2", "float8_e5m2", 8),
    (25, "FLOAT8_E4M3FN", "float8_e4m3fn", 8),
    (26, "FLOAT8_E4M3FNUZ", "float8_e4m3fnuz", 8),
    (27, "FLOAT8_E4M3B11FNUZ", "float8_e4m3b11fnuz", 8),
    (28, "FLOAT8_E5M2FNUZ", "float8_e5m2fnuz", 8),
    (29, "INT4", "int4", 4),
    (30, "UINT4", "uint4", 4),
    (31, "INT2", "int2", 2),
    (32, "UINT2", "uint2", 2),
    (33, "FLOAT4_E2M1FN", "float4_e2m1fn", 4),
)
# a reference to a variable of TensorFlow 1 has the number of its type and this
REFERENCE = 100
DTYPES: dict[int, tuple[str, int]] = {number: (word, bits) for number, _, word, bits in _ROWS}
NAMES: dict[str, int] = {"DT_INVALID": 0} | {
    f"DT_{name}{suffix}": number + more
    for number, name, _, _ in _ROWS
    for suffix, more in (("", 0), ("_REF", REFERENCE))
}


def dtype_of(code: int) -> tuple[str, int]:
    """(numpy's word, bits of an element); nothing for a type that is not stated."""
    plain = code - REFERENCE if code > REFERENCE else code
    return DTYPES.get(plain, (f"type {code}" if code else "", 0))
