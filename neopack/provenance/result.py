"""What an audit and a rebuild say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

__all__ = [
    "Audit",
    "Claim",
    "Link",
    "Rebuilt",
    "State",
    "broken",
    "holds",
    "same",
    "summed",
    "unchecked",
]

Link: TypeAlias = Literal["artifact", "signature", "job", "archive", "proofs", "rules", "sources"]
State: TypeAlias = Literal["holds", "unchecked", "broken"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What is said of ``subject``, a file or a fact, in a link of the chain. ``why`` says what
    broke it, or why it cannot be checked here."""

    link: Link
    subject: str
    state: State
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Audit:
    """The claims about an archive or an artifact, which ``what`` says, from its bytes back to its
    sources."""

    path: str
    what: str
    sha256: str
    claims: tuple[Claim, ...]

    def count(self, state: State) -> int:
        return sum(claim.state == state for claim in self.claims)

    @property
    def passes(self) -> bool:
        return not self.count("broken")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rebuilt:
    """An archive or an artifact made again. ``changed`` are the sources that are others than the
    manifest says, ``versions`` what was installed then and now, where that differs; ``members``
    are those that differ."""

    path: str
    sha256: str
    rebuilt_sha256: str
    same: bool
    changed: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    members: tuple[str, ...] = ()


def holds(link: Link, subject: str) -> Claim:
    return Claim(link=link, subject=subject, state="holds")


def broken(link: Link, subject: str, why: str) -> Claim:
    return Claim(link=link, subject=subject, state="broken", why=why)


def unchecked(link: Link, subject: str, why: str) -> Claim:
    return Claim(link=link, subject=subject, state="unchecked", why=why)


def same(link: Link, subject: str, stated: str, own: str, what: str) -> Claim:
    """That ``stated`` is ``own``, digests of ``what``."""
    if stated == own:
        return holds(link, subject)
    return broken(link, subject, f"{what} is {own[:12]}, not {stated[:12]}")


def summed(link: Link, subject: str, claims: Iterable[Claim]) -> list[Claim]:
    """One claim where all hold; else those that do not."""
    others = [claim for claim in claims if claim.state != "holds"]
    return others or [holds(link, subject)]
