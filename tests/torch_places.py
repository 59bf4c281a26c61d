"""Gathering, scattering, views and bags: repeated places, padding."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_cases import IDS, INF, INTS, Case, X, case, seeded

OFFSETS = (torch.tensor([1, 0, 3, 2, 0, 0, 4]), torch.tensor([0, 2, 2, 5]))


class Bag(nn.Module):
    def __init__(self, **more: Any) -> None:
        super().__init__()
        self.bag = nn.EmbeddingBag(10, 4, **more)

    def forward(self, *given: Tensor) -> Tensor:
        return self.bag(*given)


def assigned(x: Tensor, mask: Tensor) -> Tensor:
    y = x * 1
    y[mask] = -1.0
    return y


def sliced(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 1:, ::2] = y[:, :2, 1::2] * 2
    return y


def numbered(i: Tensor) -> Tensor:
    y = i.clone()
    y[:, 0] = 7
    y[y == 1] = -100
    return y


def twice(x: Tensor) -> Tensor:
    y = torch.zeros(2, 3, 8)
    y[0] = x[1]
    y[:, 2] += x[:, 0]
    return y


def viewed(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0].add_(1.0)
    y[:, 1] *= 2
    return y


def filled(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0].fill_(3.0)
    y[..., -1].zero_()
    return y


def copied(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0].copy_(x[:, 2])
    return y


def activated(x: Tensor) -> Tensor:
    y = x.clone()
    functional.silu(y[:, 0], inplace=True)
    functional.hardswish(y[:, 1], inplace=True)
    return y


def clamped(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0].clamp_(x.min(), x.mean())
    y[:, 1].clamp_(-1, 1)
    return y


def masked(x: Tensor) -> Tensor:
    y = x.clone()
    y[:, 0].masked_fill_(x[:, 0] > 0, 9.0)
    return y


def transposed(x: Tensor) -> Tensor:
    y = x.clone()
    y.transpose(1, 2)[:, :3].mul_(2.0)
    y.view(-1)[5:9].nan_to_num_(0.0).square_()
    return y


def halved(i: Tensor) -> Tensor:
    y = i.clone()
    y[0] //= 4
    y[1].div_(3, rounding_mode="floor")
    return y


PLACES: dict[str, Case] = {
    "scatter of ids": case(lambda i: torch.zeros(2, 10).scatter(1, i, 1.0), IDS),
    "scatter in place of ids": case(lambda i: torch.zeros(2, 10).scatter_(1, i, 1.0), IDS),
    "scatter_add of ids": case(lambda x, i: torch.zeros(2, 10).scatter_add(1, i, x[:, 0, :6]), X, IDS),
    "scatter_add of counts": case(lambda i: torch.zeros(2, 10, dtype=torch.long).scatter_add(1, i, torch.ones_like(i)), IDS),
    "scatter and add": case(lambda x, i: torch.ones(2, 10).scatter(1, i, x[:, 0, :6], reduce="add"), X, IDS),
    "scatter and multiply": case(lambda x, i: torch.ones(2, 10).scatter(1, i, x[:, 0, :6], reduce="multiply"), X, IDS),
    "scatter a number and add": case(lambda i: torch.ones(2, 10).scatter(1, i, 2.0, reduce="add"), IDS),
    "scatter_reduce sum": case(lambda x, i: torch.ones(2, 10).scatter_reduce(1, i, x[:, 0, :6], "sum"), X, IDS),
    "scatter_reduce sum alone": case(lambda x, i: torch.ones(2, 10).scatter_reduce(1, i, x[:, 0, :6], "sum", include_self=False), X, IDS),
    "scatter_reduce mean": case(lambda x, i: torch.ones(2, 10).scatter_reduce(1, i, x[:, 0, :6], "mean"), X, IDS),
    "scatter_reduce mean alone": case(lambda x, i: torch.ones(2, 10).scatter_reduce(1, i, x[:, 0, :6], "mean", include_self=False), X, IDS),
    "scatter_reduce amax": case(lambda x, i: torch.zeros(2, 10).scatter_reduce(1, i, x[:, 0, :6], "amax"), X, IDS),
    "scatter_reduce amax alone": case(lambda x, i: torch.zeros(2, 10).scatter_reduce(1, i, x[:, 0, :6], "amax", include_self=False), X, IDS),
    "scatter_reduce amin": case(lambda x, i: torch.zeros(2, 10).scatter_reduce(1, i, x[:, 0, :6], "amin"), X, IDS),
    "scatter_reduce prod": case(lambda x, i: torch.ones(2, 10).scatter_reduce(1, i, x[:, 0, :6], "prod"), X, IDS),
    "scatter_reduce of integers": case(lambda i: torch.zeros(2, 10, dtype=torch.long).scatter_reduce(1, i, i * 3, "amax"), IDS),
    "scatter_reduce in place": case(lambda x, i: torch.ones(2, 10).scatter_reduce_(1, i, x[:, 0, :6], "sum"), X, IDS),
    "scatter_reduce by rows": case(lambda x, i: torch.zeros(10, 8).scatter_reduce(0, i[0, :3, None].expand(3, 8), x[0], "sum"), X, IDS),
    "index_add": case(lambda x, i: torch.zeros(10, 8).index_add(0, i[0, :3], x[0]), X, IDS),
    "index_add with alpha": case(lambda x, i: torch.zeros(10, 8).index_add(0, i[0, :3], x[0], alpha=0.5), X, IDS),
    "index_copy": case(lambda x: torch.zeros(3, 8).index_copy(0, torch.tensor([2, 0]), x[0, :2]), X),
    "index_fill": case(lambda x: x.index_fill(1, torch.tensor([2, 0]), 7.0), X),
    "index_put": case(lambda x: x.index_put((torch.tensor([0, 1]), torch.tensor([2, 0])), torch.tensor(5.0)), X),
    "index_put accumulated": case(lambda x, i: torch.zeros(10).index_put((i,), x[0, :2, :6], accumulate=True), X, IDS),
    "index_put a mask": case(lambda x: x.index_put((x > 0,), torch.tensor(5.0)), X),
    "assigned a mask": case(lambda x: assigned(x, x > 0), X),
    "assigned a slice": case(lambda x: sliced(x), X),
    "assigned a number": case(lambda i: numbered(i), IDS),
    "assigned twice": case(lambda x: twice(x), X),
    "added to a view": case(lambda x: viewed(x), X),
    "filled a view": case(lambda x: filled(x), X),
    "copied to a view": case(lambda x: copied(x), X),
    "activated a view": case(lambda x: activated(x), X),
    "clamped a view": case(lambda x: clamped(x), X),
    "masked a view": case(lambda x: masked(x), X),
    "transposed a view": case(lambda x: transposed(x), X),
    "halved a view of integers": case(lambda i: halved(i), INTS),
    "zeroed": case(lambda x: x.clone().zero_() + x, X),
    "gather of ids": case(lambda i: torch.arange(10.0).expand(2, 10).gather(1, i), IDS),
    "take": case(lambda i: torch.arange(10.0).take(i), IDS),
    "put": case(lambda x, i: torch.zeros(10).put(i[0, :3], x[0, 0, :3], accumulate=True), X, IDS),
    "index of ids": case(lambda i: torch.arange(10.0)[i], IDS),
    "index from the end": case(lambda x: x[:, torch.tensor([-1, -2])], X),
    "index of none": case(lambda x: x[:, None, torch.tensor([0, 2]), ::2], X),
    "index of two": case(lambda x, i: x[torch.arange(2), i[:, 0] % 3], X, IDS),
    "last of the padded": case(lambda x, i: x[torch.arange(2), (i[:, :3] != 0).sum(1) - 1], X, IDS),
    "lengths to a mask": case(lambda i: torch.arange(6)[None] < (i != 0).sum(1, keepdim=True), IDS),
    "index_select of ids": case(lambda i: torch.arange(20.0).reshape(10, 2).index_select(0, i[0]), IDS),
    "take_along_dim of rows": case(lambda x: torch.take_along_dim(x, x[:1].argsort(-1), -1), X),
    "repeat_interleave of counts": case(lambda x: x.repeat_interleave(torch.tensor([1, 0, 2]), 1), X),
    "repeat_interleave by three": case(lambda i: i.repeat_interleave(3), IDS),
    "roll of rows": case(lambda x: x.roll(1, 0), X),
    "rot90": case(lambda x: torch.rot90(x, 1, (1, 2)), X),
    "tril": case(lambda x: torch.tril(x, -1), X),
    "diag": case(lambda x: torch.diag(x[0, 0]), X),
    "diag_embed": case(lambda x: torch.diag_embed(x), X),
    "diagonal": case(lambda x: torch.diagonal(x, 0, 1, 2) * 1, X),
    "tensor_split": case(lambda x: torch.tensor_split(x, 3, -1), X),
    "tensor_split at": case(lambda x: torch.tensor_split(x, (2, 5), -1), X),
    "dstack": case(lambda x: torch.dstack([x[0], x[1]]), X),
    "column_stack": case(lambda x: torch.column_stack([x[0, 0], x[0, 1]]), X),
    "atleast_2d": case(lambda x: torch.atleast_2d(x[0, 0]), X),
    "cartesian_prod": case(lambda x: torch.cartesian_prod(x[0, 0, :2], x[0, 1, :3]), X),
    "combinations": case(lambda x: torch.combinations(x[0, 0, :4]), X),
    "block_diag": case(lambda x: torch.block_diag(x[0, :, :3], x[1, :, :2]), X),
    "cat of kinds": case(lambda x, i: torch.cat([x[0, :2, :6], i], 1), X, IDS),
    "stack of kinds": case(lambda x, i: torch.stack([x[0, :2, :6], i]), X, IDS),
    "cat of bools and integers": case(lambda i: torch.cat([i > 2, i]), IDS),
    "hstack of kinds": case(lambda x, i: torch.hstack([x[0, :2, :6], i]), X, IDS),
    "concat of kinds": case(lambda x, i: torch.concat([x[0, :2, :6], i]), X, IDS),
    "pad of integers": case(lambda i: functional.pad(i, (1, 2), value=0), IDS),
    "pad of bools": case(lambda i: functional.pad(i > 0, (1, 2), value=True), IDS),
    "pad with minus infinity": case(lambda x: functional.pad(x, (1, 2), value=-INF), X),
    "pad inside": case(lambda x: functional.pad(x, (-1, -2)), X),
    "reflect of three": case(lambda x: functional.pad(x[None], (1, 1, 1, 1, 0, 0), mode="replicate"), X[None]),
    "shift by padding": case(lambda i: functional.pad(i, (1, -1)), IDS),
    "one_hot of ids": case(lambda i: functional.one_hot(i, 10), IDS),
    "one_hot in floats": case(lambda i: functional.one_hot(i, 10).float(), IDS),
    "numbers of NumPy": case(lambda x: x + torch.from_numpy(np.arange(8, dtype=np.float32)), X),
    "embedding of padding": case(seeded(nn.Embedding, 10, 4, padding_idx=0), IDS),
    "embedding of a norm": case(seeded(nn.Embedding, 10, 4, max_norm=0.5), IDS),
    "bag of padding": case(seeded(Bag, mode="mean", padding_idx=0), IDS, own=[(IDS * 0,), (IDS.flip(1),)]),
    "bag of a sum of padding": case(seeded(Bag, mode="sum", padding_idx=0), IDS, own=[(IDS * 0,)]),
    "bag of a maximum of padding": case(seeded(Bag, mode="max", padding_idx=0), IDS, own=[(IDS * 0,)]),
    "bag of other padding": case(seeded(Bag, padding_idx=5), IDS, own=[(IDS * 0 + 5,)]),
    "bag of the last padding": case(seeded(Bag, padding_idx=-1), IDS, own=[(IDS * 0 + 9,)]),
    "bag of a sum": case(seeded(Bag, mode="sum"), IDS),
    "bag of a maximum": case(seeded(Bag, mode="max"), IDS),
    "bag of offsets": case(seeded(Bag), *OFFSETS, alone=True, own=[(OFFSETS[0] * 0, OFFSETS[1]), (OFFSETS[0], torch.tensor([0, 0, 0, 7]))]),
    "bag of offsets and padding": case(seeded(Bag, padding_idx=0), *OFFSETS, alone=True, own=[(OFFSETS[0] * 0, OFFSETS[1]), (OFFSETS[0], torch.tensor([0, 0, 4, 4]))]),
    "bag of offsets and a maximum": case(seeded(Bag, mode="max", padding_idx=0), *OFFSETS, alone=True, own=[(OFFSETS[0] * 0, OFFSETS[1])]),
    "bag of the last offset": case(seeded(Bag, include_last_offset=True), OFFSETS[0], torch.tensor([0, 2, 2, 7]), alone=True, own=[(OFFSETS[0], torch.tensor([0, 1, 4, 7]))]),
    "bag of the last offset and padding": case(seeded(Bag, include_last_offset=True, padding_idx=0), OFFSETS[0], torch.tensor([0, 2, 2, 7]), alone=True),
    "bag of the last offset and a maximum": case(seeded(Bag, include_last_offset=True, mode="max"), OFFSETS[0], torch.tensor([0, 2, 2, 7]), alone=True),
    "bag of weights": case(lambda i: functional.embedding_bag(i, torch.arange(40.0).reshape(10, 4), mode="sum", per_sample_weights=i * 0.5), IDS),
    "bag of weights and padding": case(lambda i: functional.embedding_bag(i, torch.arange(40.0).reshape(10, 4), mode="sum", per_sample_weights=i * 0.5 + 1, padding_idx=0), IDS, own=[(IDS * 0,)]),
}  # fmt: skip
