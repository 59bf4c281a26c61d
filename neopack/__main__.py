"""Answers ``--version`` before anything heavy is imported; all else is the command line's."""

from __future__ import annotations

import os
import sys
from contextlib import suppress

from neopack.distributions import version_text

__all__ = ["main"]


def main() -> None:
    _open_closed()
    # where standard output cannot be written, the command line says so
    if sys.argv[1:] == ["--version"]:
        with suppress(OSError):
            sys.stdout.write(version_text())
            sys.stdout.flush()
            return
    try:
        from neopack.cli import main as command_line
    except KeyboardInterrupt:
        sys.exit(130)
    command_line()


def _open_closed() -> None:
    """A file that is opened later would take the number of a standard stream that is closed
    (``2>&-``), and what is said there would be written into it."""
    while (number := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(number, True)
    os.close(number)
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            mode = "r" if number == 0 else "w"
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))


if __name__ == "__main__":
    main()
