"""The first member of a bundle: which runtimes it is of, and the files that follow."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.codec import from_json, to_json
from neopack.formats.file_names import require_file_name

__all__ = ["MANIFEST", "BundleManifest", "BundledFile", "BundledRuntime", "dumps", "loads"]

MANIFEST = "neopack-bundle.json"
SCHEMA = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledRuntime:
    """``lock`` is the digest of the lock that its files are from."""

    name: str
    python: str
    lock: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BundledFile:
    name: str
    sha256: str
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleManifest:
    """``platform`` is that of the machine that wrote it, such as ``linux-x86_64``."""

    platform: str
    runtimes: tuple[BundledRuntime, ...]
    files: tuple[BundledFile, ...]
    schema: int = SCHEMA

    @property
    def by_name(self) -> Mapping[str, BundledFile]:
        return {file.name: file for file in self.files}


def dumps(manifest: BundleManifest) -> bytes:
    return json.dumps(to_json(manifest), indent=1, sort_keys=True).encode() + b"\n"


def loads(data: bytes, where: str) -> BundleManifest:
    """Raises ``Malformed`` for what is not such a manifest, ``Unsafe`` for names that are not of
    files in the same folder."""
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise Malformed(f"its {MANIFEST} is not JSON", where=where) from None
    if isinstance(value, dict) and value.get("schema") != SCHEMA:
        raise Malformed(
            f"is a bundle of form {value.get('schema')!r:.20}, and this neopack reads {SCHEMA}",
            where=where,
            hint="write it with the version of neopack that is to install it",
        )
    manifest = from_json(BundleManifest, value, where=where)
    for file in manifest.files:
        require_file_name(file.name, where)
    if len(manifest.by_name) < len(manifest.files):
        raise Malformed(f"its {MANIFEST} names a file twice", where=where)
    return manifest
