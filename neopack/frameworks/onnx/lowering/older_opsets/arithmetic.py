"""Arithmetic and comparisons before they took integers, or were there at all.

Each first line says what a node becomes. Source: onnx/onnx docs/Changelog.md (2026).
"""

from __future__ import annotations

from neopack.frameworks.onnx.lowering.rewrite_site import NotInOnnx, Site

__all__ = [
    "bit_shift", "clip", "clip_integers", "compare", "equal", "extreme", "is_infinite", "is_nan",
    "mean", "modulo", "not_apart", "power", "reduce_bytes", "round_to_even", "sign", "sum_of",
]  # fmt: skip

COMPARED = "by comparisons"


def extreme(site: Site) -> str:
    """of integers, Where one is the larger"""
    if _floating(site):
        site.keep()
        return ""
    kind, (first, *rest) = site.dtype(), _integers(site)
    operator = "Greater" if site.node.op_type == "Max" else "Less"
    for other in rest:
        extremum = site.emit(operator, first, other)
        first = site.emit("Where", extremum, first, other)
    _into(site, first, kind)
    return COMPARED


def clip_integers(site: Site) -> str:
    """of integers, Where one is past a bound"""
    if _floating(site):
        site.keep()
        return ""
    kind, (value, *bounds) = site.dtype(), _integers(site)
    for operator, bound in zip(("Less", "Greater"), bounds, strict=False):
        if bound:
            past = site.emit(operator, value, bound)
            value = site.emit("Where", past, bound, value)
    _into(site, value, kind)
    return COMPARED


def clip(site: Site) -> str:
    """constant bounds are attributes, others Max and Min"""
    import numpy as np
    from onnx import TensorProto, helper

    kind = site.dtype()
    limits = np.finfo(helper.tensor_dtype_to_np_dtype(kind))
    # a bound that is left out is the type's own, even for what is infinite
    bounds = {"min": float(limits.min), "max": float(limits.max)}
    known = {}
    for place, key in enumerate(bounds, start=1):
        bound = site.values.constant(site.input(place)) if site.input(place) else None
        if bound is not None or not site.input(place):
            known[key] = bounds[key] if bound is None else float(bound.reshape(-1)[0])
    if kind == TensorProto.FLOAT and len(known) == len(bounds):
        site.emit("Clip", site.input(0), into=site.output(0), **known)
        return "bounds are attributes"
    least, most = (
        site.input(place) or site.number(bounds[key], key)
        for place, key in enumerate(bounds, start=1)
    )
    above = site.emit("Max", site.input(0), least)
    site.emit("Min", above, most, into=site.output(0))
    return "Max and Min"


def power(site: Site) -> str:
    """one type for both; of integers, products"""
    kind, other = site.dtype(0), site.dtype(1)
    if _floating(site):
        if kind == other:
            site.keep()
            return ""
        raised = site.emit("Cast", site.input(1), to=kind)
        site.keep(inputs=[site.input(0), raised])
        return "one type for both"
    exponent = site.values.constant(site.input(1))
    if (
        exponent is None
        or exponent.size != 1
        or not 1 <= exponent.reshape(-1)[0] <= 8
        or exponent.ndim
    ):
        raise NotInOnnx("Pow of integers", "Pow of float32, or Mul")
    times = int(exponent.reshape(-1)[0])
    if times != exponent.reshape(-1)[0]:
        raise NotInOnnx("Pow of integers", "Pow of float32, or Mul")
    value = site.input(0)
    for _ in range(times - 1):
        value = site.emit("Mul", value, site.input(0))
    site.emit("Identity", value, into=site.output(0))
    return "products"


def round_to_even(site: Site) -> str:
    """Floor, and what is past half of it"""
    import numpy as np
    from onnx import helper

    x = site.input(0)
    # beyond, every number is whole; infinite ones stay out of the arithmetic
    digits = np.finfo(helper.tensor_dtype_to_np_dtype(site.dtype())).nmant
    most, least = (site.number(sign * 2.0**digits, "bound") for sign in (1, -1))
    near = site.emit("Max", site.emit("Min", x, most), least)
    half, two = site.number(0.5, "half"), site.number(2, "two")
    floor = site.emit("Floor", near)
    past = site.emit("Sub", near, floor)
    above = site.emit("Greater", past, half)
    level = site.emit("Not", site.emit("Or", above, site.emit("Less", past, half)))
    even = site.emit("Mul", site.emit("Floor", site.emit("Mul", floor, half)), two)
    odd = site.emit("Mul", _number(site, level), site.emit("Sub", floor, even))
    rounded = site.emit("Add", floor, site.emit("Add", _number(site, above), odd))
    site.emit("Add", rounded, site.emit("Sub", x, near), into=site.output(0))
    return "Floor and comparisons"


def _number(site: Site, truth: str) -> str:
    return site.emit("Cast", truth, to=site.dtype())


def modulo(site: Site) -> str:
    """of integers, what Div leaves, with the divisor's sign"""
    if _floating(site):
        raise NotInOnnx("Mod of floating point", "Sub, Mul, Floor and Div")
    kind, (value, by) = site.dtype(), _integers(site)
    whole = site.emit("Mul", site.emit("Div", value, by), by)
    remainder = site.emit("Sub", value, whole)
    if not site.attribute("fmod", 0):
        narrow = site.wide(kind)
        zero = site.number(0, "zero", narrow)
        signs = [site.emit("Less", operand, zero) for operand in (remainder, by)]
        none = site.emit("Equal", remainder, zero)
        turned = site.emit("And", site.emit("Xor", *signs), site.emit("Not", none))
        remainder = site.emit(
            "Add", remainder, site.emit("Mul", site.emit("Cast", turned, to=narrow), by)
        )
    _into(site, remainder, kind)
    return "what Div leaves"


def bit_shift(site: Site) -> str:
    """Mul or Div by a constant power of two"""
    import numpy as np
    from onnx import TensorProto, helper

    kind = site.dtype()
    if kind == TensorProto.UINT64:
        raise NotInOnnx("BitShift of uint64", "Mul or Div of int64")
    bits = 8 * helper.tensor_dtype_to_np_dtype(kind).itemsize
    by = np.minimum(site.constant(1, "shift").astype(np.int64), bits)
    powers = site.weight(np.asarray(2**by), "powers")
    value = site.emit("Cast", site.input(0), to=TensorProto.INT64)
    if site.attribute("direction", "") == "LEFT":
        # what would be pushed out is taken off first: to cast it off is not left to the runtime
        modulus = site.weight(np.asarray(2 ** (bits - by)), "kept")
        lost = site.emit("Mul", site.emit("Div", value, modulus), modulus)
        moved = site.emit("Mul", site.emit("Sub", value, lost), powers)
    else:
        moved = site.emit("Div", value, powers)
    site.emit("Cast", moved, into=site.output(0), to=kind)
    return "Mul or Div by powers of two"


def equal(site: Site) -> str:
    """neither less nor greater, and both numbers; small integers as int64"""
    from onnx import TensorProto

    kind = site.dtype()
    if kind in (TensorProto.BOOL, TensorProto.INT32, TensorProto.INT64):
        site.keep()
        return ""
    if kind == TensorProto.STRING:
        raise NotInOnnx("Equal of strings", "numbers")
    if not _floating(site):
        wide = [site.emit("Cast", name, to=TensorProto.INT64) for name in site.node.input]
        site.keep(inputs=wide)
        return "as int64"
    apart = site.emit(
        "Or", *(site.emit(comparison, *site.node.input) for comparison in ("Less", "Greater"))
    )
    first, second = (_is_number(site, name) for name in site.node.input)
    both = site.emit("And", first, second)
    site.emit("And", site.emit("Not", apart), both, into=site.output(0))
    return COMPARED


def _is_number(site: Site, value: str) -> str:
    """False only for NaN: every number is below 0 or above -1."""
    zero, minus_one = site.number(0, "zero"), site.number(-1, "below")
    return site.emit("Or", site.emit("Less", value, zero), site.emit("Greater", value, minus_one))


def is_nan(site: Site) -> str:
    """neither below 0 nor above -1"""
    site.emit("Not", _is_number(site, site.input(0)), into=site.output(0))
    return COMPARED


def is_infinite(site: Site) -> str:
    """past the largest number"""
    import numpy as np
    from onnx import helper

    x = site.input(0)
    largest = float(np.finfo(helper.tensor_dtype_to_np_dtype(site.dtype())).max)
    above = site.emit("Greater", x, site.number(largest, "largest"))
    below = site.emit("Less", x, site.number(-largest, "least"))
    signs = [
        name
        for name, side in ((above, "detect_positive"), (below, "detect_negative"))
        if site.attribute(side, 1)
    ]
    if signs:
        site.emit("Or", signs[0], signs[-1], into=site.output(0))
    else:
        never = site.emit("And", above, below)
        site.emit("Identity", never, into=site.output(0))
    return COMPARED


def not_apart(site: Site) -> str:
    """Greater, or Less, Or Equal"""
    operator = site.node.op_type.removesuffix("OrEqual")
    first = site.emit(operator, *site.node.input)
    same = site.emit("Equal", *site.node.input)
    site.emit("Or", first, same, into=site.output(0))
    return f"{operator} Or Equal"


def compare(site: Site) -> str:
    """integers as doubles, those of 64 bits in two parts"""
    from onnx import TensorProto

    kind = site.dtype()
    if _floating(site):
        site.keep()
        return ""
    if kind == TensorProto.UINT64:
        raise NotInOnnx(f"{site.node.op_type} of uint64", "int32 or float32")
    if kind != TensorProto.INT64:
        site.keep(inputs=[_double(site, name) for name in site.node.input])
        return "as doubles"
    part = site.number(2**31, "part", kind)
    high = [site.emit("Div", name, part) for name in site.node.input]
    low = [
        site.emit("Sub", name, site.emit("Mul", whole, part))
        for name, whole in zip(site.node.input, high, strict=True)
    ]
    operator = site.node.op_type
    first, second = (
        site.emit(operator, *(_double(site, half) for half in pair)) for pair in (high, low)
    )
    level = site.emit("And", site.emit("Equal", *high), second)
    site.emit("Or", first, level, into=site.output(0))
    return "as doubles, in two parts"


def _double(site: Site, value: str) -> str:
    from onnx import TensorProto

    return site.emit("Cast", value, to=TensorProto.DOUBLE)


def sign(site: Site) -> str:
    """above zero, less below zero"""
    x, zero = site.input(0), site.number(0, "zero")
    above, below = (
        site.emit("Cast", site.emit(comparison, x, zero), to=site.dtype())
        for comparison in ("Greater", "Less")
    )
    if not _floating(site):
        site.emit("Sub", above, below, into=site.output(0))
        return COMPARED
    # NaN stays NaN: what is added is 0, or NaN itself
    near = site.emit("Max", site.emit("Min", x, site.number(1, "most")), site.number(-1, "least"))
    nothing = site.emit("Sub", near, near)
    site.emit("Add", site.emit("Sub", above, below), nothing, into=site.output(0))
    return COMPARED


def reduce_bytes(site: Site) -> str:
    """of bytes, computed in int32"""
    from onnx import TensorProto

    kind = site.dtype()
    if kind not in (TensorProto.INT8, TensorProto.UINT8):
        site.keep()
        return ""
    attributes = {
        attribute.name: site.attribute(attribute.name, None) for attribute in site.node.attribute
    }
    wide = site.emit("Cast", site.input(0), to=TensorProto.INT32)
    reduced = site.emit(site.node.op_type, wide, **attributes)
    site.emit("Cast", reduced, into=site.output(0), to=kind)
    return "computed in int32"


def sum_of(site: Site) -> str:
    """Add of each, which spreads them"""
    site.emit("Identity", _added(site), into=site.output(0))
    return "Add"


def mean(site: Site) -> str:
    """Add of each, and Div"""
    count = site.number(len(site.node.input), "count")
    site.emit("Div", _added(site), count, into=site.output(0))
    return "Add and Div"


def _added(site: Site) -> str:
    total, *rest = site.node.input
    for name in rest:
        total = site.emit("Add", total, name)
    return str(total)


def _floating(site: Site) -> bool:
    from onnx import TensorProto

    return site.dtype() in (TensorProto.FLOAT, TensorProto.DOUBLE, TensorProto.FLOAT16)


def _integers(site: Site) -> list[str]:
    """The inputs in a type that older operators take."""
    kind = site.dtype()
    wide = site.wide(kind)
    return [
        name if not name or wide == kind else site.emit("Cast", name, to=wide)
        for name in site.node.input
    ]


def _into(site: Site, value: str, kind: int) -> None:
    if site.wide(kind) == kind:
        site.emit("Identity", value, into=site.output(0))
    else:
        site.emit("Cast", value, into=site.output(0), to=kind)
