"""Answers ``--version`` before anything heavy is imported; all else is the command line's."""

from __future__ import annotations

import sys
from contextlib import suppress

from neopack.distributions import version_text

__all__ = ["main"]


def main() -> None:
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


if __name__ == "__main__":
    main()
