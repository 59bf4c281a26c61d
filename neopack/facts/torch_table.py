"""The formats and operators of PyTorch releases: ``torch.toml``, ``torch_operators.toml``."""

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
    """Return the newest file format that a release of PyTorch reads, or None for one that is newer
    than the table."""
    table = facts_file("torch").numbers("file_format")
    reads = [most for release, most in table.items() if versions.at_most(version, release)]
    return min(reads, default=None)


@cache
def torch_is_known(version: str) -> bool:
    """Whether the tables, which come from the runtimes, include that version."""
    return versions.parts(version) is not None and versions.at_most(version, _releases()[-2])


@cache
def torch_schemas(operator: str, version: str) -> tuple[str, ...]:
    """Return the schemas of an operator such as ``aten::relu`` in a known version; empty if that
    version lacks the operator."""
    at = max((i for i, r in enumerate(_releases()) if versions.at_least(version, r)), default=0)
    mended = facts_file("torch").words("fails_before")
    return tuple(
        schema
        for schema in _schemas(operator, at)
        if (since := mended.get(f"{operator.removeprefix('aten::')} {schema}")) is None
        or versions.at_least(version, since)
    )


def torch_schemas_today(operator: str) -> tuple[str, ...]:
    """Return the same for the newest PyTorch of the table."""
    return _schemas(operator, len(_releases()) - 1)


def _schemas(operator: str, at: int) -> tuple[str, ...]:
    rows = _history().get(operator.removeprefix("aten::"), {})
    return tuple(schema for schema, spans in rows.items() if any(at in span for span in spans))


@cache
def _releases() -> tuple[str, ...]:
    """The versions of the table, oldest first; the last one was current when it was written."""
    return tuple(sorted(facts_file("torch_operators").table("since"), key=versions.order))


@cache
def _history() -> Mapping[str, Mapping[str, list[range]]]:
    """For each operator and schema, the ranges of indexes in ``_releases``."""
    since = facts_file("torch_operators").table("since")
    history: dict[str, dict[str, list[range]]] = {}
    for at, release in enumerate(_releases()):
        row = since.table(release)
        for name, _, schema in (line.partition(" ") for line in row.text("new").splitlines()):
            spans = history.setdefault(name, {}).setdefault(schema, [])
            spans.append(range(at, len(_releases())))
        for name, _, schema in (line.partition(" ") for line in row.text("gone").splitlines()):
            spans = history[name][schema]
            spans[-1] = range(spans[-1].start, at)
    return history


def torch_instead(operator: str) -> str:
    """Return a replacement for an operator that an old PyTorch lacks, or "" if none is known."""
    name = operator.removeprefix("aten::")
    hints = facts_file("torch").words("instead")
    begins = [beginning for beginning in hints if name.startswith(beginning)]
    return hints[max(begins, key=len)] if begins else ""


def torch_computes_otherwise(version: str, operator: str) -> bool:
    """Whether the operator of that name computed other values in this version."""
    since = facts_file("torch").words("changed").get(operator.removeprefix("aten::"))
    return since is not None and not versions.at_least(version, since)


@cache
def torchvision_operators(version: str) -> frozenset[str]:
    """Return the operators, such as ``torchvision::nms``, that take today's arguments in the
    torchvision of a PyTorch version."""
    since = facts_file("torch").table("torchvision").words("since")
    return frozenset(
        f"torchvision::{name}"
        for name, release in since.items()
        if versions.at_least(version, release) or versions.parts(version) is None
    )


@cache
def torchvision_converted() -> tuple[str, ...]:
    """Return the names, without namespace, of those that TVM converts."""
    return facts_file("torch").table("torchvision").texts("converted")
