"""Stand-ins for CUDA's libraries, so that a PyTorch built for CUDA loads without them.

For Linux, the package index has PyTorch 1.13 and newer only in builds for CUDA. They load
gigabytes of NVIDIA's libraries, which do nothing on a CPU. Each of those is replaced by an empty
library of the same name beside PyTorch's own, where DT_RPATH looks first. All of them need one
more library, which has every function that PyTorch would call: each returns 100, "no CUDA-capable
device is detected" (cudaErrorNoDevice and CUDA_ERROR_NO_DEVICE of CUDA 11.7), or the words.

The functions have no symbol versions, so they are in a library that PyTorch does not name. glibc
binds a versioned reference to an unversioned function, unless the function comes from the library
that the version names: that counts as a bug, and glibc ends the process (check_match in
elf/dl-lookup.c of glibc 2.36).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack.formats.elf import MAGIC, X86_64, Library, read_library
from neopack.formats.elf_write import shared_library
from neopack.formats.source import FileSource

__all__ = ["FORM", "put"]

# environments with another text here are installed again
FORM = "stand-ins, 2026-11, second"

FUNCTIONS = "libneopack_stand_ins.so"
# prefixes of the names of NVIDIA's libraries, after "lib", and of their functions
PREFIXES = ("cu", "nccl", "nv")
WORDS = b"CUDA's libraries are stood in for: nothing here computes on a GPU\0"
# mov eax, 100; ret
NO_DEVICE = b"\xb8\x64\x00\x00\x00\xc3"
# lea rax, [rip + 1]; ret; then the string that rax points to
SAYS_SO = b"\x48\x8d\x05\x01\x00\x00\x00\xc3" + WORDS
# functions with these suffixes return a string
TEXTS = ("ErrorString", "ErrorName")


def put(packages: Path, beside: Path) -> tuple[str, ...]:
    """Write stand-ins into ``beside`` for NVIDIA's libraries that others under ``packages`` need
    but that are absent; return their names. There are none for wheels that are built for the CPU:
    on macOS, and on Linux for ARM.

    Raises ``Malformed`` for a truncated library, ``OSError`` for a full disk.
    """
    paths = sorted(path for path in packages.rglob("*.so*") if path.is_file())
    libraries = [library for path in paths for library in _read(path)]
    needed = {name for library in libraries for name in library.needed}
    absent = sorted(needed - {path.name for path in paths})
    absent = [name for name in absent if name.removeprefix("lib").startswith(PREFIXES)]
    if absent:
        codes = {
            name: SAYS_SO if name.endswith(TEXTS) else NO_DEVICE
            for name in sorted(_called(libraries, set(absent)))
        }
        (beside / FUNCTIONS).write_bytes(shared_library(FUNCTIONS, functions=codes))
    for name in absent:
        (beside / name).write_bytes(shared_library(name, needed=[FUNCTIONS]))
    return tuple(absent)


def _read(path: Path) -> Iterator[Library]:
    """Yield the library in that file, if it is one for x86-64."""
    with FileSource(path) as source:
        if source.read(0, len(MAGIC)) == MAGIC:
            library = read_library(source)
            if library.machine == X86_64:
                yield library


def _called(libraries: Sequence[Library], absent: set[str]) -> set[str]:
    """The functions that only the absent libraries have. Some, such as those of CUDA's driver and
    of NCCL, have no symbol versions and are recognized by name."""
    defined = {name for library in libraries for name in library.defined}
    imports = {(name, file) for library in libraries for name, file in library.imported.items()}
    # a version names the library, so it does not help if another library has the function, such
    # as the copy of CUDA's runtime that torchvision brings under a name of its own
    return {
        name
        for name, file in imports
        if file in absent or (not file and name not in defined and name.startswith(PREFIXES))
    }
