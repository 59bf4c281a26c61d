"""The files that changed since a revision, as git tells them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from neopack.errors import Missing, UsageError

__all__ = ["changed_since"]

WITHIN = 60


def changed_since(revision: str, root: Path) -> frozenset[str]:
    """Paths relative to ``root``: of files that differ from ``revision``, in commits or in the
    working tree, and of those that git does not know yet.

    Raises ``Missing`` without git, ``UsageError`` outside a repository and for what is not a
    revision.
    """
    if revision.startswith("-"):
        raise UsageError(f"--since {revision} is not a revision")
    changed = _git(root, "diff", "--name-only", "--no-renames", "-z", "--relative", revision, "--")
    new = _git(root, "ls-files", "--others", "--exclude-standard", "-z")
    return frozenset(name for name in (*changed.split("\0"), *new.split("\0")) if name)


def _git(root: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        raise Missing("--since needs git", hint="install git, or leave --since out")
    try:
        done = subprocess.run(
            [git, *words], cwd=root, capture_output=True, timeout=WITHIN, check=False
        )
    except subprocess.TimeoutExpired:
        raise UsageError(f"git {words[0]} takes longer than {WITHIN} s") from None
    if done.returncode:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["it failed"]
        first = lines[0].removeprefix("fatal: ")
        raise UsageError(
            f"--since: git says: {first}",
            hint="in CI, fetch the history: fetch-depth: 0 of actions/checkout",
        )
    return done.stdout.decode("utf-8", "surrogateescape")
