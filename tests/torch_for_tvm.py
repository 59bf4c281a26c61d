"""Calls that TVM's importer converts otherwise than PyTorch computes them, or for some types and
sizes only: what computes them, and inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_cases import seeded

__all__ = ["ARRANGED", "FORMS"]

Function = Callable[..., Any]
X = torch.linspace(-2, 2, 24).reshape(2, 3, 4)
# multiples of a tenth, where rounding a quotient decides
LINE = torch.arange(-20, 21) * 0.1
Y = torch.linspace(3, -1, 24).reshape(2, 3, 4)
FAR = torch.tensor([[-120.0, -3.5, -0.5, 0.5], [1.5, 2.5, 30.0, 120.0]])
IDS = torch.tensor([[3, 1, 0], [-2, 2, 1]])
IMAGE = torch.linspace(-1, 1, 2 * 4 * 6 * 6).reshape(2, 4, 6, 6)
KERNEL = torch.linspace(-1, 1, 4 * 2 * 9).reshape(4, 2, 3, 3)
BOTH = X > 0
ROWS = torch.tensor([[0, 3, 1], [2, 2, 3]])
SQUARE = torch.linspace(-2, 2, 9).reshape(3, 3)
COLUMNS = torch.linspace(-1, 1, 8 * 9).reshape(1, 8, 9)
PLACE = torch.tensor([2, 0])
# of more numbers than TVM adds up well
PLANE = torch.linspace(-1, 2, 3 * 40 * 40).reshape(1, 3, 40, 40)


class First(nn.Module):  # type: ignore[misc]
    """The output of a layer and its state."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: Tensor) -> Any:
        return self.layer(x)


def assigned(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, PLACE] = 5.0
    y[x < -1.5] = 0.0
    y[PLACE - 1, PLACE] = 7.0
    y[1, PLACE, PLACE] = x[0, 0, :2]
    return y


# by the operator that has the form, what is told of it, and whether the code tells it
FORMS: dict[str, tuple[Function, tuple[Tensor, ...]]] = {
    "add with alpha": (lambda x, y: torch.add(x, y, alpha=2.5), (X, Y)),
    "addmm with beta": (lambda x, y: torch.addmm(x, x, y, beta=2, alpha=3), (SQUARE, SQUARE + 1)),
    "flip of two": (lambda x: x.flip(1, -1), (X,)),
    "threshold": (lambda x: functional.threshold(x, 0.3, 7.0), (X,)),
    "div rounded down": (lambda x: torch.div(x, 0.4, rounding_mode="floor"), (X,)),
    "div rounded to zero": (lambda x, y: torch.div(x, y, rounding_mode="trunc"), (X, Y + 0.3)),
    "div of integers": (lambda i: i / 2, (IDS,)),
    "floor_divide": (lambda i: i // 2, (IDS,)),
    "remainder": (lambda i: i % 3, (IDS,)),
    "remainder of a number": (lambda i: torch.remainder(100, i * 2 + 1), (IDS,)),
    "remainder of floats": (lambda x: x % 0.4, (LINE,)),
    "fmod": (lambda x, y: torch.fmod(x, y), (X, Y + 0.3)),
    "fmod of floats": (lambda x: torch.fmod(x, 0.4), (LINE,)),
    "floor_divide of floats": (lambda x: x // 0.1, (LINE,)),
    "celu": (lambda x: functional.celu(x, 0.7), (X,)),
    "elu scaled": (lambda x: torch.ops.aten.elu(x, 0.7, 2.0, 1.5), (X,)),
    "gelu by tanh": (lambda x: functional.gelu(x, approximate="tanh"), (X,)),
    "softplus": (lambda x: functional.softplus(x, 2.0, 15.0), (FAR,)),
    "log_sigmoid": (functional.logsigmoid, (FAR,)),
    "log_softmax": (lambda x: functional.log_softmax(x, 1), (X,)),
    "round": (torch.round, (FAR,)),
    "to bool": (lambda x: x.to(torch.bool), (X.round(),)),
    "mean in a dtype": (lambda x: x.mean(1, dtype=torch.float64), (X,)),
    "mean of all in a dtype": (lambda i: i.float().mean(dtype=torch.float64), (IDS,)),
    "scatter a number": (lambda x: torch.scatter(x, 1, ROWS.reshape(2, 3, 1) % 3, 9.0), (X,)),
    "masked_fill of integers": (lambda i: i.masked_fill(i > 1, 9), (IDS,)),
    "clamp of integers": (lambda i: i.clamp(0, 2), (IDS,)),
    "clamp crossed": (lambda x: x.clamp(1.0, -0.5), (X,)),
    "pow of integers": (lambda i: i**3, (IDS,)),
    "bucketize a number": (lambda x: torch.bucketize(0.5, x[0, 0]), (X,)),
    "searchsorted a number": (lambda x: torch.searchsorted(x[0, 0], 0.5, right=True), (X,)),
    "add of bools": (lambda x: (x > 0) + (x > 1), (X,)),
    "div by zero": (lambda x: x / 0, (X,)),
    "div of integers by zero": (lambda i: i.float().div(0.0), (IDS,)),
    "layer_norm over two": (seeded(nn.LayerNorm, (3, 4)), (X,)),
    "layer_norm without weights": (lambda x: functional.layer_norm(x, (4,)), (X,)),
    "group_norm without weights": (lambda x: functional.group_norm(x, 2), (IMAGE,)),
    "roll without dims": (lambda x: x.roll(5), (X,)),
    "roll of two": (lambda x: x.roll((-1, 9), (1, -1)), (X,)),
    "max with indices": (lambda x: torch.max(x, 1), (X,)),
    "min with indices": (lambda x: torch.min(x, -1, keepdim=True), (X,)),
    "argmax of all": (torch.argmax, (X,)),
    "argmin of all": (torch.argmin, (X,)),
    "all of all": (torch.all, (BOTH,)),
    "any of all": (torch.any, (BOTH,)),
    "arange of two": (lambda x: torch.ops.aten.arange.start(1, 5, dtype=torch.float) + x, (X,)),
    "norm": (lambda x: torch.ops.aten.norm(x, 2, [1], False), (X,)),
    "norm of all": (lambda x: torch.ops.aten.norm(x, 3), (X,)),
    "gru of two layers in both directions": (
        seeded(First, nn.GRU(4, 3, 2, bidirectional=True)), (X,)),
    "rnn_tanh": (seeded(First, nn.RNN(4, 3, 2, bidirectional=True, batch_first=True)), (X,)),
    "rnn_relu": (seeded(First, nn.RNN(4, 3, nonlinearity="relu", bias=False)), (X,)),
    "_convolution transposed in groups": (
        lambda x: functional.conv_transpose2d(x, KERNEL, torch.ones(4), 2, 1, 1, 2), (IMAGE,)),
    "embedding_bag": (lambda i: functional.embedding_bag(i, Y[0].t(), mode="sum"), (ROWS,)),
    "embedding_bag of the mean": (lambda i: functional.embedding_bag(i, Y[0].t()), (ROWS,)),
    "embedding_bag of the most": (
        lambda i, o: functional.embedding_bag(i, Y[0].t(), o, mode="max"),
        (ROWS.reshape(-1), torch.tensor([0, 2, 2]))),
    "squeeze of a dim that is not 1": (lambda x: x.squeeze(1), (X,)),
    "chunk of unequal parts": (
        lambda x: torch.cat(x.chunk(3, 2)[::-1], 2), (torch.cat([X, Y], 2),)),
    "tensor_split": (lambda x: x.tensor_split(3, 2), (X,)),
    "unsafe_split": (lambda x: torch.unsafe_split(x, 3, 2), (X,)),
    "index of two": (lambda x, i: x[i[0], i[1] % 3], (X, torch.tensor([[1, 0], [-1, 2]]))),
    "index of the last two": (lambda x: x[:, [0, 2], [[1], [3]]], (X,)),
    "index after a dim": (lambda x: x[:, [2, -1, 0]], (X,)),
    "index_put": (assigned, (X,)),
    "matmul of vectors": (lambda x: torch.matmul(x[0, 0], x[1, 1]), (X,)),
    "cat of kinds": (lambda x, i: torch.cat([x[0, 0, :3], i[0]]), (X, IDS)),
    "sum of bools": (lambda x: (x > 0).sum(1), (X,)),
    "exp of integers": (torch.exp, (IDS,)),
    "upsample_bilinear2d by a factor": (
        lambda x: functional.interpolate(x, scale_factor=1.3, mode="bilinear"), (IMAGE,)),
    "upsample_nearest2d by a factor": (
        lambda x: functional.interpolate(x, scale_factor=1.7), (IMAGE,)),
    "upsample_bicubic2d by a factor": (
        lambda x: functional.interpolate(x, scale_factor=1.3, mode="bicubic"), (IMAGE,)),
    "upsample_linear1d": (lambda x: functional.interpolate(x, 7, mode="linear"), (X,)),
    "upsample_nearest1d": (lambda x: functional.interpolate(x, 7), (X,)),
}  # fmt: skip

ARRANGED: dict[str, tuple[Function, tuple[Tensor, ...]]] = {
    "max pool beyond": (
        lambda x: functional.max_pool2d(x, (4, 1), (4, 2), (1, 0), ceil_mode=True), (PLANE,),
    ),
    "avg pool beyond": (
        lambda x: functional.avg_pool2d(x, 5, 4, 2, ceil_mode=True), (PLANE[..., :39, :39],),
    ),
    "pool of a line beyond": (
        lambda x: functional.max_pool1d(x, 3, 3, 1, ceil_mode=True), (PLANE[0, :, :5, 0],),
    ),
    "mean of a plane": (lambda x: functional.adaptive_avg_pool2d(x, 1), (PLANE,)),
    "mean of dims": (lambda x: x.mean((1, -1)), (PLANE,)),
    "mean of dims kept": (lambda x: x.mean([-2, 1], keepdim=True), (PLANE,)),
    "unfold": (lambda x: x.unfold(2, 3, 1), (X,)),
    "col2im": (lambda x: functional.fold(x, (5, 5), 2, 1, 1, 2), (COLUMNS,)),
    "diagonal": (lambda x: torch.diagonal(x, 1, 1, 2), (X,)),
    "diagonal below": (lambda x: torch.diagonal(x, -1, 0, 2), (X,)),
    "diag": (torch.diag, (X[0],)),
    "diag of a vector": (torch.diag, (X[0, 0],)),
    "diag_embed": (lambda x: torch.diag_embed(x, 1), (X,)),
    "trace": (torch.trace, (X[0],)),
    "tensordot": (lambda x, y: torch.tensordot(x, y, ([1, 2], [1, 2])), (X, Y)),
    "expm1": (torch.expm1, (X,)),
    "logaddexp2": (torch.logaddexp2, (X, Y)),
    "cumprod": (lambda x: torch.cumprod(x, 2), (X,)),
    "column_stack": (lambda x, y: torch.column_stack([x, y]), (X, Y)),
    "dist": (torch.dist, (X, Y)),
    "pairwise_distance": (functional.pairwise_distance, (X, Y)),
    "index_copy": (lambda x, y: x.index_copy(1, PLACE, y[:, :2]), (X, Y)),
    "bitwise_and": (torch.bitwise_and, (BOTH, Y > 0)),
    "bitwise_or": (torch.bitwise_or, (BOTH, Y > 0)),
    "__xor__": (lambda x, y: x ^ y, (BOTH, Y > 0)),
    "affine_grid_generator": (
        lambda x: functional.affine_grid(x, [2, 1, 3, 4], False), (X[:, :2, :3],)),
    "affine_grid_generator of corners": (
        lambda x: functional.affine_grid(x, [2, 1, 3, 4], True), (X[:, :2, :3],)),
    "smooth_l1_loss": (functional.smooth_l1_loss, (X, Y)),
    "bilinear": (seeded(nn.Bilinear, 4, 4, 5), (X, Y)),
}  # fmt: skip
