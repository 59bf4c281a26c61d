"""Link generated code into a library for the system that it is for, with what is installed here:
a C compiler for that system, or Zig, which links for all of them."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from neopack.distributions import install_hint
from neopack.errors import EngineFailed, Malformed, Missing
from neopack.facts.code_generation import Linking
from neopack.formats.elf_header import read_header
from neopack.formats.source import FileSource

__all__ = ["Linker", "linker_for", "refuse_other_code"]

# Zig builds its own C library for a system once
WITHIN = 1800.0
# of glibc alone, and nothing that is older or newer than the system that compiles
LIBRARIES = ("-lm",)
COMPILING = ("-c", "-O3", "-std=c99", "-fPIC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Linker:
    """``command`` compiles C and links it for the system of ``linking``."""

    command: tuple[str, ...]
    linking: Linking

    def link(self, objects: Sequence[Path], library: Path) -> None:
        """Raises ``EngineFailed`` if that fails, or makes a library for another machine."""
        self._run("-shared", "-fPIC", "-o", str(library), *map(str, objects), *LIBRARIES)
        try:
            refuse_other_code(library, self.linking.machine)
        except Malformed as error:
            raise EngineFailed(f"{self.command[0]} linked another file: {error}") from error

    def compile(self, sources: Sequence[Path]) -> list[Path]:
        """Compile C, each source beside itself and several at once. Raises as ``link`` does."""
        objects = [source.with_suffix(".o") for source in sources]
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            list(pool.map(self._compile, sources, objects))
        return objects

    def _compile(self, source: Path, target: Path) -> None:
        self._run(*COMPILING, "-o", str(target), str(source))

    def _run(self, *arguments: str) -> None:
        name = self.command[0]
        try:
            done = subprocess.run(
                [*self.command, *arguments],
                capture_output=True,
                text=True,
                check=False,
                timeout=WITHIN,
                stdin=subprocess.DEVNULL,
            )
        except subprocess.TimeoutExpired:
            raise EngineFailed(f"{name} took longer than {WITHIN:g} s") from None
        except OSError as error:
            raise EngineFailed(f"{name} does not run: {error.strerror}") from error
        if done.returncode:
            words = [line for line in done.stderr.splitlines() if line.strip()]
            last = words[-1].strip() if words else "it left no message"
            raise EngineFailed(f"{name} cannot link for {self.linking.triple}: {last}")


def linker_for(linking: Linking) -> Linker:
    """The first of its compilers that is installed, else Zig. Raises ``Missing`` without any."""
    for name in linking.compilers:
        if shutil.which(name):
            return Linker(command=(name,), linking=linking)
    zig = shutil.which("zig") or _zig_of_python()
    if zig is None:
        raise Missing(
            f"nothing here links code for {linking.triple}: {linking.compilers[0]} is missing",
            hint=f"on Debian, apt-get install {linking.package}; anywhere, "
            f"{install_hint('cross')}",
        )
    return Linker(command=(zig, "cc", "-target", linking.zig), linking=linking)


def _zig_of_python() -> str | None:
    """The program in the package ``ziglang``, or None."""
    spec = importlib.util.find_spec("ziglang")
    folders = spec.submodule_search_locations if spec else None
    programs = [Path(folder) / "zig" for folder in folders or ()]
    return next((str(program) for program in programs if program.is_file()), None)


def refuse_other_code(library: Path, machine: str) -> None:
    """Raise ``Malformed`` unless the file is a shared library in ELF for ``machine``."""
    with FileSource(library) as source:
        header = read_header(source)
    if not header.is_library or header.machine != machine:
        raise Malformed(
            f"is {header.kind} for {header.machine}, not a shared library for {machine}",
            where=library.name,
        )
