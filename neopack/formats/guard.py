"""Bounds for every reader: how much of an untrusted file is read, and what that may cost."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from typing import Any

from neopack.errors import LimitExceeded, UsageError

__all__ = ["DEFAULT_LIMITS", "Budget", "Limits"]

MIB = 1 << 20
GIB = 1 << 30
MOST_SHARES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits in bytes or counts. ``ratio`` is content bytes over compressed bytes. It applies once
    ``ratio_from`` bytes are expanded, because small files of zeros compress that well too.

    ``operations`` and ``memory_bytes`` are for each MiB of the file on disk, and for all readers
    and rules together where a ``budget`` counts them: a small file costs little, whatever it is.
    An operation takes a few microseconds, ``memory_bytes`` are those of values made of the file.
    """

    archive_bytes: int = 64 * GIB
    content_bytes: int = 64 * GIB
    members: int = 4096
    name_bytes: int = 4096
    ratio: int = 200
    ratio_from: int = 256 * MIB
    record_bytes: int = 64 * MIB
    document_bytes: int = 4 * GIB
    records: int = 200_000
    depth: int = 100
    operations: int = 400_000
    memory_bytes: int = 120 * MIB
    code_bytes: int = 32 * MIB
    pax_bytes: int = 16 * MIB
    zip_records: int = 1_000_000
    budget: Budget | None = field(default=None, compare=False, repr=False)

    def for_file(self, size: int) -> Limits:
        """These limits with a budget that all readers of a file of ``size`` bytes share."""
        return replace(self, budget=Budget(self, _shares(size)))

    def begun(self, size: int) -> Budget:
        """The budget that is shared, or one for a single reader of ``size`` bytes."""
        return self.budget or Budget(self, _shares(size))

    def hold(self, name: str, value: int, *, where: str = "") -> None:
        """Raise ``LimitExceeded`` if ``value`` is over the limit called ``name``."""
        limit: int = getattr(self, name)
        if value > limit:
            raise _exceeded(name, f"{value} over the limit of {limit}", where)

    def hold_ratio(self, content: int, compressed: int, *, where: str = "") -> None:
        """Raise ``LimitExceeded`` for content that is too large for its compressed size."""
        self.hold("content_bytes", content, where=where)
        if content > self.ratio_from and content > self.ratio * max(1, compressed):
            raise LimitExceeded(
                f"expands to more than {self.ratio} times its size",
                where=where,
                hint="raise it with --limit ratio=N if you trust the file",
            )

    def with_settings(self, settings: list[str]) -> Limits:
        """Return these limits with ``name=value`` settings applied. Raises ``UsageError``."""
        names = {field.name for field in fields(self)} - {"budget"}
        changes: dict[str, Any] = {}
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in names or not value.isdecimal():
                raise UsageError(
                    f"--limit {setting} is not NAME=NUMBER",
                    hint=f"names: {', '.join(sorted(names))}",
                )
            changes[name] = int(value)
        return replace(self, **changes)


class Budget:
    """What one file has cost so far, of what it may cost: ``shares`` times the limits."""

    __slots__ = ("_held", "_limits", "_most", "_shares", "_spent")

    def __init__(self, limits: Limits, shares: int) -> None:
        self._limits, self._shares = limits, shares
        self._most = limits.operations * shares
        self._spent = self._held = 0

    def spend(self, operations: int, where: str) -> None:
        """Count work; raise ``LimitExceeded`` where it is too much."""
        self._spent += operations
        if self._spent > self._most:
            raise self._exceeded("operations", where)

    def hold(self, memory: int, where: str) -> None:
        """Count the bytes of values that stay; raise ``LimitExceeded`` where they are too many."""
        self._held += memory
        if self._held > self._limits.memory_bytes * self._shares:
            raise self._exceeded("memory_bytes", where)

    def _exceeded(self, name: str, where: str) -> LimitExceeded:
        limit: int = getattr(self._limits, name)
        times = f" for each of its {self._shares} MiB" if self._shares > 1 else ""
        return _exceeded(name, f"over the limit of {limit}{times}", where)


def _shares(size: int) -> int:
    return min(MOST_SHARES, 1 + size // MIB)


def _exceeded(name: str, what: str, where: str) -> LimitExceeded:
    return LimitExceeded(
        f"{name.replace('_', ' ')} {what}",
        where=where,
        hint=f"raise it with --limit {name}=N if you trust the file",
    )


DEFAULT_LIMITS = Limits()
