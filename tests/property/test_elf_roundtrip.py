"""Libraries that we write: the loader takes them, their functions run, and our reader reads them;
damage never crashes the reader."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import Malformed, NeopackError
from neopack.formats.elf import X86_64, Library, read_library
from neopack.formats.elf_write import shared_library
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource

FRAMEWORK = Path(__file__).parents[2] / "fixtures" / "elf" / "framework.so"
# what the loader would take for a list, or for a place of its own
NAMES = st.text(st.characters(exclude_characters="\0$/:", exclude_categories=["Cs"]), min_size=1)
NUMBERS = st.dictionaries(NAMES, st.integers(-(2**31), 2**31 - 1), max_size=40)
# loads the library of the first argument, asks it for the functions that the second names
ASK = """
import ctypes, json, sys
library = ctypes.CDLL(sys.argv[1])
print(json.dumps([library[name]() for name in json.loads(sys.argv[2])]))
"""


def returning(number: int) -> bytes:
    """mov eax, number; ret"""
    return b"\xb8" + number.to_bytes(4, "little", signed=True) + b"\xc3"


def read(data: bytes) -> Library:
    return read_library(BytesSource("a.so", data))


@given(soname=NAMES, needed=st.lists(NAMES, max_size=5, unique=True), numbers=NUMBERS)
def test_what_is_written_is_read(soname: str, needed: list[str], numbers: dict[str, int]) -> None:
    codes = {name: returning(number) for name, number in numbers.items()}
    found = read(shared_library(soname, needed=needed, functions=codes))
    assert found == Library(
        soname=soname,
        machine=X86_64,
        needed=tuple(needed),
        defined=frozenset(numbers),
        imported={},
    )


@given(numbers=NUMBERS)
def test_the_loader_finds_every_function(
    numbers: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """In the library that is loaded, and in the one beside it that this needs."""
    folder = tmp_path_factory.mktemp("libraries")
    codes = {name: returning(number) for name, number in numbers.items()}
    (folder / "functions.so").write_bytes(shared_library("functions.so", functions=codes))
    (folder / "empty.so").write_bytes(shared_library("empty.so", needed=["functions.so"]))
    asked = [sys.executable, "-I", "-c", ASK, str(folder / "empty.so"), json.dumps([*numbers])]
    told = subprocess.run(asked, capture_output=True, check=True)
    assert json.loads(told.stdout) == [*numbers.values()]


def test_what_a_linker_wrote_is_read() -> None:
    found = read(FRAMEWORK.read_bytes())
    assert found.soname == "framework.so"
    assert found.needed == ("libcutiny.so.11", "libnccltiny.so.2")
    assert {"devices", "said", "computed"} <= found.defined
    assert found.imported == {
        "__cuTinyRegister": "libcutiny.so.11",
        "cuTinyCount": "libcutiny.so.11",
        "cuTinyGetErrorString": "libcutiny.so.11",
        "cuTinyLtMatmul": "",
        "ncclTinySend": "",
        "Py_IsInitialized": "",
    }


@pytest.mark.parametrize("length", [0, 5, 63, 64, 400, 4000])
def test_a_library_that_is_cut_is_refused(length: int) -> None:
    with pytest.raises(Malformed):
        read(FRAMEWORK.read_bytes()[:length])


def test_a_changed_byte_never_crashes_the_reader() -> None:
    whole = bytearray(FRAMEWORK.read_bytes())
    for place in range(len(whole)):
        kept, whole[place] = whole[place], whole[place] ^ 0xFF
        with suppress(NeopackError):
            read(bytes(whole))
        whole[place] = kept


@given(
    edits=st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=8),
    cut=st.none() | st.floats(0, 1),
)
def test_damage_never_crashes_the_reader(
    edits: list[tuple[float, int]], cut: float | None
) -> None:
    whole = bytearray(FRAMEWORK.read_bytes())
    for place, value in edits:
        whole[int(place * (len(whole) - 1))] = value
    with suppress(NeopackError):
        read(bytes(whole if cut is None else whole[: int(cut * len(whole))]))


def test_names_within_each_other_take_no_more_than_the_file() -> None:
    """A table of symbols whose names all run through one long text."""
    long = shared_library(
        "a.so", functions={"n" * 4000: b"\xc3", **dict.fromkeys("bcdef", b"\xc3")}
    )
    at = 64 + 4 * 56 + 24
    table = bytearray(long)
    start = int.from_bytes(table[at : at + 4], "little")
    for index in range(6):
        place = at + 24 * index
        table[place : place + 4] = (start + index).to_bytes(4, "little")
    with pytest.raises(Malformed, match="names overlap"):
        read(bytes(table))


def test_more_symbols_than_the_limit_are_refused() -> None:
    made = shared_library("a.so", functions={f"f{number}": b"\xc3" for number in range(20)})
    with pytest.raises(NeopackError, match="records 21 over the limit of 20"):
        read_library(BytesSource("a.so", made), Limits(records=20))
