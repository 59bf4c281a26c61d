"""Read a user's words as names of the tables: frameworks with versions, targets, dates."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass

from neopack import facts, versions
from neopack.errors import UsageError
from neopack.facts import accounts, hosting
from neopack.spelling import nearest, suggestion
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

# the number of names that are suggested for a part of a name
MOST = 3
_FRAMEWORK = re.compile(
    r"(?P<name>[a-z][a-z _-]*?)[\s=@:_v-]*(?P<version>\d[\w.+]*)?", re.IGNORECASE
)
_DATE = re.compile(r"[0-9]{4}(-[0-9]{2}){0,2}")
_INSTANCE = re.compile(r"(?:ml[._-])?(?P<family>[a-z0-9]+)[._-](?P<size>(?:\d+x|x)?large|medium)")
_FAMILY = re.compile(r"[a-z]{1,3}\d{1,2}[a-z]{0,3}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A word of the user's, and the name that it was read as."""

    given: str
    read_as: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameworkQuery:
    """A framework of the tables and a version, as requested; "" stands for any."""

    framework: str = ""
    version: str = ""

    @property
    def text(self) -> str:
        return f"{self.framework}=={self.version}" if self.version else self.framework

    def reading_of(self, given: str) -> tuple[str, str]:
        """The user's word and what it was read as, with the version if the word has one."""
        inside = self.version and self.version in given
        return given, self.text if inside else self.framework


def readings(*pairs: tuple[str, str]) -> tuple[Reading, ...]:
    """Return the pairs of (word, name) that differ, for the answer to mention."""
    return tuple(Reading(given=a, read_as=b) for a, b in pairs if a and b and a != b)


def framework_of(text: str, version: str = "", *, also: Iterable[str] = ()) -> FrameworkQuery:
    """Read ``pytorch1.8``, ``torch==1.8`` or ``PYTORCH 1.8``; ``also`` has further names.

    Raises ``UsageError`` with the nearest name if no table has the framework.
    """
    if not text:
        return FrameworkQuery(version=version)
    match = _FRAMEWORK.fullmatch(text.strip())
    word = match["name"] if match else text
    chosen = (match["version"] if match else None) or version
    if chosen and versions.parts(chosen) is None:
        raise UsageError(f"{chosen!r} is not a version", where=text, hint="write PYTORCH==1.8")
    if match and match["version"] and version and version != chosen:
        raise UsageError(f"{text!r} and --version {version} are two versions")
    name = re.sub(r"[^a-z]", "", word.casefold())
    name = facts.framework_spelling(name)
    if name in set(also):
        return FrameworkQuery(framework=name, version=chosen)
    return FrameworkQuery(framework=facts.framework(name).name, version=chosen)


def target_of(text: str) -> Target:
    """Read ``ml.c5``, ``ml_c5.xlarge``, ``c5`` or ``linux/arm64``.

    Raises ``UsageError`` for an unknown target, or an instance type that its family lacks.
    """
    plain = text.strip().casefold()
    names = {target.name for target in facts.targets()}
    family = re.split(r"[.\s-]", plain)[0]
    # a word unlike every target may be an instance family: then suggest the nearest family
    like = facts.nearest(plain, names) or any(plain in name for name in names)
    unlisted = _FAMILY.fullmatch(family) and not like
    target = facts.target(f"ml_{plain}" if unlisted or f"ml_{family}" in names else text)
    instance = instance_of(plain) if _INSTANCE.fullmatch(plain) else ""
    types = (*hosting.instances(target), *hosting.accelerators(target))
    if instance and types and instance not in types:
        hint = f"it has {', '.join(types)}"
        raise UsageError(f"{instance} is not an instance type of {target.name}", hint=hint)
    return target


def instance_of(text: str) -> str:
    """Return ``ml.g5.4xlarge`` for ``g5.4xlarge`` or ``ml_g5_4xlarge``; other text unchanged."""
    match = _INSTANCE.fullmatch(text.strip().casefold())
    return f"ml.{match['family']}.{match['size']}" if match else text.strip()


def kinds_of(name: str) -> tuple[str, ...]:
    """Return the kinds of target of a class; all of them for an empty name."""
    rows = facts.target_classes()
    if not name:
        return tuple(kind for kinds in rows.values() for kind in kinds)
    return rows[one_of(name.casefold().replace("_", "-"), rows, "class of targets")]


def region_of(text: str, registry: str = accounts.NEO) -> str:
    """Return the region of a table of accounts. Raises ``UsageError`` if the table lacks it."""
    plain = text.strip().casefold().replace("_", "-")
    return one_of(plain, accounts.accounts(registry), "region with these images")


def one_of(word: str, choices: Iterable[str], kind: str) -> str:
    """Return the choice that is ``word`` in any case. Raises ``UsageError`` with the nearest."""
    names = list(choices)
    same = next((name for name in names if name.casefold() == word.casefold()), "")
    if same:
        return same
    places = {name: name.casefold().find(word.casefold()) for name in names}
    partial = sorted((n for n in names if places[n] >= 0), key=lambda name: places[name] > 0)
    close = ", ".join(partial[:MOST]) or nearest(word, names)
    every = f"there are {', '.join(names)}" if len(names) < 15 else f"there are {len(names)}"
    raise UsageError(f"{word!r} is not a {kind}", hint=suggestion(close, every))


def date_of(text: str | None, first: str, *, option: str = "--as-of") -> str | None:
    """Check a date such as ``2024``, ``2024-05`` or ``2024-05-31``. Raises ``UsageError`` if it
    is invalid or before the first table; None stays None."""
    if text is None:
        return None
    whole = text + "-01-01"[len(text) - 4 :] if _DATE.fullmatch(text) else ""
    try:
        dt.date.fromisoformat(whole)
    except ValueError:
        raise UsageError(f"{option} {text} is not a date", hint="write 2024-05-31") from None
    if text < first:
        raise UsageError(f"{option} {text} is before the first table, of {first}")
    return text


def around(version: str, listed: Iterable[str]) -> tuple[str, str]:
    """Return the nearest listed versions below and above ``version``; "" if there is none."""
    ordered = sorted(set(listed), key=versions.order)
    below = [v for v in ordered if versions.order(v) < versions.order(version)]
    above = [v for v in ordered if versions.order(v) > versions.order(version)]
    return (below[-1] if below else "", above[0] if above else "")


def between(version: str, listed: Iterable[str]) -> str:
    """Return ``around`` in words."""
    below, above = around(version, listed)
    parts = [f"{below} below"] * bool(below) + [f"{above} above"] * bool(above)
    return f"listed are {' and '.join(parts)}" if parts else ""
