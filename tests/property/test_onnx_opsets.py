"""Operators with whatever attributes they may have, below opset 12: they compute what they did, or
are refused."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from hypothesis import given
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper
from onnx_older import apart

from neopack.errors import SourceError
from neopack.facts import onnx_releases
from neopack.frameworks.onnx.lowering.lower import lower
from neopack.frameworks.onnx.run import OnnxRuntimeRunner
from neopack.values.artifact import Array
from neopack.values.signature import Signature

RELEASES = {release.opset: release for release in onnx_releases()}
OPSETS = st.integers(min_value=7, max_value=11)
KINDS = {np.dtype(np.float32): TensorProto.FLOAT, np.dtype(np.int64): TensorProto.INT64}


def shapes(ranks: tuple[int, int] = (1, 4), sizes: int = 6) -> Any:
    return st.lists(st.integers(1, sizes), min_size=ranks[0], max_size=ranks[1]).map(tuple)


def numbers(shape: tuple[int, ...], seed: int = 0) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


def stays(operator: str, data: Array, *constants: Array | None, opset: int, **told: Any) -> bool:
    """One node of opset 12 computes alike in an older one; False where either cannot."""
    names = ["x", *("" if c is None else f"c{at}" for at, c in enumerate(constants))]
    while not names[-1]:
        names.pop()
    weights = [
        numpy_helper.from_array(c, f"c{at}") for at, c in enumerate(constants) if c is not None
    ]
    made_by = ["y", "i"] if operator == "TopK" else ["y"]
    node = helper.make_node(operator, names, made_by, name="node", **told)
    inputs = [helper.make_tensor_value_info("x", KINDS[data.dtype], data.shape)]
    outputs = [helper.make_empty_tensor_value_info(name) for name in made_by]
    graph = helper.make_graph([node], "one", inputs, outputs, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
    made = onnx.shape_inference.infer_shapes(made, data_prop=True)
    try:
        golden = computed(made, {"x": data})
    except Exception:  # noqa: BLE001 - what ONNX Runtime does not compute is no model
        return False
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        path.write_bytes(made.SerializeToString())
        try:
            lower(path, path, RELEASES[opset], {"x": data.shape}, "model.onnx")
        except SourceError as refusal:
            if "nothing for" not in str(refusal):
                raise
            return False
        found = computed(onnx.load(path), {"x": data})
    # cubic weights come to sums of 16 terms
    within = 1e-5 if operator == "Resize" else 2e-6
    assert apart(golden, found, within) == "", (operator, told, constants)
    return True


def computed(made: Any, inputs: dict[str, Array]) -> dict[str, Array]:
    return OnnxRuntimeRunner(made.SerializeToString(), Signature(inputs=())).predict(inputs)


@given(st.data(), shapes(), OPSETS)
def test_slices(data: st.DataObject, shape: tuple[int, ...], opset: int) -> None:
    rank = len(shape)
    axes = data.draw(st.lists(st.integers(0, rank - 1), min_size=1, max_size=rank, unique=True))
    starts, stops, steps = [], [], []
    for axis in axes:
        step = data.draw(st.sampled_from([1, 1, 2, 3, -1, -2]))
        starts.append(data.draw(st.integers(-9, 9)))
        # the largest number is for forward steps: ONNX Runtime takes it for the end either way
        whole = 2**63 - 1 if step > 0 else -(2**63)
        stops.append(data.draw(st.integers(-9, 9) | st.just(whole)))
        steps.append(step)
        axes[axes.index(axis)] -= data.draw(st.sampled_from([0, rank]))
    told = [np.array(one, np.int64) for one in (starts, stops, axes, steps)]
    assert stays("Slice", numbers(shape), *told, opset=opset)


@given(
    st.data(), shapes(), OPSETS, st.sampled_from(["constant", "edge", "reflect"]), st.booleans()
)
def test_pads(
    data: st.DataObject, shape: tuple[int, ...], opset: int, mode: str, whole: bool
) -> None:
    least = -1 if mode == "constant" else 0
    pads = []
    for size in (*shape, *shape):
        most = size - 1 if mode == "reflect" else 3
        pads.append(data.draw(st.integers(least if size > 2 else 0, most)))
    given_ = numbers(shape) * 9
    values = given_.astype(np.int64) if whole else given_
    fill = np.array(7, values.dtype) if mode == "constant" else None
    stays("Pad", values, np.array(pads, np.int64), fill, opset=opset, mode=mode)


@given(
    st.data(),
    st.tuples(st.integers(1, 7), st.integers(1, 7)),
    OPSETS,
    st.sampled_from(["nearest", "linear", "cubic"]),
)
def test_resizes(data: st.DataObject, sizes: tuple[int, int], opset: int, mode: str) -> None:
    way = data.draw(
        st.sampled_from(["half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"])
    )
    rounding = data.draw(
        st.sampled_from(["round_prefer_floor", "round_prefer_ceil", "floor", "ceil"])
    )
    told = {
        "mode": mode, "coordinate_transformation_mode": way, "nearest_mode": rounding,
        "cubic_coeff_a": data.draw(st.sampled_from([-0.75, -0.5])),
    }  # fmt: skip
    none = np.zeros(0, np.float32)
    given_ = numbers((1, 2, *sizes))
    if data.draw(st.booleans()):
        asked = [data.draw(st.integers(1, 14)) for _ in sizes]
        stays(
            "Resize", given_, none, none, np.array([1, 2, *asked], np.int64), opset=opset, **told
        )
    else:
        scales = [data.draw(st.sampled_from([0.5, 1, 1.5, 2, 3])) for _ in sizes]
        stays("Resize", given_, none, np.array([1, 1, *scales], np.float32), opset=opset, **told)


@given(st.data(), st.tuples(st.integers(3, 9), st.integers(3, 9)), OPSETS, st.booleans())
def test_pools(data: st.DataObject, sizes: tuple[int, int], opset: int, largest: bool) -> None:
    kernel = [data.draw(st.integers(1, 3)) for _ in sizes]
    told: dict[str, Any] = {
        "kernel_shape": kernel,
        "strides": [data.draw(st.integers(1, 3)) for _ in sizes],
        "ceil_mode": data.draw(st.integers(0, 1)),
    }
    if data.draw(st.booleans()):
        told["pads"] = [data.draw(st.integers(0, size - 1)) for size in (*kernel, *kernel)]
    else:
        told["auto_pad"] = data.draw(st.sampled_from(["NOTSET", "VALID", "SAME_UPPER"]))
    if not largest:
        told["count_include_pad"] = data.draw(st.integers(0, 1))
    stays("MaxPool" if largest else "AveragePool", numbers((1, 2, *sizes)), opset=opset, **told)


@given(st.data(), shapes(), OPSETS, st.booleans(), st.booleans())
def test_running_sums(
    data: st.DataObject, shape: tuple[int, ...], opset: int, exclusive: bool, reverse: bool
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    values = numbers(shape)
    values.reshape(-1)[0] = data.draw(st.sampled_from([0, np.inf, np.nan]))
    told = {"exclusive": int(exclusive), "reverse": int(reverse)}
    assert stays("CumSum", values, np.array(axis, np.int64), opset=opset, **told)


@given(st.data(), shapes(), OPSETS, st.sampled_from(["Gather", "GatherElements", "GatherND"]))
def test_indices(data: st.DataObject, shape: tuple[int, ...], opset: int, operator: str) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 99)))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    size = shape[axis]
    if operator == "GatherND":
        depth = data.draw(st.integers(1, len(shape)))
        indices = np.stack([random.integers(-n, n, (2, 3)) for n in shape[:depth]], axis=-1)
        assert stays(operator, numbers(shape), indices, opset=opset)
        return
    asked = shape if operator == "GatherElements" else data.draw(shapes((0, 2)))
    indices = random.integers(-size, size, asked)
    assert stays(operator, numbers(shape), np.asarray(indices), opset=opset, axis=axis)


@given(st.data(), shapes(), OPSETS, st.booleans())
def test_the_largest_and_the_smallest(
    data: st.DataObject, shape: tuple[int, ...], opset: int, largest: bool
) -> None:
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    count = data.draw(st.integers(1, shape[axis]))
    k = np.array([count], np.int64)
    assert stays("TopK", numbers(shape), k, opset=opset, axis=axis, largest=int(largest))


@given(st.data(), OPSETS)
def test_einsum(data: st.DataObject, opset: int) -> None:
    sizes = dict(zip("abcde", (2, 3, 1, 4, 2), strict=True))
    terms = [
        "".join(data.draw(st.lists(st.sampled_from("abcde"), unique=True, max_size=4)))
        for _ in range(data.draw(st.integers(1, 3)))
    ]
    seen = sorted(set("".join(terms)))
    wanted = "".join(data.draw(st.permutations(seen)))[: data.draw(st.integers(0, len(seen)))]
    values = [numbers(tuple(sizes[label] for label in term), at) for at, term in enumerate(terms)]
    equation = f"{','.join(terms)}->{wanted}"
    stays("Einsum", values[0], *values[1:], opset=opset, equation=equation)


@given(
    st.lists(st.floats(width=32), min_size=1, max_size=9),
    st.lists(st.floats(width=32), min_size=1, max_size=1),
    OPSETS,
    st.sampled_from(
        ["Equal", "Less", "GreaterOrEqual", "LessOrEqual", "Max", "Min", "Round", "IsNaN", "IsInf",
         "Sign", "Shrink", "ThresholdedRelu", "Celu", "Clip"]
    ),
)  # fmt: skip
def test_any_numbers(left: list[float], right: list[float], opset: int, operator: str) -> None:
    values = np.array(left, np.float32)
    others = {
        "Clip": (np.array(right[0], np.float32),),
        **dict.fromkeys(
            ("Equal", "Less", "GreaterOrEqual", "LessOrEqual", "Max", "Min"),
            (np.array(right, np.float32),),
        ),
    }
    stays(operator, values, *others.get(operator, ()), opset=opset)
