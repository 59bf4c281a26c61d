"""The CPU of this machine: what tells it from others, and whether it runs code of TVM."""

from __future__ import annotations

import platform
import re
from pathlib import Path

from neopack.facts.code_generation import GeneratedCode

__all__ = ["identity", "lacking", "runs"]


def runs(code: GeneratedCode) -> bool:
    return code.runs(platform.machine(), _flags())


def lacking(code: GeneratedCode) -> tuple[str, ...]:
    """The flags, in the words of /proc/cpuinfo, that ``code`` needs and this CPU lacks."""
    return tuple(sorted((code.needs or frozenset()) - _flags()))


def identity() -> str:
    """What compiled code depends on: the machine, the model of its CPU and what that computes."""
    model = re.search(r"^model name\s*:(.*)$", _cpuinfo(), re.MULTILINE)
    name = model.group(1).strip() if model else platform.processor()
    return " ".join((platform.machine(), name, *sorted(_flags())))


def _flags() -> frozenset[str]:
    flags = re.search(r"^flags\s*:(.*)$", _cpuinfo(), re.MULTILINE)
    return frozenset(flags.group(1).split()) if flags else frozenset()


def _cpuinfo() -> str:
    try:
        return Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""
