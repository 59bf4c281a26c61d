"""Bounds for every reader: how much of an untrusted file is read."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

from neopack.errors import LimitExceeded, UsageError

__all__ = ["DEFAULT_LIMITS", "Limits"]

MIB = 1 << 20
GIB = 1 << 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Limits in bytes or counts. ``ratio`` is content bytes over compressed bytes. It applies once
    ``ratio_from`` bytes are expanded, because small files of zeros compress that well too.
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
    operations: int = 20_000_000
    pickle_operations: int = 5_000_000
    code_bytes: int = 32 * MIB
    pax_bytes: int = 16 * MIB
    zip_records: int = 1_000_000

    def hold(self, name: str, value: int, *, where: str = "") -> None:
        """Raise ``LimitExceeded`` if ``value`` is over the limit called ``name``."""
        limit: int = getattr(self, name)
        if value > limit:
            raise LimitExceeded(
                f"{name.replace('_', ' ')} {value} over the limit of {limit}",
                where=where,
                hint=f"raise it with --limit {name}=N if you trust the file",
            )

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
        names = {field.name for field in fields(self)}
        changes: dict[str, int] = {}
        for setting in settings:
            name, _, value = setting.partition("=")
            if name not in names or not value.isdecimal():
                raise UsageError(
                    f"--limit {setting} is not NAME=NUMBER",
                    hint=f"names: {', '.join(sorted(names))}",
                )
            changes[name] = int(value)
        return replace(self, **changes)


DEFAULT_LIMITS = Limits()
