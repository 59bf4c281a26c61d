"""What a rule said, kept with all that it looked at: asked about the same, it says the same.

A rule is a function of its context alone. For a hundred targets most of them look at the same
archive a hundred times; which fields a rule reads is watched, not declared, so that it is right.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import fields
from typing import Any, Self

from neopack.rules.rule import CheckContext, Hit

__all__ = ["Memory", "Watched"]

_FIELDS = frozenset(field.name for field in fields(CheckContext))


class Watched(CheckContext):
    """An context that notes which of its fields are read."""

    __slots__ = ("_read",)
    _read: dict[str, Any]

    @classmethod
    def of(cls, context: CheckContext) -> Self:
        watched = cls(**{name: getattr(context, name) for name in _FIELDS})
        object.__setattr__(watched, "_read", {})
        return watched

    def __getattribute__(self, name: str) -> Any:
        value = super().__getattribute__(name)
        if name in _FIELDS:
            super().__getattribute__("_read")[name] = value
        return value

    def looked_at(self) -> Mapping[str, Any]:
        """The fields that were read since this was last asked, with their values."""
        read = self._read
        object.__setattr__(self, "_read", {})
        return read


class Memory:
    """The hits of one rule, by the values of the fields that it read for them."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, ...], dict[tuple[Hashable, ...], list[Hit]]] = {}
        self._alive: list[object] = []  # so that an id stays that of one object

    def hits(self, context: CheckContext) -> list[Hit] | None:
        """What the rule says of it; None where it was never asked about the like."""
        for names, answers in self._kept.items():
            key = tuple([_key(getattr(context, name)) for name in names])
            if key in answers:
                return answers[key]
        return None

    def keep(self, looked_at: Mapping[str, Any], hits: list[Hit]) -> None:
        key = tuple(_key(value) for value in looked_at.values())
        self._kept.setdefault(tuple(looked_at), {})[key] = hits
        self._alive.append(looked_at)


def _key(value: object) -> Hashable:
    """Texts by what they say; what is large or cannot be hashed by which object it is."""
    return value if value is None or type(value) is str else id(value)
