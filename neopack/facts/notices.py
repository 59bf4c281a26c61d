"""What is said about the future of targets, newer than the tables of the guide: notices.toml."""

from __future__ import annotations

from dataclasses import dataclass

from neopack.facts.rows import Row, Scope, facts_file
from neopack.values.target import Target

__all__ = ["Notice", "endings", "notices_for"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """``since`` is a date, of the source or of what it announces."""

    since: str
    what: str
    source: str

    @property
    def line(self) -> str:
        return f"since {self.since} {self.what} ({self.source})"


def notices_for(target: Target, framework: str = "") -> tuple[Notice, ...]:
    """Those about ``target``: all, or those that hold for ``framework``."""
    rows = facts_file("notices").tables("notice")
    return tuple(_notice(row) for row in rows if _fits(Scope.of(row), target, framework))


def endings() -> tuple[Notice, ...]:
    """What ends or has ended, whatever the model is."""
    return tuple(map(_notice, facts_file("notices").tables("ending")))


def _fits(scope: Scope, target: Target, framework: str) -> bool:
    names = (framework,) if framework else scope.frameworks or ("",)
    return any(scope.fits(target, name) for name in names)


def _notice(row: Row) -> Notice:
    return Notice(since=row.text("since"), what=row.text("what"), source=row.text("source"))
