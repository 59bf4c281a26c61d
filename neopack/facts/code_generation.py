"""The code that TVM generates for the CPU of a target: ``code_generation.toml``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from neopack.facts.rows import facts_file
from neopack.values.target import Target

__all__ = [
    "CODE",
    "GeneratedCode",
    "Linking",
    "code_names",
    "code_of",
    "generated_code",
    "generic",
    "not_generated",
]

TRIPLE = re.compile(r" -mtriple=([^ ]+)")
OPTION = re.compile(r" -(mcpu|mattr)=([^ ]+)")
# what a name of code is made of
CODE = r"llvm( -(device|mtriple|mcpu|mattr)=[\w.,+-]+)*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Linking:
    """What links code of a triple: ``compilers`` in their order, Debian's ``package`` of the
    first, ``zig``'s name of the target. ``machine`` is the one in the library's ELF header."""

    triple: str
    machine: str
    compilers: tuple[str, ...]
    package: str
    zig: str


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

    @property
    def linking(self) -> Linking | None:
        """None where there is no code, or nothing is known to link it."""
        table = facts_file("code_generation").table("linking")
        stated = TRIPLE.search(self.name)
        triple = stated[1] if stated else table.text("here")
        rows = table.table("triple")
        if not self.name or triple not in rows:
            return None
        row = rows.table(triple)
        return Linking(
            triple=triple,
            machine=row.text("machine"),
            compilers=row.texts("compilers"),
            package=row.text("package"),
            zig=row.text("zig"),
        )


def not_generated(target: Target) -> str:
    """Why TVM generates no code for that target, or ""."""
    return facts_file("code_generation").table("without").text(target.name, "")


def generated_code(target: Target, mcpu: str = "", mattr: Sequence[str] = ()) -> GeneratedCode:
    """Return the code for a target; ``mcpu`` and ``mattr`` are what CompilerOptions say in place
    of its CPU and of the features of that."""
    data = facts_file("code_generation")
    system = data.table("system").text(f"{target.os}/{target.arch}", "")
    name = data.table("device").text(target.name, system)
    if mcpu and name:
        name = f"{re.sub(' -mcpu=[^ ]+', '', name)} -mcpu={mcpu}"
    if mattr and name:
        name = f"{re.sub(' -mattr=[^ ]+', '', name)} -mattr={','.join(mattr)}"
    return code_of(name)


def code_of(name: str) -> GeneratedCode:
    """The code that TVM calls ``name``."""
    return GeneratedCode(name=name, needs=_needs(name))


def code_names() -> tuple[str, ...]:
    """The names of all code that is generated for some target."""
    data = facts_file("code_generation")
    names = {*data.words("device").values(), *data.words("system").values()}
    return tuple(sorted(names))


def generic(code: GeneratedCode) -> GeneratedCode:
    """Code for any CPU of the same system and architecture."""
    stated = TRIPLE.search(code.name)
    return code_of("llvm" + (stated[0] if stated else ""))


def _needs(name: str) -> frozenset[str] | None:
    if "-mtriple=" in name:
        return None
    known = facts_file("code_generation").lists("needs")
    said = dict(OPTION.findall(name))
    mcpu, features = said.get("mcpu", ""), said.get("mattr", "").split(",")
    # Linux writes sse4_1 for LLVM's sse4.1
    added = {each[1:].replace(".", "_") for each in features if each.startswith("+")}
    return frozenset({*known.get(mcpu, ()), *added}) if not mcpu or mcpu in known else None
