"""What the name of a wheel or an sdist says: the package, and where it can be installed.

Names: PyPA's specifications "Binary distribution format", "Source distribution format" and
"Platform compatibility tags".
"""

from __future__ import annotations

import platform
import re
import sys
from dataclasses import dataclass

from neopack.runtimes.requirements import Requirement, normal_name

__all__ = ["DistributionFile", "read_name", "this_platform"]

_SDIST = re.compile(r"(?P<name>.+)-(?P<version>[^-]+)\.(tar\.gz|zip)")
_SYSTEMS = {"linux": ("linux", "manylinux"), "darwin": ("macosx",)}


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionFile:
    """``platforms`` is empty for an sdist, which can be installed anywhere."""

    name: str
    version: str
    pythons: tuple[str, ...] = ()
    abis: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()

    def is_of(self, requirement: Requirement) -> bool:
        return (self.name, self.version) == (requirement.name, requirement.version)

    def fits(self, python: str, platform_name: str) -> bool:
        """Whether it can be installed for Python ``python`` ("3.8") on that platform. Which glibc
        a wheel needs is left to uv."""
        if not self.platforms:
            return True
        return self._fits_python(python) and any(
            _fits_platform(tag, platform_name) for tag in self.platforms
        )

    def _fits_python(self, python: str) -> bool:
        major, minor = python.split(".")
        if {f"cp{major}{minor}", f"py{major}{minor}", f"py{major}"} & set(self.pythons):
            return True
        lowest = [tag.removeprefix(f"cp{major}") for tag in self.pythons]
        return "abi3" in self.abis and any(
            each.isdecimal() and int(each) <= int(minor) for each in lowest
        )


def read_name(name: str) -> DistributionFile | None:
    """None for what is neither a wheel nor an sdist."""
    if name.endswith(".whl"):
        parts = name.removesuffix(".whl").split("-")
        if len(parts) not in (5, 6):
            return None
        pythons, abis, platforms = (tuple(part.split(".")) for part in parts[-3:])
        return DistributionFile(
            name=normal_name(parts[0]),
            version=parts[1],
            pythons=pythons,
            abis=abis,
            platforms=platforms,
        )
    sdist = _SDIST.fullmatch(name)
    if sdist is None:
        return None
    return DistributionFile(name=normal_name(sdist["name"]), version=sdist["version"])


def this_platform() -> str:
    """Such as ``linux-x86_64``."""
    return f"{sys.platform}-{platform.machine()}"


def _fits_platform(tag: str, platform_name: str) -> bool:
    system, _, machine = platform_name.partition("-")
    if tag == "any":
        return True
    ends = (f"_{machine}", "_universal2") if system == "darwin" else (f"_{machine}",)
    return tag.startswith(_SYSTEMS.get(system, ())) and tag.endswith(ends)
