"""What Neo compiles for: a target device or a target platform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

__all__ = [
    "CompilerPath",
    "Target",
]


CompilerPath: TypeAlias = Literal["tvm", "integrated", "neuron", "eia"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A row of ``facts/targets.toml``, or a TargetPlatform spelled ``os/arch[/accelerator]``."""

    name: str
    kind: Literal["cloud", "inferentia", "inferentia2", "trainium", "eia", "edge", "platform"]
    os: str = ""
    arch: str = ""
    accelerator: str = ""
    documented: bool = True
    retired: str = ""
    source: str = ""
