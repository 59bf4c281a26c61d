"""The commit that sources are of, as git tells it; nothing where there is no git."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Commit", "commit_of"]

WITHIN = 60
CREDENTIALS = re.compile(r"(?<=://)[^/@]*@")
SCP = re.compile(r"(?:[\w.-]+@)?([\w.-]+):(?!/)(.+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """``sha`` is that of HEAD and ``remote`` its origin, without credentials. ``changed`` are
    those of the files that were asked about that it does not have as they are: changed, new or
    ignored."""

    sha: str
    remote: str = ""
    branch: str = ""
    changed: tuple[str, ...] = ()


def commit_of(folder: Path, files: Sequence[str]) -> Commit | None:
    """HEAD of the repository that has ``folder``; ``files`` are paths relative to it. None where
    there is no repository, no commit or no git."""
    sha = _git(folder, "rev-parse", "--verify", "HEAD")
    if not sha:
        return None
    return Commit(
        sha=sha.strip(),
        remote=_address((_git(folder, "config", "--get", "remote.origin.url") or "").strip()),
        branch=(_git(folder, "symbolic-ref", "--quiet", "HEAD") or "").strip(),
        changed=_changed(folder, files),
    )


def _changed(folder: Path, files: Sequence[str]) -> tuple[str, ...]:
    """Without what HEAD has exactly so."""
    if not files:
        return ()
    named = ("--", *(f":(literal){name}" for name in files))
    known = _git(folder, "ls-files", "-z", *named)
    differs = _git(
        folder, "diff", "--name-only", "--no-renames", "--relative", "-z", "HEAD", *named
    )
    if known is None or differs is None:
        return tuple(files)
    kept = set(known.split("\0")) - set(differs.split("\0"))
    return tuple(name for name in files if name not in kept)


def _address(remote: str) -> str:
    """``https://host/owner/name`` of any form of it; "" for a folder, a place of this machine."""
    if "://" not in remote:
        match = SCP.fullmatch(remote)
        return f"ssh://{match[1]}/{match[2]}" if match else ""
    return "" if remote.startswith("file:") else CREDENTIALS.sub("", remote)


def _git(folder: Path, *words: str) -> str | None:
    git = shutil.which("git")
    if git is None:
        return None
    try:
        done = subprocess.run(
            [git, *words], cwd=folder, capture_output=True, timeout=WITHIN, check=False
        )
    except (subprocess.TimeoutExpired, OSError):
        return None
    return done.stdout.decode("utf-8", "surrogateescape") if done.returncode == 0 else None
