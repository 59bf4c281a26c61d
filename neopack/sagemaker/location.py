"""Places in S3."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neopack.errors import UsageError

__all__ = ["Location"]

# S3 user guide, "Bucket naming rules" (2026); the longest key is 1024 bytes
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_LONGEST_KEY = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Location:
    """``s3://bucket/key``; the key has no slash at either end."""

    bucket: str
    key: str = ""

    @classmethod
    def of(cls, uri: str, *, where: str = "") -> Location:
        """Raises ``UsageError`` for a ``uri`` that is not ``s3://bucket[/key]``."""
        scheme, _, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3":
            raise UsageError(
                f"{uri!r} is not a place in S3", where=where, hint="s3://bucket/prefix"
            )
        if not _BUCKET.fullmatch(bucket) or ".." in bucket:
            raise UsageError(
                f"{bucket!r} is not a name that a bucket can have",
                where=where,
                hint="3 to 63 of lower-case letters, digits, dots and hyphens",
            )
        key = key.strip("/")
        if len(key.encode()) > _LONGEST_KEY or not key.isprintable() or "//" in key:
            raise UsageError(f"{key[:60]!r} is not a key to write to", where=where)
        return cls(bucket=bucket, key=key)

    def __truediv__(self, name: str) -> Location:
        return Location(bucket=self.bucket, key=f"{self.key}/{name}" if self.key else name)

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}" if self.key else f"s3://{self.bucket}"

    @property
    def name(self) -> str:
        """The last part of the key."""
        return self.key.rpartition("/")[2]
