"""Places as users write them: strings or paths, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from neopack.archive.subjects import subject
from neopack.options import Place
from neopack.values.subject import Subject


def path_of(place: Place | None) -> Path | None:
    return None if place is None else Path(place)


def subjects(paths: Sequence[Place]) -> tuple[Subject, ...]:
    """Those of ``paths`` that are files, with their digests: a report names what it is about."""
    return tuple(subject(Path(path)) for path in paths if Path(path).is_file())
