"""TensorFlow's files, cut and damaged anywhere, raise nothing but NeopackError."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError
from neopack.formats import prototext, sstable
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.frameworks.tensorflow import read as tensorflow
from neopack.frameworks.tensorflow.schema import SCHEMA

ROOT = Path(__file__).parents[2] / "fixtures" / "tensorflow"
FILES = sorted(
    path
    for path in ROOT.rglob("*")
    if path.suffix in (".pb", ".pbtxt", ".index", ".meta") or path.name == "checkpoint"
    if path.is_file()
)
SMALL = [path for path in FILES if path.stat().st_size < 2500]
INDEXES = sorted(ROOT.rglob("*.index"))
LIMITS = Limits(record_bytes=1 << 20, operations=200_000)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5)
CUT = st.none() | st.floats(0, 1)


class Held:
    """Files in memory."""

    name = "held"

    def __init__(self, held: Mapping[str, bytes]) -> None:
        self._held = held

    def names(self) -> tuple[str, ...]:
        return tuple(self._held)

    def open(self, name: str) -> Any:
        return contextlib.nullcontext(BytesSource(name, self._held[name]))


def damaged(data: bytes, edits: list[tuple[float, int]], cut: float | None) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[int(place * (len(changed) - 1))] = value
    return bytes(changed if cut is None else changed[: int(cut * len(changed))])


def read_all(data: bytes) -> None:
    words = tensorflow.recognize(BytesSource("damaged", data))
    assert words is None or words.startswith("TensorFlow")
    with suppress(NeopackError):
        tensorflow.read(Held({"damaged": data}), "damaged", LIMITS)


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
@given(edits=EDITS, cut=CUT)
def test_damaged_files(path: Path, edits: list[tuple[float, int]], cut: float | None) -> None:
    read_all(damaged(path.read_bytes(), edits, cut))


@pytest.mark.parametrize("path", SMALL, ids=lambda p: str(p.relative_to(ROOT)))
def test_every_cut(path: Path) -> None:
    data = path.read_bytes()
    for length in range(len(data)):
        read_all(data[:length])


@pytest.mark.parametrize("path", INDEXES, ids=lambda p: str(p.relative_to(ROOT)))
@given(edits=EDITS, cut=CUT)
def test_a_damaged_index_beside_a_sound_model(
    path: Path, edits: list[tuple[float, int]], cut: float | None
) -> None:
    model = (ROOT / "2/saved-model/saved_model.pb").read_bytes()
    index = damaged(path.read_bytes(), edits, cut)
    with suppress(NeopackError):
        list(sstable.read_table(BytesSource("index", index), LIMITS))
    held = Held({"saved_model.pb": model, "variables/variables.index": index})
    with suppress(NeopackError):
        tensorflow.read(held, "saved_model.pb", LIMITS)


@given(st.binary(max_size=300))
def test_noise(data: bytes) -> None:
    read_all(data)
    with suppress(NeopackError):
        list(sstable.read_table(BytesSource("noise", data + bytes(40) + sstable.MAGIC), LIMITS))


@given(st.text(alphabet="node{}<>[]:\"'\\#, \n012.-abx", max_size=200))
def test_noise_as_text(text: str) -> None:
    for root in ("GraphDef", "SavedModel"):
        with suppress(NeopackError):
            prototext.transcode(BytesSource("t", text.encode()), SCHEMA, root, LIMITS)
