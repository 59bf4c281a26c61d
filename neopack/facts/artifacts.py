"""Kinds of compiled artifact by the names of their files: ``artifacts.toml``."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from neopack.facts.rows import Row, facts_file

__all__ = ["kind_of"]

# the runtime that comes along with some kinds and tells nothing of them
_RUNTIME = frozenset({"libdlr.so", "dlr.h", "manifest"})


def kind_of(names: Sequence[str]) -> str:
    """The kind of an artifact with files of these names; empty where it is none we know."""
    telling = [name.removeprefix("./") for name in names]
    telling = [name for name in telling if name not in _RUNTIME and not name.startswith("code/")]
    rows = facts_file("artifacts").tables("kind")
    return next((row.text("name") for row in rows if _fits(row, telling)), "")


def _fits(row: Row, names: Sequence[str]) -> bool:
    def there(pattern: str) -> bool:
        return any(fnmatchcase(name, pattern) for name in names)

    each, one = row.texts("has"), row.texts("any")
    return all(map(there, each)) and (not one or any(map(there, one)))
