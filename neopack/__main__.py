"""Answers ``--version`` before anything heavy is imported; all else is the command line's."""

from __future__ import annotations

import sys
from contextlib import suppress

from neopack._version import __version__

__all__ = ["main"]

# what to look for, in the order it is said
SEEN = ("torch", "torchvision", "onnx", "onnxruntime", "xgboost", "openvino")


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


def version_text() -> str:
    """neopack's version, and those of the frameworks and engines it sees."""
    from neopack.installed import versions

    found = versions(SEEN)
    lines = [f"neopack {__version__} (Python {sys.version.split()[0]})"]
    lines += [f"  {name:12} {found.get(name, 'not installed')}" for name in SEEN]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
