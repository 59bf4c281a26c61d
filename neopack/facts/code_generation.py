"""The code that TVM generates for the CPU of a target: ``code_generation.toml``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from neopack.facts.rows import facts_file
from neopack.values.target import Target

__all__ = ["GeneratedCode", "generated_code", "not_generated"]


@dataclass(frozen=True, slots=True, kw_only=True)
class GeneratedCode:
    """``name`` is TVM's, empty where nothing is known of the target's CPU. It runs on Linux on
    x86-64 with the flags ``needs``; without ``needs`` it runs on no such machine."""

    name: str
    needs: frozenset[str] | None

    def runs(self, machine: str, flags: frozenset[str]) -> bool:
        return (
            bool(self.name)
            and machine == "x86_64"
            and (self.needs is not None and self.needs <= flags)
        )


def not_generated(target: Target) -> str:
    """Why TVM generates no code for that target, or ""."""
    return facts_file("code_generation").table("without").text(target.name, "")


def generated_code(target: Target, mcpu: str = "") -> GeneratedCode:
    """Return the code for a target; ``mcpu`` is what CompilerOptions say in place of its CPU."""
    data = facts_file("code_generation")
    system = data.table("system").text(f"{target.os}/{target.arch}", "")
    name = data.table("device").text(target.name, system)
    if mcpu and name:
        name = f"{re.sub(' -mcpu=[^ ]+', '', name)} -mcpu={mcpu}"
    return GeneratedCode(name=name, needs=_needs(name))


def _needs(name: str) -> frozenset[str] | None:
    if "-mtriple=" in name:
        return None
    known = facts_file("code_generation").lists("needs")
    _, said, mcpu = name.partition(" -mcpu=")
    return frozenset(known.get(mcpu, ())) if not said or mcpu in known else None
