"""How a project is built, apart from what its file says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from neopack.errors import UsageError
from neopack.options import Options

__all__ = ["BuildChoices", "BuildOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions(Options):
    """``names`` are models, or patterns of their names, and ``targets`` those that are built for;
    all where empty. ``jobs`` 0: as many as fit. ``check_only`` stops after the check, and
    ``dry_run`` before anything. ``since`` is a revision of git: only models that read what changed
    since then. ``locked`` refuses what ``neopack.lock`` does not name. ``keep_going`` builds the
    others where one fails. ``cache`` is a folder or a URL, "" for the project's. ``scheduler``
    is the address of a Dask scheduler, "" for this machine alone."""

    names: tuple[str, ...] = ()
    targets: tuple[str, ...] = ()
    jobs: int = 0
    check_only: bool = False
    since: str = ""
    locked: bool = False
    dry_run: bool = False
    keep_going: bool = True
    cache: str = ""
    scheduler: str = ""

    def __post_init__(self) -> None:
        if self.jobs < 0:
            raise UsageError(f"--jobs must be 0 or more, not {self.jobs}")
        if self.jobs and self.scheduler:
            raise UsageError("--jobs is of this machine; the workers of --scheduler say how many")


class BuildChoices(TypedDict, total=False):
    """The fields of ``BuildOptions`` as keywords."""

    names: Sequence[str]
    targets: Sequence[str]
    jobs: int
    check_only: bool
    since: str
    locked: bool
    dry_run: bool
    keep_going: bool
    cache: str
    scheduler: str
