"""What an export read: enough to tell later whether it would read the same again."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Reads"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reads:
    """Of a process that ran a user's code; paths are absolute.

    ``files`` were opened or imported, those that did not exist too; ``folders`` were listed.
    ``packages`` are the installed top-level modules that were imported. ``names`` are those of
    all imported ones: a new module of such a name in ``roots`` would take its place. Somebody
    else wrote ``changed`` after the process had read them: what it read is not known.
    """

    files: tuple[str, ...] = ()
    folders: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    roots: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
