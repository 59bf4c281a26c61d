"""The files that changed since a revision, as git tells them."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import Missing, UsageError

__all__ = ["ChangedFiles", "changed_since"]

WITHIN = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedFiles:
    """Absolute paths, with links resolved. ``moved`` are those of ``files`` that came or went."""

    files: frozenset[str]
    moved: frozenset[str]


def changed_since(revision: str, root: Path) -> ChangedFiles:
    """The files that differ from ``revision``, in commits or in the working tree, and those that
    git does not know yet: in the whole repository that ``root`` lies in, since a project may read
    what lies beside it.

    Raises ``Missing`` without git, ``UsageError`` outside a repository and for what is not a
    revision.
    """
    if revision.startswith("-"):
        raise UsageError(f"--since {revision} is not a revision")
    top = Path(_git(root, "rev-parse", "--show-toplevel").removesuffix("\n"))
    told = ("diff", "--name-only", "--no-renames", "-z")
    changed = _paths(top, *told, revision, "--")
    moved = _paths(top, *told, "--diff-filter=AD", revision, "--")
    new = _paths(top, "ls-files", "--others", "--exclude-standard", "-z")
    return ChangedFiles(files=changed | new, moved=moved | new)


def _paths(top: Path, *words: str) -> frozenset[str]:
    names = _git(top, *words).split("\0")
    return frozenset(os.path.realpath(top / name) for name in names if name)


def _git(root: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise Missing("--since needs git", hint="install git, or leave --since out")
    try:
        done = subprocess.run(
            [git, *words],
            cwd=root,
            capture_output=True,
            timeout=WITHIN,
            check=False,
            env={**os.environ, "LC_ALL": "C"},
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {words[0]} takes longer than {WITHIN} s") from None
    if done.returncode:
        raise _refusal(done.stderr.decode("utf-8", "replace"))
    return done.stdout.decode("utf-8", "surrogateescape")


def _refusal(said: str) -> UsageError:
    """git's refusal in words of this option, where it is one of the two usual ones."""
    first = (said.strip().splitlines() or ["it failed"])[0].removeprefix("fatal: ")
    if "not a git repository" in first:
        return UsageError("--since needs a repository of git", hint="git init, or leave it out")
    if "bad revision" in first or "bad object" in first or "unknown revision" in first:
        return UsageError(
            f"--since: there is no revision {first.rpartition(' ')[2]}",
            hint="in CI, fetch the history: fetch-depth: 0 of actions/checkout",
        )
    return UsageError(f"--since: git says: {first}")
