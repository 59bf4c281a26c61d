"""Archive members as Neo's open loader sees them.

It matches the last suffix, case-sensitively and at any depth, and skips names whose last part
starts with a dot (neo-ai/neo-loader@06788c0, 2022-08-17).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator

from neopack.facts import FileGroup
from neopack.formats.tar import TarEntry
from neopack.rules.rule import CheckContext

__all__ = ["CODE", "in_code", "is_hidden", "matching", "named", "normal", "suffix", "visible"]

CODE = "code/"
_MOST_NAMED = 5


def normal(name: str) -> str:
    """Return a normalized name: ``code/a.py`` for ``./code//a.py``."""
    return posixpath.normpath(name).lstrip("/") if name else ""


def suffix(name: str) -> str:
    return posixpath.splitext(normal(name))[1]


def is_hidden(name: str) -> bool:
    return posixpath.basename(normal(name)).startswith(".") and normal(name) != "."


def in_code(name: str) -> bool:
    return normal(name).startswith(CODE)


def visible(context: CheckContext) -> Iterator[TarEntry]:
    """Yield the regular files that the loader considers."""
    for entry in context.entries:
        if entry.kind == "file" and not is_hidden(entry.name):
            yield entry


def matching(
    entries: Iterable[TarEntry], group: FileGroup, *, loose: bool = False, any_case: bool = False
) -> list[TarEntry]:
    """Yield the entries that match a group of model files."""
    suffixes = {*group.suffixes, *(group.loose if loose else ())}
    return [
        entry
        for entry in entries
        if posixpath.basename(normal(entry.name)) not in group.ignored
        and (
            not group.suffixes
            or suffix(entry.name) in suffixes
            or (any_case and suffix(entry.name).lower() in suffixes)
        )
    ]


def named(names: Iterable[str]) -> str:
    """Return the names in one line; of many, only the first few."""
    all_names = list(names)
    shown = ", ".join(repr(name) for name in all_names[:_MOST_NAMED])
    more = len(all_names) - _MOST_NAMED
    return f"{shown} and {more} more" if more > 0 else shown
