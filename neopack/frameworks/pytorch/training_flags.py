"""Calls of dropout and batch norm in TorchScript code whose training flag is a literal True."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["CLOSING", "OPENING", "training_calls"]

OPENING, CLOSING = frozenset("([{"), frozenset(")]}")


@dataclass(frozen=True, slots=True)
class Flag:
    """Where an operator's training flag stands. ``statistics`` are the places of the running
    statistics: without them batch norm uses the batch's own in evaluation too."""

    place: int
    keyword: str
    statistics: tuple[int, ...] = ()


_F = "__torch__.torch.nn.functional."
_DROPOUT = Flag(2, "train")
_TRAINING = {
    **{
        f"torch.{name}": _DROPOUT
        for kind in ("dropout", "feature_dropout", "alpha_dropout", "feature_alpha_dropout")
        for name in (kind, f"{kind}_")
    },
    "torch.native_dropout": _DROPOUT,
    "torch.batch_norm": Flag(5, "training", (3, 4)),
    "torch.native_batch_norm": Flag(5, "training", (3, 4)),
    "torch.cudnn_batch_norm": Flag(5, "training", (3, 4)),
    "torch.miopen_batch_norm": Flag(5, "training", (3, 4)),
    "torch.rrelu": Flag(3, "training"),
    "torch.rrelu_": Flag(3, "training"),
    **{
        f"{_F}{name}": Flag(2, "training")
        for name in ("dropout", "dropout2d", "dropout3d", "alpha_dropout", "feature_alpha_dropout")
    },
    f"{_F}batch_norm": Flag(5, "training", (1, 2)),
    f"{_F}rrelu": Flag(3, "training"),
}


def training_calls(
    tokens: list[str], openings: Sequence[int], names: Sequence[str]
) -> Iterator[str]:
    """The names of the calls of a statement that train. ``openings`` are the places of the
    parentheses, ``names`` what is called there."""
    ends = _ends(tokens) if any(name in _TRAINING for name in names) else {}
    for opening, name in zip(openings, names, strict=True):
        flag = _TRAINING.get(name)
        if flag is not None and _is_training(_starts(tokens, opening, ends[opening]), flag):
            yield name


def _ends(tokens: Sequence[str]) -> dict[int, list[int]]:
    """For each bracket that opens, where its parts end: its commas and where it closes. One pass
    for all: calls can be nested as deep as a statement is long."""
    ends: dict[int, list[int]] = {}
    inside: list[int] = []
    for at, part in enumerate(tokens):
        if part in OPENING:
            ends[at] = []
            inside.append(at)
        elif inside and part == ",":
            ends[inside[-1]].append(at)
        elif inside and part in CLOSING:
            ends[inside.pop()].append(at)
    for opening in inside:
        ends[opening].append(len(tokens))
    return ends


def _starts(tokens: list[str], opening: int, ends: Sequence[int]) -> list[list[str]]:
    """What each argument of a call starts with: enough to tell a flag from an expression."""
    return [
        tokens[before + 1 : min(end, before + 5)]
        for before, end in zip((opening, *ends), ends, strict=False)
    ]


def _is_training(arguments: list[list[str]], flag: Flag) -> bool:
    values = [a[2:] if a[1:2] == ["="] else a for a in arguments]
    if flag.statistics and all(values[i : i + 1] == [["None"]] for i in flag.statistics):
        return False
    named = [a for a in arguments if a[:2] == [flag.keyword, "="]]
    tokens = named[0][2:] if named else next(iter(values[flag.place : flag.place + 1]), [])
    return tokens == ["True"]
