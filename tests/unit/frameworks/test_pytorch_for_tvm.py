"""Lowering for TVM: sizes of a trace are numbers, and operators that its importer does not convert
are written in those that it does, with the same results."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch_cases import traced
from torch_for_tvm import ARRANGED, FORMS

from neopack.facts.compiler_table import converts, tvm_of_neo
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.pytorch import flat_outputs, read, tvm_calls
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.frameworks.pytorch.lowering import folding, functions, lower
from neopack.frameworks.pytorch.lowering.fixed_sizes import fix_sizes
from neopack.frameworks.pytorch.lowering.for_tvm import REWRITES, lower_for_tvm
from neopack.frameworks.pytorch.lowering.functional import make_functional
from neopack.frameworks.pytorch.lowering.graphs import graphs, nodes

pytestmark = pytest.mark.filterwarnings("ignore")
X = torch.linspace(-2, 2, 24).reshape(2, 3, 4)
Y = torch.linspace(3, -1, 24).reshape(2, 3, 4)
YT = Y.transpose(1, 2)
EDGES = torch.tensor([[0.0, -0.0, 1.0, -1.0], [float("inf"), float("-inf"), 0.5, -2.0]])
NAN = torch.tensor([float("nan"), 1.0, float("inf"), float("-inf"), -3.0, 0.0])
IDS = torch.tensor([[3, 1, 0], [2, 2, 1]])
BOTH = X > 0
IMAGE = torch.linspace(-1, 1, 2 * 4 * 6 * 6).reshape(2, 4, 6, 6)
KERNEL = torch.linspace(-1, 1, 4 * 4 * 9).reshape(4, 4, 3, 3)
UNIT = torch.linspace(0.05, 0.95, 12).reshape(3, 4)
PLACE = torch.tensor([2, 0])

Function = Callable[..., Any]
# by the operator that the trace has: what computes it, and its inputs
CASES: dict[str, tuple[Function, tuple[Tensor, ...]]] = {
    "new_full": (lambda x: x.new_full((x.size(2), 2), 1.5) + x.sum(), (X,)),
    "new_full of integers": (lambda x: x.new_full((3,), 7), (IDS,)),
    "new_zeros": (lambda x: x.new_zeros(2, x.size(1)) + x.mean(), (X,)),
    "new_ones": (lambda x: x.new_ones(x.size(1), dtype=torch.long), (X,)),
    "fill_": (lambda x: (x * 2).fill_(3), (X,)),
    "zero_": (lambda x: (x * 2).zero_(), (X,)),
    "eye": (lambda x: torch.eye(x.size(-1)) @ x.transpose(-1, -2), (X,)),
    "tril": (lambda x: torch.tril(x, 1), (X,)),
    "triu": (lambda x: torch.triu(x, -1), (X,)),
    "movedim": (lambda x: x.movedim(0, 2), (X,)),
    "movedim of several": (lambda x: x.movedim((0, 2), (1, 0)), (X,)),
    "numpy_T": (lambda x: x.T, (UNIT,)),
    "tile": (lambda x: x.tile(2, 3), (X,)),
    "fliplr": (torch.fliplr, (X,)),
    "flipud": (torch.flipud, (X,)),
    "unflatten": (lambda x: x.unflatten(2, (2, -1)), (X,)),
    "pixel_unshuffle": (lambda x: torch.pixel_unshuffle(x, 2), (IMAGE,)),
    "channel_shuffle": (lambda x: torch.channel_shuffle(x, 2), (IMAGE,)),
    "hstack": (lambda x, y: torch.hstack([x, y]), (X, Y)),
    "vstack": (lambda x, y: torch.vstack([x, y]), (X, Y)),
    "reshape_as": (lambda x, y: x.reshape_as(y), (X, Y.reshape(6, 4))),
    "view_as": (lambda x, y: x.view_as(y), (X, Y.reshape(6, 4))),
    "pad": (lambda x: torch.nn.functional.pad(x, (1, 2), value=3.0), (X,)),
    "pad by reflection": (lambda x: torch.nn.functional.pad(x, (1, 2), mode="reflect"), (X,)),
    "pad by edges": (lambda x: torch.nn.functional.pad(x, (1, 2, 0, 1), "replicate"), (IMAGE,)),
    "im2col": (lambda x: torch.nn.functional.unfold(x, 3, 1, 1, 2), (IMAGE,)),
    "conv2d": (lambda x, w: torch.nn.functional.conv2d(x, w, padding="same"), (IMAGE, KERNEL)),
    "conv1d": (lambda x, w: torch.conv1d(x, w, None, 1, "same"), (X, KERNEL[:2, :3, 0])),
    "square": (torch.square, (X,)),
    "clamp_min": (lambda x: x.clamp_min(0.5), (X,)),
    "clamp_max": (lambda x: x.clamp_max(0.5), (X,)),
    "maximum": (torch.maximum, (X, Y)),
    "minimum": (torch.minimum, (X, Y)),
    "logical_or": (torch.logical_or, (BOTH, Y > 0)),
    "bitwise_not of bools": (lambda x: (~x).float(), (BOTH,)),
    "__or__": (lambda x, y: x | y, (BOTH, Y > 0)),
    "exp2": (torch.exp2, (X,)),
    "deg2rad": (torch.deg2rad, (X,)),
    "rad2deg": (torch.rad2deg, (X,)),
    "logit": (torch.logit, (UNIT,)),
    "logit within bounds": (lambda x: torch.logit(x, 0.2), (UNIT,)),
    "erfc": (torch.erfc, (X,)),
    "asinh": (torch.asinh, (X,)),
    "acosh": (torch.acosh, (UNIT + 1,)),
    "atanh": (torch.atanh, (UNIT,)),
    "arcsinh": (torch.arcsinh, (X,)),
    "hypot": (torch.hypot, (X, Y)),
    "nan_to_num": (torch.nan_to_num, (NAN,)),
    "nan_to_num of numbers": (lambda x: torch.nan_to_num(x, 1.0, 2.0, 3.0), (NAN,)),
    "logaddexp": (torch.logaddexp, (X, Y)),
    "atan2": (torch.atan2, (EDGES[0], torch.tensor([1.0, -1.0, 0.0, -2.0]))),
    "hardshrink": (lambda x: torch.nn.functional.hardshrink(x, 0.6), (X,)),
    "softshrink": (lambda x: torch.nn.functional.softshrink(x, 0.6), (X,)),
    "copysign": (torch.copysign, (X, Y)),
    "sgn": (torch.sgn, (X,)),
    "sinc": (torch.sinc, (EDGES[0],)),
    "lerp": (lambda x, y: torch.lerp(x, y, 0.3), (X, Y)),
    "lerp by tensors": (torch.lerp, (X, Y, X)),
    "frac": (torch.frac, (X,)),
    "isposinf": (torch.isposinf, (EDGES,)),
    "isneginf": (torch.isneginf, (EDGES,)),
    "amax": (lambda x: x.amax((0, 2)), (X,)),
    "amax kept": (lambda x: x.amax(-1, keepdim=True), (X,)),
    "amin": (lambda x: x.amin((1, -1)), (X,)),
    "outer": (torch.outer, (X[0, 0], Y[0, 1])),
    "dot": (torch.dot, (X[0, 0], Y[0, 1])),
    "vdot": (torch.vdot, (X[0, 0], Y[0, 1])),
    "mv": (torch.mv, (X[0], Y[0, 1])),
    "inner": (torch.inner, (X[0], Y[0])),
    "baddbmm": (lambda a, x, y: torch.baddbmm(a, x, y, beta=2, alpha=3), (X[:, :, :3], X, YT)),
    "addbmm": (lambda a, x, y: torch.addbmm(a, x, y, beta=2, alpha=3), (X[0, :, :3], X, YT)),
    "addmv": (torch.addmv, (X[0, :, 0], X[0], Y[0, 1])),
    "addr": (torch.addr, (X[0], X[0, :, 0], Y[0, 1])),
    "count_nonzero": (lambda x: torch.count_nonzero(x > 0.2, 1), (X,)),
    "count_nonzero of all": (lambda x: torch.count_nonzero(x), (EDGES,)),
    "nansum": (lambda x: torch.nansum(x), (NAN[:2],)),
    "cross": (lambda x, y: torch.cross(x, y, 1), (X, Y)),
    "linalg_norm": (lambda x: torch.linalg.norm(x, dim=-1), (X,)),
    "cosine_similarity": (lambda x, y: torch.cosine_similarity(x, y, 2), (X, Y)),
    "cdist": (torch.cdist, (X, Y)),
    "cdist by another norm": (lambda x, y: torch.cdist(x, y, 1.0), (X, Y)),
    "_weight_norm": (lambda v, g: torch._weight_norm(v, g, 0), (X, X[:, :1, :1] + 3)),
    "index_add": (lambda x, y: x.index_add(1, PLACE, y[:, :2]), (X, Y)),
    "index_fill": (lambda x: x.index_fill(1, PLACE, 9.0), (X,)),
}  # fmt: skip

# what types and sizes tell, or the name of the operator
BY_TYPES = {
    "remainder", "remainder of a number",
    "remainder of floats", "fmod of floats", "floor_divide of floats",
    "fmod", "div of integers", "floor_divide", "masked_fill of integers",
    "clamp of integers", "rnn_tanh", "rnn_relu", "embedding_bag", "embedding_bag of the mean",
    "embedding_bag of the most", "squeeze of a dim that is not 1", "chunk of unequal parts",
    "tensor_split", "unsafe_split", "cat of kinds", "sum of bools", "exp of integers",
    "upsample_linear1d", "upsample_nearest1d", "matmul of vectors", "clamp crossed",
    "pow of integers", "add of bools", "div by zero", "div of integers by zero",
}  # fmt: skip
EVERY = CASES | FORMS | ARRANGED


@pytest.mark.parametrize("name", EVERY)
def test_it_computes_the_same_in_operators_that_tvm_converts(name: str) -> None:
    function, inputs = EVERY[name]
    module = traced(function, *inputs)
    lower_all(module, inputs)
    assert refused(module) == set()
    expected = flat_outputs.flatten(function(*(given.clone() for given in inputs)))
    for one, other in zip(expected, flat_outputs.flatten(module(*inputs)), strict=True):
        assert other.dtype == one.dtype
        torch.testing.assert_close(other, one, rtol=1e-5, atol=1e-6, equal_nan=True)


class Shifting(torch.nn.Module):
    """Rolls one after another, as in a Swin transformer, after a module that changes its input."""

    def __init__(self) -> None:
        super().__init__()
        self.part = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.ReLU(inplace=True))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.part(x)
        for shift in range(1, 7):
            padded = torch.nn.functional.pad(x, (0, shift % 2))
            x = torch.roll(padded, (shift, -shift), (1, 2))[:, :, :4]
        return x


def test_sizes_decide_every_branch_of_what_is_written() -> None:
    eager = Shifting().eval()
    module = torch.jit.trace(eager, X, check_trace=False)
    lower_all(module, (X,))
    kinds = {node.kind() for graph in graphs(module) for node in nodes(graph)}
    assert not kinds & {"prim::If", "prim::Loop", "aten::roll"}
    torch.testing.assert_close(module(X), eager(X))


@pytest.mark.parametrize("name", sorted(FORMS.keys() - BY_TYPES))
def test_the_code_tells_calls_that_tvm_converts_otherwise(name: str, tmp_path: Path) -> None:
    function, inputs = FORMS[name]
    module = traced(function, *inputs)
    assert told_by_code(module, tmp_path)
    lower_all(module, inputs)
    assert not told_by_code(module, tmp_path)


def told_by_code(module: Any, folder: Path) -> Mapping[str, str]:
    """What the file tells, without torch."""
    module.save(str(folder / "m.pth"))
    with FileSource(folder / "m.pth") as opened:
        facts = read.read_source(opened, DEFAULT_LIMITS).facts
    assert isinstance(facts, TorchScriptFacts)
    return facts.tvm_calls


def lower_all(module: Any, inputs: Sequence[Tensor]) -> None:
    """As packaging for a target of TVM's does."""
    fixed = fix_sizes(module)
    folding.fold(module)
    if make_functional(module, list(inputs)):
        fix_sizes(module)
    lower.lower(module, "1.8", fixed_sizes=fixed)
    lower_for_tvm(module, list(inputs))


def test_nearly_every_function_is_tried() -> None:
    operators = {f"aten::{name.split()[0].removesuffix('_')}" for name in EVERY}
    names = {f"aten::{name}" for name in ALIASES}
    untried = functions.names(REWRITES) - operators - names
    assert untried == set()


# of the same function as one that is tried, or what only lowering for a version brings
ALIASES = (
    "arccosh", "arctanh", "arcsin", "arccos", "arctan", "absolute", "negative", "multiply", "fix",
    "ger", "conv3d", "linalg_vector_norm", "or", "xor", "fill", "zero", "upsample_nearest3d",
    "upsample_trilinear3d",
)  # fmt: skip


class Windows(torch.nn.Module):
    """A mask of sizes alone, filled by parts, as Swin has one."""

    def forward(self, x: Tensor) -> Tensor:
        rows, columns = x.shape[2:]
        mask = x.new_zeros(rows, columns)
        mask[: rows // 2] = 1
        mask[rows // 2 :, : columns // 3] = 2
        return x * mask.reshape(1, 1, rows, columns) + mask.sum()


def test_a_mask_of_sizes_is_a_constant() -> None:
    module = torch.jit.trace(Windows(), IMAGE, check_trace=False)
    folding.fold(module)
    assert fix_sizes(module)
    folding.fold(module)
    assert operators(module) <= {"aten::mul", "aten::add"}
    torch.testing.assert_close(module(IMAGE), Windows()(IMAGE))


@pytest.mark.parametrize(
    "function",
    [
        lambda x: x[x > 0].sum() / x.numel() + x[x > 0].size(0),
        lambda x: torch.nonzero(x).size(0) + x.sum(),
        lambda x: torch.masked_select(x, x > 0).size(0) + x,
        lambda x: torch.unique(x).size(0) * x,
        lambda x: torch.nn.functional.one_hot(x.abs().long()).size(-1) * x,
        lambda x: torch.repeat_interleave(x.reshape(-1), (x.reshape(-1) > 0).long()).size(0) + x,
    ],
)
def test_sizes_that_depend_on_values_stay(function: Function) -> None:
    module = traced(function, X)
    other = X.flip(2) * torch.linspace(-1, 3, 24).reshape(2, 3, 4)
    before = module(other)
    assert not fix_sizes(module)
    torch.testing.assert_close(module(other), before)


def test_bools_are_negated_as_bools() -> None:
    module = traced(lambda x: (~x).float(), BOTH)
    lower_for_tvm(module)
    assert "aten::logical_not" in operators(module)
    assert "aten::bitwise_not" not in operators(module)


def test_lists_are_spelled_where_they_are_used() -> None:
    module = traced(lambda x: torch.max_pool2d(x, 3, 2, 1) + 0, IMAGE)
    fix_sizes(module)
    lower.lower(module, "1.8", fixed_sizes=True)
    lower_for_tvm(module)
    constants = [n for g in graphs(module) for n in nodes(g) if n.kind() == "prim::Constant"]
    assert not any("List" in str(node.output().type()) for node in constants)


def refused(module: Any) -> set[str]:
    newest = tvm_of_neo()[-1]
    every = [node for graph in graphs(module) for node in nodes(graph)]
    told = {told for node in every if (told := tvm_calls.of_node(node))}
    return told | {kind for kind in operators(module) if not converts("PYTORCH", kind, newest)}


def operators(module: Any) -> set[str]:
    kinds = {node.kind() for graph in graphs(module) for node in nodes(graph)}
    return {kind for kind in kinds if kind.startswith("aten::")}


def test_a_mean_of_many_numbers_is_one_of_lines() -> None:
    """TVM adds up one after the other, and rounds each time."""
    module = traced(lambda x: x.mean((-1, -2)), torch.ones(1, 3, 40, 40))
    assert lower_for_tvm(module, (torch.ones(1, 3, 40, 40),)) == ("aten::mean",)
    assert [node.kind() for graph in graphs(module) for node in nodes(graph)].count(
        "aten::mean"
    ) == 2
    small = traced(lambda x: x.mean((-1, -2)), torch.ones(1, 3, 7, 7))
    assert not lower_for_tvm(small, (torch.ones(1, 3, 7, 7),))


@pytest.mark.parametrize(("size", "rounds_up"), [(5, False), (6, True), (7, True)])
def test_a_pool_rounds_down_where_its_last_window_would_start_in_the_pads(
    size: int, rounds_up: bool
) -> None:
    image = torch.linspace(-1, 1, size * size).reshape(1, 1, size, size)
    module = traced(lambda x: torch.max_pool2d(x, 3, 3, 1, 1, ceil_mode=True), image)
    before = module(image)
    lower_for_tvm(module, (image,))
    (pool,) = (n for graph in graphs(module) for n in nodes(graph) if "pool" in n.kind())
    assert pool.inputsAt(5).toIValue() is rounds_up
    assert torch.equal(module(image), before)
