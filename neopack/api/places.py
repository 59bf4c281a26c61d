"""Places as users write them: strings or paths, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.archive.subjects import subject
from neopack.frameworks import callables
from neopack.options import Place
from neopack.values.subject import Subject


def path_of(place: Place | None) -> Path | None:
    return None if place is None else Path(place)


def subjects(paths: Sequence[Place]) -> tuple[Subject, ...]:
    """Those of ``paths`` that are files or folders, with their digests: a report names what it is
    about. Of ``file.py:callable`` it is the file."""
    files = [_file(path) for path in paths]
    return tuple(subject(path) for path in files if path is not None)


def _file(place: Place) -> Path | None:
    path = Path(place)
    if callables.looks_like_callable(str(place)):
        path = Path(callables.split(str(place))[0])
    try:
        return path if path.is_file() or path.is_dir() else None
    except (OSError, ValueError):  # a text that is not a name at all
        return None
