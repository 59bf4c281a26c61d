"""The targets of the API: ``targets.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from neopack.errors import UsageError
from neopack.facts.rows import facts_file
from neopack.spelling import did_you_mean
from neopack.values.target import Target

__all__ = ["platforms", "regions", "target", "target_classes", "targets"]

_KINDS = frozenset({"cloud", "inferentia", "inferentia2", "trainium", "eia", "edge"})
_SIZES = ("large", "medium", "metal")


@cache
def targets() -> tuple[Target, ...]:
    """Return every TargetDevice of the API, in the file's order."""
    data = facts_file("targets")
    rows, retired, sources = data.table("target"), data.table("retired"), data.table("sources")
    return tuple(
        Target(
            name=name,
            kind=row.choice("kind", _KINDS),
            os=row.text("os", ""),
            arch=row.text("arch", ""),
            accelerator=row.text("accelerator", ""),
            documented=row.flag("documented", True),
            retired=retired.text(name, ""),
            source=sources.text(row.text("source")),
        )
        for name, row in ((name, rows.table(name)) for name in rows)
    )


def target(name: str) -> Target:
    """Return the target of that name, also spelled ``ml.c5``, ``ml-c5.xlarge`` or ``linux/arm64``.

    Raises ``UsageError`` with the nearest name.
    """
    if not isinstance(name, str):
        raise UsageError(f"a target is a name, not {name!r:.60}", hint="such as ml_c5")
    if "/" in name:
        return _platform(name)
    by_name = {row.name: row for row in targets()}
    plain = name.strip().casefold().translate(str.maketrans(".- ", "___"))
    family, _, size = plain.rpartition("_")
    if family and size.endswith(_SIZES):
        plain = family
    if plain in by_name:
        return by_name[plain]
    hint = did_you_mean(plain, by_name, f"there are {', '.join(by_name)}, and os/arch")
    raise UsageError(f"{name!r} is not a target of Neo", where="target", hint=hint)


def _platform(name: str) -> Target:
    data = facts_file("targets").table("platform")
    words = name.strip().upper().replace("-", "_").split("/")
    fields = ("os", "arch", "accelerator")
    if not 2 <= len(words) <= len(fields):
        raise UsageError(
            f"{name!r} is not a platform",
            where="target",
            hint="write os/arch or os/arch/accelerator",
        )
    for field, word in zip(fields, words, strict=False):
        if word not in data.texts(field):
            raise _unknown_word(field, word, data.texts(field))
    return Target(
        name="/".join(words).lower(),
        kind="platform",
        os=words[0],
        arch=words[1],
        accelerator=words[2] if len(words) == len(fields) else "",
        documented="/".join(words) in data.texts("listed"),
        source=data.text("source"),
    )


@cache
def platforms() -> tuple[Target, ...]:
    """Return the TargetPlatforms that the guide's table lists."""
    names = facts_file("targets").table("platform").texts("listed")
    return tuple(_platform(name) for name in names)


def _unknown_word(field: str, word: str, words: tuple[str, ...]) -> UsageError:
    hint = f"the API takes {', '.join(words)}"
    if word == "WINDOWS":
        hint = "the API has no WINDOWS platform; use the device x86_win32 or x86_win64"
    return UsageError(f"a TargetPlatform has no {field} {word}", where="target", hint=hint)


@cache
def regions(of: Target) -> tuple[str, ...]:
    """Return the regions that compile for a target; empty if no limit is known."""
    return facts_file("targets").table("regions").texts(of.name)


def target_classes() -> Mapping[str, tuple[str, ...]]:
    """The kinds of target of each class that users name."""
    return facts_file("targets").lists("classes")
