"""The CPU of this machine, and whether it runs code that TVM generated."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from neopack.facts.code_generation import GeneratedCode

__all__ = ["lacking", "runs"]


def runs(code: GeneratedCode) -> bool:
    return code.runs(platform.machine(), _flags())


def lacking(code: GeneratedCode) -> tuple[str, ...]:
    """The flags, in the words of /proc/cpuinfo, that ``code`` needs and this CPU lacks."""
    return tuple(sorted((code.needs or frozenset()) - _flags()))


def _flags() -> frozenset[str]:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return frozenset()
    flags = re.search(r"^flags\s*:(.*)$", text, re.MULTILINE)
    return frozenset(flags.group(1).split()) if flags else frozenset()
