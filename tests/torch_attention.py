"""Attention and masks: padding, rows that see nothing, groups of heads."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch_cases import BOTH, IDS, INF, SCORES, UNREAL, Case, X, case, seeded

PADDED = (
    (IDS * 0,),
    (IDS.flip(1),),
    (torch.tensor([[0] * 6, [1] * 6]),),
    (torch.tensor([[0, 0, 0, 1, 2, 3], [0, 0, 0, 0, 0, 5]]),),
)
HIDDEN = torch.tensor([[0.0, -INF, 0.0], [0.0, 0.0, 0.0], [-INF, 0.0, -INF]])
NOTHING = torch.full((3, 3), -INF)
Q = torch.linspace(-1, 1, 24).reshape(2, 3, 4)
HEADS = torch.linspace(-1, 1, 80).reshape(1, 4, 5, 4)
MEMORY = torch.linspace(-1, 1, 64).reshape(2, 4, 8)


class PaddedEncoder(nn.Module):
    def __init__(self, first: bool = True, causal: bool = False) -> None:
        super().__init__()
        layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=first, dropout=0.0)
        self.embed = nn.Embedding(10, 16)
        self.encode = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.causal = causal

    def forward(self, ids: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(6) if self.causal else None
        return self.encode(self.embed(ids), mask, src_key_padding_mask=ids == 0)


class Decoder(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layer = nn.TransformerDecoderLayer(8, 2, 16, batch_first=True, dropout=0.0)
        self.embed = nn.Embedding(10, 8)
        self.decode = nn.TransformerDecoder(layer, 1)

    def forward(self, ids: Tensor, memory: Tensor) -> Tensor:
        mask = nn.Transformer.generate_square_subsequent_mask(6)
        return self.decode(self.embed(ids), memory, mask, tgt_key_padding_mask=ids == 0)


class Attending(nn.Module):
    def __init__(self, **more: Any) -> None:
        super().__init__()
        self.layer = nn.MultiheadAttention(8, 2, batch_first=True)
        self.more = more

    def forward(self, x: Tensor, hidden: Tensor) -> Any:
        out, weights = self.layer(x, x, x, key_padding_mask=hidden, **self.more)
        return out if weights is None else (out, weights)


def attended(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    return functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)


ATTENTION: dict[str, Case] = {
    "padded encoder": case(seeded(PaddedEncoder), IDS, own=PADDED),
    "padded encoder, sequence first": case(seeded(PaddedEncoder, first=False), IDS.new_tensor([[1, 2], [2, 0]]), own=[(IDS[:, :2] * 0,)]),
    "padded causal encoder": case(seeded(PaddedEncoder, causal=True), IDS, own=PADDED),
    "padded decoder": case(seeded(Decoder), IDS, MEMORY, own=[(p[0], MEMORY) for p in PADDED]),
    "attention weights": case(seeded(Attending), X, BOTH[:2]),
    "attention without weights": case(seeded(Attending, need_weights=False), X, BOTH[:2]),
    "attention of every head": case(seeded(Attending, average_attn_weights=False), X, BOTH[:2]),
    "attention with a float mask": case(attended, Q, Q, Q, HIDDEN, own=[(Q, Q, Q, NOTHING), (Q, Q, Q, NOTHING.triu(1) + NOTHING.flip(0).triu(2).nan_to_num(0.0, 0.0))]),
    "attention with the least mask": case(attended, Q, Q, Q, torch.zeros(3, 3), own=[(Q, Q, Q, torch.full((3, 3), -3.4028234663852886e38)), (Q, Q, Q, torch.full((3, 3), -1e9))]),
    "attention with a bool mask": case(attended, Q, Q, Q, BOTH),
    "attention with a float64 mask": case(lambda q, m: attended(q, q, q, m), Q.double(), HIDDEN.double()),
    "attention to a longer memory": case(lambda q, k: functional.scaled_dot_product_attention(q, k, k, is_causal=True), Q, torch.linspace(-1, 1, 40).reshape(2, 5, 4), but=UNREAL),
    "attention of groups": case(lambda q, k, v: functional.scaled_dot_product_attention(q, k, v, enable_gqa=True), HEADS, HEADS[:, :2], HEADS[:, 2:], but=UNREAL),
    "attention of groups, causal": case(lambda q, k: functional.scaled_dot_product_attention(q, k, k, is_causal=True, enable_gqa=True), HEADS, HEADS[:, :1], but=UNREAL),
    "softmax of hidden rows": case(lambda s, m: torch.softmax(s.masked_fill(m, -INF), -1), SCORES, BOTH),
    "softmax then zeros": case(lambda s, m: torch.softmax(s.masked_fill(m, -INF), -1).nan_to_num(0.0), SCORES, BOTH),
    "log_softmax of hidden rows": case(lambda s, m: torch.log_softmax(s.masked_fill(m, -1e9), -1), SCORES, BOTH),
    "logsumexp of hidden rows": case(lambda s, m: torch.logsumexp(s.masked_fill(m, -INF), -1), SCORES, BOTH),
    "logcumsumexp": case(lambda s: torch.logcumsumexp(s, 1), SCORES, but=UNREAL),
    "masked mean": case(lambda x, m: (x * m[..., None]).sum(1) / m.sum(1, keepdim=True).clamp(min=1), X, BOTH[:2]),
    "masked mean of ids": case(lambda x, i: (x * (i != 0).unsqueeze(-1)).sum(1) / (i != 0).sum(1, keepdim=True), X, IDS[:, :3]),
    "masked_fill of integers": case(lambda i: i.masked_fill(i == 0, -100), IDS),
    "masked_fill by a tensor": case(lambda x: x.masked_fill(x > 0, torch.tensor(2)), X),
    "masked_scatter": case(lambda x: x.masked_scatter(x > 0, torch.arange(48.0)), X),
}  # fmt: skip
