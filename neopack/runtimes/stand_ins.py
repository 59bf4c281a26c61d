"""Stand-ins for CUDA's libraries, so that a PyTorch built for CUDA loads where they are absent.

On Linux the package index has PyTorch 1.13 and newer built for CUDA alone, and what it loads,
gigabytes of NVIDIA's libraries, computes nothing on a CPU. Each of those becomes an empty library
of its name, beside PyTorch's own, where their DT_RPATH looks before any other place. All of them
need one more, which has every function that PyTorch would call: each answers 100, "no CUDA-capable
device is detected" (cudaErrorNoDevice and CUDA_ERROR_NO_DEVICE of CUDA 11.7), or says so in words.

The functions have no versions, and so lie in a library that PyTorch does not name: glibc takes
such a one for the versioned function that is sought, unless it comes from the very library that
the version names; that it takes for a bug of the library, and ends the process (check_match in
elf/dl-lookup.c of glibc 2.36).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack.formats.elf import MAGIC, X86_64, Library, read_library
from neopack.formats.elf_write import shared_library
from neopack.formats.source import FileSource

__all__ = ["FORM", "put"]

# another text here has environments made anew
FORM = "stand-ins, 2026-11, second"

FUNCTIONS = "libneopack_stand_ins.so"
# what the names of NVIDIA's libraries, after "lib", and of their functions begin with
PREFIXES = ("cu", "nccl", "nv")
WORDS = b"CUDA's libraries are stood in for: nothing here computes on a GPU\0"
# mov eax, 100; ret
NO_DEVICE = b"\xb8\x64\x00\x00\x00\xc3"
# lea rax, [rip + 1]; ret; then the words, which rax points to
SAYS_SO = b"\x48\x8d\x05\x01\x00\x00\x00\xc3" + WORDS
# functions whose names end so give a text
TEXTS = ("ErrorString", "ErrorName")


def put(packages: Path, beside: Path) -> tuple[str, ...]:
    """Write stand-ins into ``beside`` for NVIDIA's libraries that others under ``packages`` need
    and that are not there; return their names. None are wanted where the wheels are built for
    the CPU: on macOS, and on Linux for ARM.

    Raises ``Malformed`` for a library that is cut short, ``OSError`` for a disk that is full.
    """
    paths = sorted(path for path in packages.rglob("*.so*") if path.is_file())
    libraries = [library for path in paths for library in _read(path)]
    needed = {name for library in libraries for name in library.needed}
    absent = sorted(needed - {path.name for path in paths})
    absent = [name for name in absent if name.removeprefix("lib").startswith(PREFIXES)]
    if absent:
        codes = {
            name: SAYS_SO if name.endswith(TEXTS) else NO_DEVICE
            for name in sorted(_wanted(libraries, set(absent)))
        }
        (beside / FUNCTIONS).write_bytes(shared_library(FUNCTIONS, functions=codes))
    for name in absent:
        (beside / name).write_bytes(shared_library(name, needed=[FUNCTIONS]))
    return tuple(absent)


def _read(path: Path) -> Iterator[Library]:
    """The library in that file, where it is one for such a machine."""
    with FileSource(path) as source:
        if source.read(0, len(MAGIC)) == MAGIC:
            library = read_library(source)
            if library.machine == X86_64:
                yield library


def _wanted(libraries: Sequence[Library], absent: set[str]) -> set[str]:
    """The functions that only the absent have: those of CUDA's driver and of NCCL, among others,
    have no versions, and are known by their names."""
    defined = {name for library in libraries for name in library.defined}
    wanted = {(name, file) for library in libraries for name, file in library.imported.items()}
    # a version names the library: that another has the function, such as the copy of CUDA's
    # runtime that torchvision brings under a name of its own, does not help
    return {
        name
        for name, file in wanted
        if file in absent or (not file and name not in defined and name.startswith(PREFIXES))
    }
