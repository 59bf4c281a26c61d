"""What PyTorch's operators make of dtypes, from ``torch.toml``: the dtype of their results, and
which of their arguments an old PyTorch takes otherwise."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache

from neopack import versions
from neopack.facts.rows import facts_file
from neopack.facts.torch_table import torch_is_known

__all__ = ["torch_dtypes_of", "torch_mixed_before", "torch_mixes"]

RESULTS = ("first", "float", "promoted", "bool", "int64")


@cache
def torch_dtypes_of(operator: str) -> str:
    """Return what the dtype of an operator's result follows from: a word of ``RESULTS``, or ""
    where the table has none."""
    name = operator.removeprefix("aten::")
    table = facts_file("torch").table("dtypes")
    return next((kind for kind in RESULTS if name in table.texts(kind)), "")


def torch_mixes(operator: str, kind: str) -> bool:
    """Whether some version takes otherwise what is called so."""
    return bool(_before(operator, kind))


def torch_mixed_before(version: str, operator: str, kinds: Collection[str]) -> str:
    """Return the version since which PyTorch takes arguments of these kinds as it does today,
    where ``version`` is older; else ""."""
    if not torch_is_known(version):
        return ""
    older = [before for kind in kinds if (before := _before(operator, kind))]
    later = [before for before in older if not versions.at_least(version, before)]
    return max(later, key=versions.order, default="")


@cache
def _before(operator: str, kind: str) -> str:
    return facts_file("torch").table("mixed").words(kind).get(operator.removeprefix("aten::"), "")
