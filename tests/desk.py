"""What a call of the command line leaves: its answer, and what is on disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

__all__ = ["COMMANDS", "INPUT", "Answer", "Call", "Copied", "Desk"]

# the least that each command must be told beside a file
COMMANDS: dict[str, tuple[str, ...]] = {
    "inspect": (),
    "package": ("-o", "out.tar.gz"),
    "check": ("-t", "ml_c5"),
    "compile": ("-t", "ml_c5", "-o", "out.tar.gz"),
    "run": ("--random",),
}
INPUT = ("--input", "image=1,3,8,8")


@dataclass(frozen=True)
class Answer:
    """What one call left: its exit code and its two streams."""

    code: int
    out: str
    err: str

    @property
    def errors(self) -> list[str]:
        return [line for line in self.err.splitlines() if line.startswith("error:")]

    @property
    def document(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True)
class Desk:
    """A working directory of its own, and the (empty) place for temporary files."""

    path: Path
    temporary: Path

    def seen(self) -> dict[str, str]:
        """Every file and directory, with a digest of what is in it."""
        return {
            str(path): "directory" if path.is_dir() else digest(path)
            for root in (self.path, self.temporary)
            for path in sorted(root.rglob("*"))
        }


def digest(path: Path) -> str:
    if not path.is_file():
        return "special"
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


Call = Callable[..., Answer]
Copied = Callable[..., Path]
