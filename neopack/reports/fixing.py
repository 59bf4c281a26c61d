"""What ``--fix`` changed, as text."""

from __future__ import annotations

from neopack import facts
from neopack.checks.fixing import FixedArchive
from neopack.checks.repacking import PackagingChange
from neopack.reports.text import checked_text

__all__ = ["fixed_text"]


def fixed_text(fixed: FixedArchive, *, verbose: bool = False) -> str:
    lines = [str(fixed.path), *(f"  {_change(change)}" for change in fixed.changes)]
    if not fixed.changes:
        lines.append("  packed again; nothing had to change")
    return "\n".join([*lines, checked_text(fixed.checked, verbose=verbose)])


def _change(change: PackagingChange) -> str:
    why = f"{change.rule}, {facts.error_row(change.rule).title[0].lower()}"
    why += facts.error_row(change.rule).title[1:]
    if not change.member:
        return f"added     {change.to}  ({why})"
    if not change.to:
        return f"left out  {change.member}  ({why})"
    return f"renamed   {change.member} to {change.to}  ({why})"
