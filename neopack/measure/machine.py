"""The machine that was measured, as far as it affects the numbers."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Machine", "this_machine"]

FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """``cores`` are those that this process may use; ``features`` those that matrix code uses."""

    processor: str
    cores: int
    memory_gib: float
    features: tuple[str, ...]
    system: str
    python: str


def this_machine() -> Machine:
    described = _cpuinfo()
    flags = described.get("flags", "").split()
    pages = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return Machine(
        processor=described.get("model name", platform.processor() or platform.machine()),
        cores=len(os.sched_getaffinity(0)),
        memory_gib=round(pages / (1 << 30), 1),
        features=tuple(feature for feature in FEATURES if feature in flags),
        system=f"{platform.system()} {platform.machine()}",
        python=platform.python_version(),
    )


def _cpuinfo() -> dict[str, str]:
    path = Path("/proc/cpuinfo")
    if not path.is_file():
        return {}
    first = path.read_text("utf-8", "replace").split("\n\n", 1)[0]
    pairs = (line.partition(":") for line in first.splitlines())
    return {key.strip(): value.strip() for key, _, value in pairs}
