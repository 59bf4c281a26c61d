"""ONNX: graphs of every kind restated for other opsets, and with other attributes and inputs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import onnx
import onnx.parser
from mutations import damaged, renamed
from onnx import helper
from onnx_early import EARLY
from onnx_models import LOWERED
from onnx_older import OLDER
from specimen import Specimen, base

__all__ = ["specimens"]

NEWEST = 12
# files that package is asked about in the test too
PACKAGED = ("cnn-opset18", "odd-inputs", "if-subgraph")
IR = 7
# what a graph of the suites' tables is restated for: where most operators changed
TELLING = (
    "squeeze", "resize-scales", "resize-sizes", "split-sizes", "pad-axes", "gelu", "cast",
    "average-pool", "batch-normalization", "reduce-sum", "upsample-linear", "dropout",
)  # fmt: skip
GRAPHS: Mapping[str, str] = {
    "relu": "(float[2,3] x) => (float[2,3] y) {y = Relu(x)}",
    "clip": "(float[2,3] x) => (float[2,3] y) <float a = {0}, float b = {1}> {y = Clip(x, a, b)}",
    "clip-attributes": "(float[2,3] x) => (float[2,3] y) {y = Clip<min=0.0, max=1.0>(x)}",
    "nonsense": "(float[2,3] x) => (float[2,3] y) {y = Softmax<axis=1, nonsense=3>(x)}",
    "three-inputs": "(float[2,3] x) => (float[2,3] y) {y = Relu(x, x)}",
    "no-input": "(float[2,3] x) => (float[2,3] y) {z = Relu() y = Add(x, x)}",
    "two-outputs": "(float[2,3] x) => (float[2,3] y) {y, z = Relu(x)}",
    "upsample": "(float[1,1,2,2] x) => (float[1,1,4,4] y) <float[4] s = {1,1,2,2}> "
    '{y = Upsample<mode="nearest">(x, s)}',
    "upsample-attribute": "(float[1,1,2,2] x) => (float[1,1,4,4] y) "
    '{y = Upsample<mode="nearest", scales=[1.0,1.0,2.0,2.0]>(x)}',
    "resize": "(float[1,1,2,2] x) => (float[1,1,4,4] y) <float[4] s = {1,1,2,2}> "
    '{y = Resize<mode="nearest">(x, s)}',
    "resize-empty": "(float[1,1,2,2] x) => (float[1,1,4,4] y) <float[4] s = {1,1,2,2}> "
    '{y = Resize<mode="nearest">(x, , s)}',
    "gemm": "(float[2,3] x) => (float[2,2] y) <float[3,2] w = {1,2,3,4,5,6}, float[2] c = {1,2}> "
    "{y = Gemm<alpha=0.5>(x, w, c)}",
    "slice-attributes": "(float[4,5] x) => (float[2,5] y) {y = Slice<starts=[0], ends=[2]>(x)}",
    "topk": "(float[2,5] x) => (float[2,3] y, int64[2,3] i) <int64[1] k = {3}> "
    "{y, i = TopK(x, k)}",
    "max": "(float[2,3] x, float[2,3] z) => (float[2,3] y) {y = Max(x, z)}",
    "sequence": "(float[2,3] x) => (float[2,3] y) {s = SequenceConstruct(x, x) "
    "i = Constant<value=int64 {0}>() y = SequenceAt(s, i)}",
    "random": "(float[2,3] x) => (float[2,3] y) {r = RandomNormalLike(x) y = Add(x, r)}",
    "aten": '(float[2,3] x) => (float[2,3] y) {y = ATen<operator="relu">(x)}',
    "affine": "(float[2,3] x) => (float[2,3] y) {y = Affine<alpha=2.0>(x)}",
    "gelu": "(float[2,3] x) => (float[2,3] y) {y = Gelu(x)}",
    "unknown": "(float[2,3] x) => (float[2,3] y) {y = Relux(x)}",
    "if": "(float[2,3] x) => (float[2,3] y) <bool c = {1}> {y = If (c) "
    "<then_branch = a () => (float[2,3] p) {p = Relu<nonsense=1>(x)}, "
    "else_branch = b () => (float[2,3] q) {q = Neg(x)}>}",
}
ML = {
    "scaler": "(float[2,3] x) => (float[2,3] y) "
    "{y = ai.onnx.ml.Scaler<offset=[0.0,0.0,0.0], scale=[1.0,2.0,3.0]>(x)}",
    "scaler-nonsense": "(float[2,3] x) => (float[2,3] y) "
    "{y = ai.onnx.ml.Scaler<offset=[0.0,0.0,0.0], scale=[1.0,2.0,3.0], nonsense=1>(x)}",
    "unknown-of-ml": "(float[2,3] x) => (float[2,3] y) {y = ai.onnx.ml.Scalar(x)}",
    "encoder-of-2": "(int64[2] x) => (int64[2] y) "
    "{y = ai.onnx.ml.LabelEncoder<keys_int64s=[0,1], values_int64s=[5,6]>(x)}",
    "encoder-of-tensors": "(int64[2] x) => (int64[2] y) "
    "{y = ai.onnx.ml.LabelEncoder<keys_tensor=int64[2]{0,1}, values_tensor=int64[2]{5,6}>(x)}",
}  # fmt: skip


_TABLES: Mapping[str, Mapping[str, Any]] = {"lowered": LOWERED, "older": OLDER, "early": EARLY}


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    cnn = _of_bytes("cnn-opset12", (fixtures / "onnx/cnn-opset12.onnx").read_bytes())
    yield from (cnn, *_aimed(cnn))
    yield from renamed(cnn)
    yield from damaged(cnn, seed, 20 if sweep else 2)
    for path in sorted((fixtures / "onnx").glob("*.onnx")):
        packaged = sweep or path.stem in PACKAGED
        yield replace(_of_bytes(path.stem, path.read_bytes()), packaged=packaged)
    yield from _graphs(sweep=sweep)


def _aimed(specimen: Specimen) -> Iterator[Specimen]:
    model = onnx.ModelProto.FromString(specimen.data)
    for ir in (3, 4, 6, 8, 10):
        model.ir_version = ir
        yield specimen.with_model(f"IR {ir}", model.SerializeToString())


def _graphs(*, sweep: bool) -> Iterator[Specimen]:
    opsets = range(1, NEWEST + 1) if sweep else (6, 9, 10, 11, 12)
    for name, graph in GRAPHS.items():
        yield from (replace(each, packaged=sweep) for each in _restated(name, graph, opsets))
    for name, graph in ML.items():
        yield from (_parsed(name, graph, 12, ml) for ml in (1, 2, 3, 4))
    for of, table in _TABLES.items():
        for name, case in table.items():
            if sweep or name in TELLING:
                restated = opsets if sweep else (9, 11, 12)
                yield from _restated(f"{of}/{name}", case.graph, restated)


def _restated(name: str, graph: str, opsets: range | tuple[int, ...]) -> Iterator[Specimen]:
    yield from (_parsed(name, graph, opset) for opset in opsets)


def _parsed(name: str, graph: str, opset: int, ml: int = 0) -> Specimen:
    model = helper.make_model(onnx.parser.parse_graph(f"g {graph}"), ir_version=IR)
    del model.opset_import[:]
    model.opset_import.append(helper.make_opsetid("", opset))
    if ml:
        model.opset_import.append(helper.make_opsetid("ai.onnx.ml", ml))
    said = f"ai.onnx.ml {ml}" if ml else f"opset {opset}"
    return _of_bytes(name, model.SerializeToString(), said)


def _of_bytes(name: str, data: bytes, mutation: str = "as it is") -> Specimen:
    model = onnx.ModelProto.FromString(data)
    stored = {initializer.name for initializer in model.graph.initializer}
    shapes = {
        each.name: tuple(dim.dim_value or 1 for dim in each.type.tensor_type.shape.dim)
        for each in model.graph.input
        if each.name not in stored
    }
    return base("ONNX", f"onnx/{name}", {"model.onnx": data}, shapes, mutation=mutation)
