"""Archives with a script of the user's."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

__all__ = ["with_script"]


def with_script(archive: Path, to: Path, text: str) -> Path:
    """``archive`` with ``text`` as code/inference.py, as the SageMaker SDK repacks it."""
    with tarfile.open(archive) as old, tarfile.open(to, "w:gz") as new:
        for member in old.getmembers():
            new.addfile(member, old.extractfile(member) if member.isfile() else None)
        info = tarfile.TarInfo("code/inference.py")
        info.size = len(text.encode())
        new.addfile(info, io.BytesIO(text.encode()))
    return to
