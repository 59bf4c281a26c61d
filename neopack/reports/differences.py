"""What differs between two archives or artifacts, as plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence

from neopack.differences.result import ArrayChange, Change, Difference, FileWeights, Sections
from neopack.reports.printable import printable
from neopack.reports.wrapping import fitted
from neopack.values.json import Json

__all__ = ["difference_text"]

# as many of a section or a file are shown; JSON has all
MOST = 10
SHA256 = re.compile(r"\b([0-9a-f]{12})[0-9a-f]{52}\b")
CHANGES = (
    "layout", "signature", "operators", "manifest", "findings", "evidence", "compiled",
)  # fmt: skip


def difference_text(difference: Difference) -> str:
    """A heading for each section that differs, with a line for each fact."""
    lines = list(_sizes(difference))
    for name in CHANGES:
        lines += _section(name, getattr(difference.sections, name))
        if name == "operators":
            lines += _weights(difference.sections)
    if difference.alike:
        lines.append("alike")
    for side in (difference.first, difference.second):
        if side.unjudged:
            lines.append(f"findings not compared: {side.path}: {side.unjudged}")
    return "\n".join(part for line in lines for part in fitted(printable(line)))


def _sizes(difference: Difference) -> Iterator[str]:
    first, second = difference.first, difference.second
    for mark, side in (("-", first), ("+", second)):
        yield f"{mark} {side.path}: {side.kind}, {side.bytes} bytes, {side.content_bytes} unpacked"
    if first.content_sha256 == second.content_sha256 and first.sha256 != second.sha256:
        yield "the same tar, compressed otherwise"


def _section(name: str, changes: Sequence[Change]) -> Iterator[str]:
    if changes:
        yield f"{name}: {len(changes)} differ"
    for change in changes[:MOST]:
        yield f"  {change.name}: {_said(change.first)} -> {_said(change.second)}"
    yield from _more(len(changes))


def _more(count: int) -> Iterator[str]:
    if count > MOST:
        yield f"  and {count - MOST} more; --format json has all"


def _said(value: Json) -> str:
    """The value with digests cut short."""
    if value is None:
        return "none"
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(part)}" for key, part in value.items())
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return SHA256.sub(r"\1", text)


def _weights(sections: Sections) -> Iterator[str]:
    for weights in sections.weights:
        yield from _file(weights)
    for name in sections.by_digest:
        yield f"weights of {name}: no reader gives them; its digest differs"


def _file(weights: FileWeights) -> Iterator[str]:
    names = dict.fromkeys((weights.first, weights.second))
    differing, total = len(weights.changes), weights.alike + len(weights.changes)
    yield f"weights of {' and '.join(names)}: {differing} of {total} {weights.read_as} differ"
    for change in sorted(weights.changes, key=_by_largest, reverse=True)[:MOST]:
        yield f"  {change.name}: {_array(change)}"
    yield from _more(len(weights.changes))


def _by_largest(change: ArrayChange) -> float:
    """Arrays that only one side has, or whose form differs, come first."""
    if not change.first or not change.second or change.first != change.second:
        return float("inf")
    return -1.0 if change.largest is None else change.largest


def _array(change: ArrayChange) -> str:
    if change.first != change.second:
        return f"{change.first or 'none'} -> {change.second or 'none'}"
    if change.largest is None:
        return f"{change.first}: its bytes differ"
    relative = "" if change.relative is None else f", {change.relative:.3g} of the largest number"
    return f"{change.first}: {change.differing} differ, by up to {change.largest:.3g}{relative}"
