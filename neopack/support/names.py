"""What a user wrote, read as a name of the tables: frameworks with versions, targets, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from neopack import facts, versions
from neopack.errors import UsageError
from neopack.facts import accounts, hosting
from neopack.facts.rows import facts_file
from neopack.values.target import Target

__all__ = [
    "FrameworkQuery",
    "Reading",
    "around",
    "between",
    "date_of",
    "framework_of",
    "instance_of",
    "kinds_of",
    "one_of",
    "readings",
    "region_of",
    "target_of",
]

# of the names that have a word in them, how many are offered
MOST = 3
_FRAMEWORK = re.compile(
    r"(?P<name>[a-z][a-z _-]*?)[\s=@:_v-]*(?P<version>\d[\w.+]*)?", re.IGNORECASE
)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_INSTANCE = re.compile(r"(?:ml[._-])?(?P<family>[a-z0-9]+)[._-](?P<size>(?:\d+x|x)?large|medium)")
_FAMILY = re.compile(r"[a-z]{1,3}\d{1,2}[a-z]{0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A word as it was given, and what it was taken for."""

    given: str
    read_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkQuery:
    """A framework of the tables and the version that was asked for; empty: any."""

    framework: str = ""
    version: str = ""

    @property
    def text(self) -> str:
        return f"{self.framework}=={self.version}" if self.version else self.framework

    def reading_of(self, given: str) -> tuple[str, str]:
        """What was given, and what it was taken for: with the version, where that was in it."""
        inside = self.version and self.version in given
        return given, self.text if inside else self.framework


def readings(*pairs: tuple[str, str]) -> tuple[Reading, ...]:
    """Those of (given, taken for) that differ: what an answer echoes."""
    return tuple(Reading(given=a, read_as=b) for a, b in pairs if a and b and a != b)


def framework_of(text: str, version: str = "", *, also: Iterable[str] = ()) -> FrameworkQuery:
    """``pytorch1.8``, ``torch==1.8`` and ``PYTORCH 1.8`` alike; ``also`` are further names.

    Raises ``UsageError`` with the nearest name for one that no table has.
    """
    if not text:
        return FrameworkQuery(version=version)
    found = _FRAMEWORK.fullmatch(text.strip())
    word = found["name"] if found else text
    said = (found["version"] if found else None) or version
    if said and versions.parts(said) is None:
        raise UsageError(f"{said!r} is no version", where=text, hint="write PYTORCH==1.8")
    if found and found["version"] and version and version != said:
        raise UsageError(f"{text!r} and --version {version} are two versions")
    name = re.sub(r"[^a-z]", "", word.casefold())
    name = facts_file("frameworks").table("spellings").text(name, name.upper())
    if name in set(also):
        return FrameworkQuery(framework=name, version=said)
    return FrameworkQuery(framework=facts.framework(name).name, version=said)


def target_of(text: str) -> Target:
    """``ml.c5``, ``ml_c5.xlarge``, ``c5`` and ``linux/arm64`` alike.

    Raises ``UsageError`` for an instance type that its family does not have.
    """
    plain = text.strip().casefold()
    known = {target.name for target in facts.targets()}
    family = re.split(r"[.\s-]", plain)[0]
    # what is like no target may be a family that Neo has not: the nearest is one that it has
    like = facts.nearest(plain, known) or any(plain in name for name in known)
    stranger = _FAMILY.fullmatch(family) and not like
    found = facts.target(f"ml_{plain}" if stranger or f"ml_{family}" in known else text)
    instance = instance_of(plain) if _INSTANCE.fullmatch(plain) else ""
    types = (*hosting.instances(found), *hosting.accelerators(found))
    if instance and types and instance not in types:
        hint = f"it has {', '.join(types)}"
        raise UsageError(f"{instance} is no instance type of {found.name}", hint=hint)
    return found


def instance_of(text: str) -> str:
    """``g5.4xlarge`` and ``ml_g5_4xlarge`` as ``ml.g5.4xlarge``; another text as it is."""
    found = _INSTANCE.fullmatch(text.strip().casefold())
    return f"ml.{found['family']}.{found['size']}" if found else text.strip()


def kinds_of(name: str) -> tuple[str, ...]:
    """The kinds of target of a class; all of them for an empty name."""
    rows = facts_file("targets").lists("classes")
    if not name:
        return tuple(kind for kinds in rows.values() for kind in kinds)
    return rows[one_of(name.casefold().replace("_", "-"), rows, "class of targets")]


def region_of(text: str, registry: str = accounts.NEO) -> str:
    """A region that a table of accounts has."""
    plain = text.strip().casefold().replace("_", "-")
    return one_of(plain, accounts.accounts(registry), "region with these images")


def one_of(word: str, known: Iterable[str], what: str) -> str:
    """The known word that this one is; raises ``UsageError`` with the nearest."""
    names = list(known)
    same = next((name for name in names if name.casefold() == word.casefold()), "")
    if same:
        return same
    places = {name: name.casefold().find(word.casefold()) for name in names}
    holding = sorted((n for n in names if places[n] >= 0), key=lambda name: places[name] > 0)
    close = ", ".join(holding[:MOST]) or facts.nearest(word, names)
    listed = f"there are {', '.join(names)}" if len(names) < 15 else f"there are {len(names)}"
    raise UsageError(f"{word!r} is no {what}", hint=f"did you mean {close}?" if close else listed)


def date_of(text: str | None, first: str, *, option: str = "--as-of") -> str | None:
    """``2024``, ``2024-05`` or ``2024-05-31``, not before the first table; None stays None."""
    if text is None:
        return None
    whole = text + "-01-01"[len(text) - 4 :] if _DATE.fullmatch(text) else ""
    try:
        dt.date.fromisoformat(whole)
    except ValueError:
        raise UsageError(f"{option} {text} is no date", hint="write 2024-05-31") from None
    if text < first:
        raise UsageError(f"{option} {text} is before the first table, of {first}")
    return text


def around(version: str, known: Iterable[str]) -> tuple[str, str]:
    """The nearest listed versions below and above one; empty where there is none."""
    listed = sorted(set(known), key=versions.order)
    below = [each for each in listed if versions.order(each) < versions.order(version)]
    above = [each for each in listed if versions.order(each) > versions.order(version)]
    return (below[-1] if below else "", above[0] if above else "")


def between(version: str, known: Iterable[str]) -> str:
    """``around`` in words: what is listed just below and above."""
    below, above = around(version, known)
    listed = [f"{below} below"] * bool(below) + [f"{above} above"] * bool(above)
    return f"listed are {' and '.join(listed)}" if listed else ""
