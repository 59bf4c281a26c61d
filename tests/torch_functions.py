"""Functions of today's PyTorch, each with what it is traced with: their operators are lacking in
old versions, called otherwise there, or the same."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch_attention import ATTENTION
from torch_cases import IDS, INTS, Function, X, case, scripted
from torch_division import DIVISION
from torch_layers import LAYERS
from torch_order import ORDER
from torch_places import PLACES
from torch_types import TYPES

__all__ = ["CASES", "ROWS", "SCRIPTED"]

ROWS = torch.linspace(-4, 4, 48).reshape(2, 3, 8)
IMAGE = torch.linspace(-4, 4, 96).reshape(2, 3, 4, 4)
WIDE = torch.linspace(-4, 4, 128).reshape(1, 8, 4, 4)
INTEGERS = torch.arange(-12, 12).reshape(4, 6)
MASK = torch.tensor([[True, False, True], [False, True, True], [True, True, False]])


def attention(**more: Any) -> Function:
    return lambda x: functional.scaled_dot_product_attention(x, x + 1, x * 2, **more)


def resized(mode: str, **more: Any) -> Function:
    return lambda x: functional.interpolate(x, mode=mode, **more)


def grid(indexing: str) -> Function:
    return lambda x: torch.stack(torch.meshgrid(x[0, 0], x[0, 1, :3], indexing=indexing))


def convolved(**more: Any) -> Function:
    return lambda x: functional.conv2d(x, torch.ones(4, 3, 3, 2) / 9, **more)


def holes(x: Tensor) -> Tensor:
    return torch.where(x > 3, x / 0, torch.where(x < -3, torch.log(x), x))


class Attending(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.MultiheadAttention(8, 2)

    def forward(self, x: Tensor) -> Any:
        return self.layer(x, x, x)


class Normed(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(8, 4))

    def forward(self, x: Tensor) -> Any:
        return self.layer(x)


class Bags(torch.nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.bags = torch.nn.EmbeddingBag(13, 4)

    def forward(self, x: Tensor) -> Any:
        return self.bags(x)


def by_numbers(x: Tensor) -> list[Tensor]:
    down = torch.div(x, 3, rounding_mode="floor")
    towards = torch.divide(x, 3, rounding_mode="trunc")
    return [down, towards, torch.floor_divide(x, 3), torch.true_divide(x, 3), torch.divide(x, 4)]


def by_tensors(x: Tensor, y: Tensor) -> list[Tensor]:
    down = torch.div(x, y, rounding_mode="floor")
    return [x / y, down, torch.floor_divide(x, y), torch.subtract(x, 2), torch.multiply(x, 3)]


def bits(i: Tensor) -> list[Tensor]:
    left, right = torch.bitwise_left_shift(i, i % 3), torch.bitwise_right_shift(i.abs(), 1)
    return [torch.bitwise_or(i, 3), torch.bitwise_and(i, 6), left, right]


def choices(x: Tensor) -> list[Tensor]:
    return [
        torch.where(x > 0, x, 1),
        torch.where(x > 0, 1.5, x),
        torch.where(x > 0, 1.5, 0.5),
    ]


FUNCTIONS: dict[str, tuple[Function, Tensor]] = {
    "attention": (attention(), ROWS),
    "causal": (attention(is_causal=True), ROWS),
    "scaled": (attention(scale=0.3), ROWS),
    "masked": (attention(attn_mask=MASK), ROWS),
    "blind": (attention(attn_mask=MASK & MASK.new_tensor([[1], [0], [1]])), ROWS),
    "biased": (attention(attn_mask=torch.ones(3, 3) / 3), ROWS),
    "pad": (lambda x: functional.pad(x, (1, 2, 0, 1)), IMAGE),
    "pad with": (lambda x: functional.pad(x, (1, 2), value=3.0), IMAGE),
    "reflect": (lambda x: functional.pad(x, (1, 2, 1, 1), mode="reflect"), IMAGE),
    "circular": (lambda x: functional.pad(x, (1, 2, 2, 0), mode="circular"), IMAGE),
    "isin": (lambda x: torch.isin(x, torch.tensor([-3, 5])), INTEGERS),
    "not in": (lambda x: torch.isin(x, torch.tensor([-3, 5]), invert=True), INTEGERS),
    "bucketize": (lambda x: torch.bucketize(x, torch.tensor([-2.0, 0.5, 3.0])), ROWS),
    "bucketize right": (
        lambda x: torch.bucketize(x, torch.tensor([-3, 5]), right=True, out_int32=True),
        INTEGERS,
    ),
    "diff": (lambda x: torch.diff(x, dim=1), ROWS),
    "diff twice": (lambda x: torch.diff(x, n=2, prepend=x[:, :, :1], append=x[:, :, -1:]), ROWS),
    "count_nonzero": (lambda x: torch.count_nonzero(x > 1), ROWS),
    "count_nonzero of one": (lambda x: torch.count_nonzero(x > 1, dim=1), ROWS),
    "count_nonzero of several": (lambda x: torch.count_nonzero(x > 1, dim=(0, 2)), ROWS),
    "logaddexp": (lambda x: torch.logaddexp(x, x + 1), ROWS),
    "xlogy": (lambda x: torch.xlogy(x.relu(), x + 5), ROWS),
    "special xlogy": (lambda x: torch.special.xlogy(x.relu(), x + 5), ROWS),
    "hypot": (lambda x: torch.hypot(x, x + 1), ROWS),
    "sgn": (torch.sgn, ROWS),
    "isposinf": (lambda x: torch.isposinf(holes(x)), ROWS),
    "isneginf": (lambda x: torch.isneginf(holes(-x)), ROWS),
    "isinf": (lambda x: torch.isinf(holes(x)), ROWS),
    "fix": (torch.fix, ROWS),
    "arccos": (lambda x: torch.arccos(x / 5), ROWS),
    "arcsin": (lambda x: torch.arcsin(x / 5), ROWS),
    "arctan": (torch.arctan, ROWS),
    "arctan2": (lambda x: torch.arctan2(x, x + 1), ROWS),
    "special exp2": (torch.special.exp2, ROWS),
    "special logit": (lambda x: torch.special.logit(x, eps=1e-3), ROWS),
    "special logsumexp": (lambda x: torch.special.logsumexp(x, (1, 2), True), ROWS),
    "linalg matmul": (lambda x: torch.linalg.matmul(x, x.transpose(1, 2)), ROWS),
    "linalg cross": (lambda x: torch.linalg.cross(x, x * x, dim=1), ROWS),
    "linalg vecdot": (lambda x: torch.linalg.vecdot(x, x * x), ROWS),
    "linalg diagonal": (lambda x: torch.linalg.diagonal(x, offset=1) * 1, ROWS),
    "weight norm": (Normed().eval(), ROWS),
    "nearest-exact 1d": (resized("nearest-exact", scale_factor=2.0), ROWS),
    "nearest-exact 2d": (resized("nearest-exact", scale_factor=2.0), IMAGE),
    "nearest-exact 3d": (resized("nearest-exact", scale_factor=2.0), IMAGE[None]),
    "bags": (Bags().eval(), INTEGERS.abs()),
    "replicate": (lambda x: functional.pad(x, (1, 2, 1, 1), mode="replicate"), IMAGE),
    "concat": (lambda x: torch.concat([x, x], 1), ROWS),
    "concatenate": (lambda x: torch.concatenate([x, x], 1), ROWS),
    "mish": (functional.mish, ROWS),
    "mish in place": (lambda x: functional.mish(x * 1, inplace=True), ROWS),
    "normalize": (lambda x: functional.normalize(x, dim=-1), ROWS),
    "norm of all": (lambda x: torch.linalg.vector_norm(x), ROWS),
    "norm of order": (lambda x: torch.linalg.vector_norm(x, 3.0, (1, 2), True), ROWS),
    "linalg norm": (lambda x: torch.linalg.norm(x, dim=-1), ROWS),
    "linalg norm of all": (lambda x: torch.linalg.norm(x), ROWS),
    "rms": (lambda x: functional.rms_norm(x, (8,), torch.arange(8.0), 1e-3), ROWS),
    "rms of two": (lambda x: functional.rms_norm(x, (3, 8)), ROWS),
    "einsum": (lambda x: torch.einsum("aBC,aDC->aBD", x, x), ROWS),
    "einsum small": (lambda x: torch.einsum("abc,adc->abd", x, x), ROWS),
    "swapaxes": (lambda x: torch.swapaxes(x, 0, 2) * 1, ROWS),
    "swapdims": (lambda x: torch.swapdims(x, 0, 2) * 1, ROWS),
    "tile": (lambda x: torch.tile(x, (2, 1)), ROWS),
    "broadcast": (lambda x: torch.broadcast_to(x, (2, 2, 3, 8)) * 1, ROWS),
    "silu": (functional.silu, ROWS),
    "silu in place": (lambda x: functional.silu(x * 1, inplace=True), ROWS),
    "hardsigmoid": (functional.hardsigmoid, ROWS),
    "hardswish": (functional.hardswish, ROWS),
    "hardswish in place": (lambda x: functional.hardswish(x * 1, inplace=True), ROWS),
    "relu6": (functional.relu6, ROWS),
    "square": (torch.square, ROWS),
    "ones": (lambda x: x + x.new_ones((2, 1, 8)), ROWS),
    "ones of a type": (lambda x: x * x.new_ones(8, dtype=torch.bool), ROWS),
    "gelu": (functional.gelu, ROWS),
    "gelu by tanh": (lambda x: functional.gelu(x, approximate="tanh"), ROWS),
    "grid": (grid("ij"), ROWS),
    "grid as images": (grid("xy"), ROWS),
    "grid of before": (lambda x: torch.stack(torch.meshgrid(x[0, 0], x[0, 1])), ROWS),
    "same": (convolved(padding="same"), IMAGE),
    "same and dilated": (convolved(padding="same", dilation=2), IMAGE),
    "valid": (convolved(padding="valid"), IMAGE),
    "convolution": (convolved(padding=1, stride=2), IMAGE),
    "clamp": (lambda x: x.clamp(-1.0, 2.0), ROWS),
    "clamp between tensors": (lambda x: x.clamp(x[:1] - 1, x[1:]), ROWS),
    "clamp above a tensor": (lambda x: x.clamp(min=x.mean()), ROWS),
    "clamp in place": (lambda x: (x * 1).clamp_(max=x.mean()), ROWS),
    "clamp_min": (lambda x: torch.clamp_min(x, x.mean()), ROWS),
    "clamp_max": (lambda x: torch.clamp_max(x, x.mean()), ROWS),
    "clip": (lambda x: torch.clip(x, -1.0, 2.0), ROWS),
    "clip between tensors": (lambda x: torch.clip(x, x[:1] - 1, x[1:]), ROWS),
    "div": (lambda x: torch.div(x, x + 9), ROWS),
    "div down": (lambda x: torch.div(x, x + 9, rounding_mode="floor"), ROWS),
    "div to zero": (lambda x: torch.div(x, 3, rounding_mode="trunc"), ROWS),
    "div down by a number": (lambda x: torch.div(x, 3, rounding_mode="floor"), INTEGERS),
    "div of integers": (
        lambda x: torch.div(x, x.abs() // 5 + 2, rounding_mode="floor"),
        INTEGERS,
    ),
    "div unrounded": (lambda x: torch.div(x, x + 9, rounding_mode=None), ROWS),
    "div by a number unrounded": (lambda x: torch.div(x, 9.0, rounding_mode=None), ROWS),
    "floor_divide": (lambda x: torch.floor_divide(x, x + 9), ROWS),
    "floor_divide by a number": (lambda x: x // 3, ROWS),
    "true_divide": (lambda x: torch.true_divide(x, x + 9), ROWS),
    "true_divide by a number": (lambda x: torch.true_divide(x, 3.0), ROWS),
    "std": (lambda x: x.std(1), ROWS),
    "std of all": (lambda x: x.std(), ROWS),
    "std uncorrected": (lambda x: x.std(1, correction=0), ROWS),
    "std corrected": (lambda x: x.std((1, 2), correction=2, keepdim=True), ROWS),
    "std of all corrected": (lambda x: x.std(correction=3), ROWS),
    "var": (lambda x: x.var((1, 2), keepdim=True), ROWS),
    "var corrected": (lambda x: x.var(-1, correction=0.5), ROWS),
    "var of all corrected": (lambda x: x.var(correction=0), ROWS),
    "std and mean": (lambda x: torch.std_mean(x, 1, correction=0), ROWS),
    "var and mean": (lambda x: torch.var_mean(x, (1, 2), correction=2, keepdim=True), ROWS),
    "mean of all": (lambda x: torch.mean(x, dim=None), ROWS + 5),
    "mean of all kept": (lambda x: torch.mean(x, dim=None, keepdim=True), ROWS + 5),
    "sum of all": (lambda x: torch.sum(x, dim=None), ROWS + 5),
    "sum of all kept": (lambda x: torch.sum(x, dim=None, keepdim=True), ROWS + 5),
    "any": (lambda x: torch.any(x > 3, 1), ROWS),
    "any of several": (lambda x: torch.any(x > 3, (1, 2)), ROWS),
    "all of several": (lambda x: torch.all(x > -3.5, (0, 2), keepdim=True), ROWS),
    "any of all": (lambda x: torch.any(x > 3, None, keepdim=True), ROWS),
    "squeeze several": (lambda x: x[:1, :, :1].squeeze((0, 2)), ROWS),
    "squeeze from the end": (lambda x: x[:1, :, :1].squeeze((-3, -1)), ROWS),
    "squeeze nothing": (lambda x: x.squeeze((0, 1)), ROWS),
    "round": (lambda x: torch.round(x, decimals=1), ROWS),
    "slice": (lambda x: x[:, 1:, ::2] * 1, ROWS),
    "where": (lambda x: torch.where(x > 0, x, x * 2), ROWS),
    "where a number": (lambda x: torch.where(x > 0, x, 1.5), ROWS),
    "where the other": (lambda x: torch.where(x > 0, 1.5, x), ROWS),
    "where numbers": (lambda x: torch.where(x > 0, 1.5, -2.0) * x, ROWS),
    "zeros like": (lambda x: x + torch.zeros_like(x[:1]), ROWS),
    "ones like": (lambda x: x + torch.ones_like(x, dtype=torch.int64), ROWS),
    "full like": (lambda x: x + torch.full_like(x[:1], 2.5), ROWS),
    "nearest 1d": (resized("nearest", scale_factor=2.0), ROWS),
    "nearest 2d": (resized("nearest", scale_factor=2.0), IMAGE),
    "nearest to a size": (resized("nearest", size=(6, 8)), IMAGE),
    "nearest 3d": (resized("nearest", scale_factor=2.0), IMAGE[None]),
    "linear": (resized("linear", scale_factor=2.0), ROWS),
    "linear to a size": (resized("linear", size=11), ROWS),
    "bilinear": (resized("bilinear", scale_factor=2.0), IMAGE),
    "bilinear with corners": (resized("bilinear", size=(7, 9), align_corners=True), IMAGE),
    "bicubic": (resized("bicubic", scale_factor=2.0), IMAGE),
    "trilinear": (resized("trilinear", scale_factor=2.0), IMAGE[None]),
    "unflatten": (lambda x: x.unflatten(-1, (2, 4)), ROWS),
    "unflatten in front": (lambda x: x.unflatten(0, (1, 2)), ROWS),
    "a constant": (lambda x: x * torch.tensor([1.0, 2.0, 3.0])[:, None], ROWS),
    "take_along_dim": (lambda x: torch.take_along_dim(x, x.argsort(-1), -1), ROWS),
    "take of all": (lambda x: torch.take_along_dim(x, x[:1].argsort(-1)), ROWS),
    "mT": (lambda x: x.mT * 1, ROWS),
    "mH": (lambda x: x.mH * 1, ROWS),
    "adjoint": (lambda x: x.adjoint() * 1, ROWS),
    "positive": (lambda x: torch.positive(x) * 1, ROWS),
    "expit": (torch.special.expit, ROWS),
    "erf": (torch.special.erf, ROWS),
    "erfc": (torch.special.erfc, ROWS),
    "expm1": (torch.special.expm1, ROWS),
    "log1p": (lambda x: torch.special.log1p(x + 5), ROWS),
    "special softmax": (lambda x: torch.special.softmax(x, 1), ROWS),
    "special log_softmax": (lambda x: torch.special.log_softmax(x, 1), ROWS),
    "ravel": (lambda x: torch.ravel(x) * 1, ROWS),
    "moveaxis": (lambda x: torch.moveaxis(x, 0, 2) * 1, ROWS),
    "moveaxis of a list": (lambda x: torch.moveaxis(x, (2,), (0,)) * 1, ROWS),
    "movedim": (lambda x: torch.movedim(x, 3, 1) * 1, IMAGE),
    "movedim to the end": (lambda x: torch.movedim(x, 1, 3) * 1, IMAGE),
    "movedim negative": (lambda x: torch.movedim(x, -1, -3) * 1, IMAGE),
    "movedim of a list": (lambda x: torch.movedim(x, (1,), (3,)) * 1, IMAGE),
    "vstack": (lambda x: torch.vstack([x, x + 1]), ROWS),
    "hstack": (lambda x: torch.hstack([x, x + 1]), ROWS),
    "nan_to_num": (lambda x: torch.nan_to_num(holes(x)), ROWS),
    "nan_to_num of three": (lambda x: torch.nan_to_num(holes(x), 1.0, 2.0, -2.0), ROWS),
    "pixel_unshuffle": (lambda x: functional.pixel_unshuffle(x, 2), IMAGE),
    "inner": (lambda x: torch.inner(x, x[0]), ROWS),
    "maximum": (lambda x: torch.maximum(x, x.mean(1, keepdim=True)), ROWS),
    "minimum": (lambda x: torch.minimum(x, -x), ROWS),
    "amax": (lambda x: x.amax(1), ROWS),
    "amax of several": (lambda x: x.amax((1, 2), keepdim=True), ROWS),
    "amax of all": (lambda x: x.amax(), ROWS),
    "amin": (lambda x: x.amin((0, 2)), ROWS),
    "channel_shuffle": (lambda x: functional.channel_shuffle(x, 2), WIDE),
    "exp2": (torch.exp2, ROWS),
    "outer": (lambda x: torch.outer(x[0, 0], x[0, 1]), ROWS),
    "fliplr": (torch.fliplr, ROWS),
    "flipud": (torch.flipud, ROWS),
    "unsafe_chunk": (lambda x: torch.unsafe_chunk(x, 2, 2), ROWS),
    "unsafe_split": (lambda x: torch.unsafe_split(x, 3, 2), ROWS),
    "unsafe_split by sizes": (lambda x: torch.unsafe_split_with_sizes(x, [3, 5], 2), ROWS),
    "split": (lambda x: torch.split(x, [3, 5], 2), ROWS),
    "subtract": (lambda x: torch.subtract(x, x[:1], alpha=2), ROWS),
    "multiply": (lambda x: torch.multiply(x, x[:1]), ROWS),
    "divide": (lambda x: torch.divide(x, x + 9), ROWS),
    "negative": (torch.negative, ROWS),
    "greater": (lambda x: torch.greater(x, -x), ROWS),
    "greater than": (lambda x: torch.greater(x, 1.0), ROWS),
    "greater_equal": (lambda x: torch.greater_equal(x, -x), ROWS),
    "greater_equal to": (lambda x: torch.greater_equal(x, 1.0), ROWS),
    "less": (lambda x: torch.less(x, -x), ROWS),
    "less than": (lambda x: torch.less(x, 1.0), ROWS),
    "less_equal": (lambda x: torch.less_equal(x, -x), ROWS),
    "less_equal to": (lambda x: torch.less_equal(x, 1.0), ROWS),
    "not_equal": (lambda x: torch.not_equal(x, x.abs()), ROWS),
    "not_equal to": (lambda x: torch.not_equal(x, 1.0), ROWS),
    "absolute": (torch.absolute, ROWS),
    "logit": (lambda x: torch.logit(torch.sigmoid(x)), ROWS),
    "logit inside": (lambda x: torch.logit(x, eps=1e-3), ROWS),
    "deg2rad": (torch.deg2rad, ROWS),
    "rad2deg": (torch.rad2deg, ROWS),
    "logical_and": (lambda x: torch.logical_and(x > 0, x < 2), ROWS),
    "logical_or": (lambda x: torch.logical_or(x, x < 2), ROWS),
    "bitwise_and": (lambda x: torch.bitwise_and(x > 0, x < 2), ROWS),
    "bitwise_or": (lambda x: torch.bitwise_or(x > 3, x < 2), ROWS),
    "and": (lambda x: (x > 0) & (x < 2), ROWS),
    "lstm": (torch.nn.LSTM(8, 5, 2, bidirectional=True).eval(), ROWS),
    "gru": (torch.nn.GRU(8, 5).eval(), ROWS),
    "encoder": (torch.nn.TransformerEncoderLayer(8, 2, 16, batch_first=True).eval(), ROWS),
    "attention layer": (Attending().eval(), ROWS),
    "group norm": (torch.nn.GroupNorm(2, 8), WIDE),
    "instance norm": (torch.nn.InstanceNorm2d(8), WIDE),
    "layer norm": (torch.nn.LayerNorm(8), ROWS),
    "adaptive pool": (torch.nn.AdaptiveAvgPool2d((2, 3)), WIDE),
    "adaptive max pool": (torch.nn.AdaptiveMaxPool2d(2), WIDE),
    "max pool": (torch.nn.MaxPool2d(3, 2, 1, ceil_mode=True), WIDE),
    "average pool": (torch.nn.AvgPool2d(3, 2, 1, count_include_pad=False), WIDE),
    "transposed": (torch.nn.ConvTranspose2d(8, 4, 3, 2, 1, 1), WIDE),
    "conv 1d": (torch.nn.Conv1d(3, 4, 3, padding=1), ROWS),
    "conv 3d": (torch.nn.Conv3d(2, 4, 3, padding=1), IMAGE[None]),
    "prelu": (torch.nn.PReLU(3), IMAGE),
    "elu": (functional.elu, ROWS),
    "selu": (functional.selu, ROWS),
    "celu": (functional.celu, ROWS),
    "softplus": (functional.softplus, ROWS),
    "glu": (functional.glu, ROWS),
    "embedding": (lambda x: functional.embedding(x.abs(), torch.ones(13, 4)), INTEGERS),
    "one hot": (lambda x: functional.one_hot(x.abs(), 13), INTEGERS),
    "pixel_shuffle": (lambda x: functional.pixel_shuffle(x, 2), WIDE),
    "grid_sample": (
        lambda x: functional.grid_sample(x, x[:, :2].permute(0, 2, 3, 1), align_corners=False),
        IMAGE,
    ),
    "unfold": (lambda x: functional.unfold(x, 2), IMAGE),
    "roll": (lambda x: torch.roll(x, (1, 2), (1, 2)), ROWS),
    "flip": (lambda x: torch.flip(x, (1,)), ROWS),
    "cumsum": (lambda x: torch.cumsum(x, 1), ROWS),
    "topk": (lambda x: torch.topk(x, 3), ROWS),
    "sort": (lambda x: torch.sort(x, -1, descending=True), ROWS),
    "argmax": (lambda x: torch.argmax(x, 1), ROWS),
    "max": (lambda x: torch.max(x, 1), ROWS),
    "gather": (lambda x: torch.gather(x, 2, torch.zeros(2, 3, 1, dtype=torch.int64)), ROWS),
    "index": (lambda x: x[:, torch.tensor([2, 0])], ROWS),
    "index_select": (lambda x: torch.index_select(x, 1, torch.tensor([2, 0])), ROWS),
    "repeat_interleave": (lambda x: torch.repeat_interleave(x, 2, 1), ROWS),
    "masked_fill": (lambda x: x.masked_fill(x > 1, -1.0), ROWS),
    "triu": (lambda x: torch.triu(x, 1), ROWS),
    "arange": (lambda x: x + torch.arange(8), ROWS),
    "linspace": (lambda x: x + torch.linspace(0, 1, 8), ROWS),
    "matmul": (lambda x: x @ x.transpose(1, 2), ROWS),
    "bmm": (lambda x: torch.bmm(x, x.transpose(1, 2)), ROWS),
    "baddbmm": (lambda x: torch.baddbmm(x[:, :, :3], x, x.transpose(1, 2), alpha=0.5), ROWS),
    "softmax": (lambda x: torch.softmax(x, -1), ROWS),
    "logsumexp": (lambda x: torch.logsumexp(x, (1, 2)), ROWS),
    "pow": (lambda x: x**2 + 2**x, ROWS),
    "remainder": (lambda x: x % 3, ROWS),
    "chunk": (lambda x: x.chunk(2, -1), ROWS),
    "unbind": (lambda x: x.unbind(1), ROWS),
    "stack": (lambda x: torch.stack([x, x], 1), ROWS),
    "expand": (lambda x: x[:, :1].expand(-1, 3, -1) * 1, ROWS),
    "float64 and back": (lambda x: x.double().float() + x.to(torch.int64), ROWS),
    "cross": (lambda x: torch.cross(x, x + 1, dim=1), ROWS),
    "cdist": (lambda x: torch.cdist(x, x + 1), ROWS),
    "cosine": (lambda x: functional.cosine_similarity(x, x + 1, -1), ROWS),
    "cosine of short vectors": (
        lambda x: functional.cosine_similarity(x * 1e-2, x * 1e-2 + 1e-3, -1, eps=0.1),
        ROWS,
    ),
}

SCRIPTED = {
    "scripted divisions by numbers": case(scripted(by_numbers), X),
    "scripted divisions of integers": case(scripted(by_numbers), INTS),
    "scripted divisions": case(scripted(by_tensors), INTS, INTS.flip(1) * 2 + 1),
    "scripted bits": case(scripted(bits), IDS),
    "scripted choices": case(scripted(choices), X),
}
CASES = {name: case(function, given) for name, (function, given) in FUNCTIONS.items()}
CASES |= ATTENTION | TYPES | DIVISION | ORDER | PLACES | LAYERS | SCRIPTED
# of what overflows in the square
for name in ("cosine", "hypot", "remainder"):
    CASES[name] = replace(CASES[name], but=("huge",))
