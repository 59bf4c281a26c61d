"""What releases of PyTorch can read and compute: ``torch.toml``, ``torch_operators.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from neopack import versions
from neopack.facts.rows import facts_file

__all__ = [
    "torch_computes_otherwise",
    "torch_file_format",
    "torch_instead",
    "torch_is_known",
    "torch_schemas",
    "torch_schemas_today",
    "torchvision_converted",
    "torchvision_operators",
]


def torch_file_format(version: str) -> int | None:
    """The newest file format that a release of PyTorch can read; None for one yet newer."""
    table = facts_file("torch").numbers("file_format")
    reads = [most for release, most in table.items() if versions.at_most(version, release)]
    return min(reads, default=None)


@cache
def torch_is_known(version: str) -> bool:
    """Whether our tables, those of the runtimes, reach that version."""
    return versions.parts(version) is not None and versions.at_most(version, _releases()[-2])


@cache
def torch_schemas(operator: str, version: str) -> tuple[str, ...]:
    """The schemas that an operator such as ``aten::relu`` has in a version that is known; empty
    where it has no such operator."""
    at = max((i for i, r in enumerate(_releases()) if versions.at_least(version, r)), default=0)
    mended = facts_file("torch").words("fails_before")
    return tuple(
        schema
        for schema in _schemas(operator, at)
        if (since := mended.get(f"{operator.removeprefix('aten::')} {schema}")) is None
        or versions.at_least(version, since)
    )


def torch_schemas_today(operator: str) -> tuple[str, ...]:
    """The same in the newest PyTorch that we know."""
    return _schemas(operator, len(_releases()) - 1)


def _schemas(operator: str, at: int) -> tuple[str, ...]:
    rows = _history().get(operator.removeprefix("aten::"), {})
    return tuple(schema for schema, spans in rows.items() if any(at in span for span in spans))


@cache
def _releases() -> tuple[str, ...]:
    """Those of the table, oldest first; the last is the PyTorch of the day it was written."""
    return tuple(sorted(facts_file("torch_operators").table("since"), key=versions.order))


@cache
def _history() -> Mapping[str, Mapping[str, list[range]]]:
    """Operator, schema, and at which places of ``_releases`` it has that."""
    since = facts_file("torch_operators").table("since")
    found: dict[str, dict[str, list[range]]] = {}
    for at, release in enumerate(_releases()):
        row = since.table(release)
        for name, _, schema in (line.partition(" ") for line in row.text("new").splitlines()):
            spans = found.setdefault(name, {}).setdefault(schema, [])
            spans.append(range(at, len(_releases())))
        for name, _, schema in (line.partition(" ") for line in row.text("gone").splitlines()):
            spans = found[name][schema]
            spans[-1] = range(spans[-1].start, at)
    return found


def torch_instead(operator: str) -> str:
    """What to write in place of an operator that an old PyTorch lacks; empty if we know none."""
    name = operator.removeprefix("aten::")
    hints = facts_file("torch").words("instead")
    begins = [beginning for beginning in hints if name.startswith(beginning)]
    return hints[max(begins, key=len)] if begins else ""


def torch_computes_otherwise(version: str, operator: str) -> bool:
    """Whether the operator of that name computed something else in this version."""
    since = facts_file("torch").words("changed").get(operator.removeprefix("aten::"))
    return since is not None and not versions.at_least(version, since)


@cache
def torchvision_operators(version: str) -> frozenset[str]:
    """The operators of the torchvision that belongs to a version of PyTorch, such as
    ``torchvision::nms``: those that take what they take today."""
    since = facts_file("torch").table("torchvision").words("since")
    return frozenset(
        f"torchvision::{name}"
        for name, release in since.items()
        if versions.at_least(version, release) or versions.parts(version) is None
    )


@cache
def torchvision_converted() -> tuple[str, ...]:
    """Those of them that TVM converts, by their plain names."""
    return facts_file("torch").table("torchvision").texts("converted")
