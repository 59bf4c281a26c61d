"""Options that a load would not read: each is a promise that nobody keeps."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from neopack.errors import UsageError
from neopack.loadtests.options import LoadOptions

__all__ = ["refuse_unread"]


def refuse_unread(options: LoadOptions, goldens: Path | None, *, serves_files: bool) -> None:
    """Raises ``UsageError`` for the first option that another one, or the target, leaves unread.
    ``serves_files`` says whether a target is a file, which is served here."""
    for option, is_unread, hint in _cases(options, goldens, serves_files):
        if is_unread:
            raise UsageError(f"{option} would not be read", hint=hint)


def _cases(
    options: LoadOptions, goldens: Path | None, serves_files: bool
) -> Iterator[tuple[str, bool, str]]:
    is_open = bool(options.rates)
    closed = "it is of a closed loop: leave it out, or --rate"
    yield "--callers", bool(options.callers) and is_open, closed
    yield "--think-ms", options.think > 0 and is_open, closed
    is_constant = options.arrivals != "poisson"
    yield "--arrivals", is_constant and not is_open and not options.search, "it goes with --rate"
    compared = "answers to --payload are not compared with golden outputs"
    is_own = options.payload is not None
    yield "--goldens", goldens is not None and is_own, compared
    yield "--max-difference", options.difference is not None and is_own, compared
    here = "it is of a file, which is served here; this server runs already"
    yield "--workers", options.workers != 1 and not serves_files, here
    yield "--threads", options.threads != 1 and not serves_files, here
