"""What the lock of a runtime requires: packages in one version each, with the hashes of their
files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from neopack.runtimes import install

if TYPE_CHECKING:
    from neopack.runtimes import Runtime

__all__ = ["Requirement", "normal_name", "requirements", "requirements_of"]

_PACKAGE = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)")
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """``hashes`` are the SHA-256 of all files of this version, for any platform. ``builds`` says
    that it only builds others, which come as source."""

    name: str
    version: str
    hashes: frozenset[str]
    builds: bool = False

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


def requirements(lock: str, *, builds: bool = False) -> tuple[Requirement, ...]:
    return tuple(_read(lock, builds=builds))


def _read(lock: str, *, builds: bool) -> Iterator[Requirement]:
    for line in lock.replace("\\\n", " ").splitlines():
        package = _PACKAGE.match(line)
        if package is not None:
            name, version = package.groups()
            hashes = frozenset(_HASH.findall(line))
            yield Requirement(
                name=normal_name(name), version=version, hashes=hashes, builds=builds
            )


def requirements_of(runtime: Runtime) -> tuple[Requirement, ...]:
    """All that an installation of the runtime may read."""
    return (
        *requirements(install.lock_text(runtime)),
        *requirements(install.apart_text(runtime)),
        *requirements(install.building_text(), builds=True),
    )


def normal_name(name: str) -> str:
    """As the index spells it: PyPA's specification "Names and normalization"."""
    return re.sub(r"[-_.]+", "-", name).lower()
