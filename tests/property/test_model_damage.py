"""Real files, cut and damaged anywhere, raise nothing but NeopackError."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.errors import NeopackError, NotRecognized
from neopack.formats import darknet
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource
from neopack.frameworks.darknet.network import network_of
from neopack.frameworks.keras import read as keras
from neopack.frameworks.onnx import read as onnx
from neopack.frameworks.pytorch import read as pytorch
from neopack.frameworks.tflite import read as tflite

FIXTURES = Path(__file__).parents[2] / "fixtures"
PYTORCH = sorted(p for p in (FIXTURES / "pytorch").rglob("*") if p.is_file())
ONNX = sorted((FIXTURES / "onnx").glob("*.onnx"))
KERAS = sorted((FIXTURES / "keras").iterdir())
TFLITE = sorted((FIXTURES / "tflite").iterdir())
DARKNET = sorted((FIXTURES / "darknet").iterdir())
# a mutated length may promise much: keep the work of one example small
LIMITS = Limits(record_bytes=1 << 20, operations=200_000)
EDITS = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), min_size=1, max_size=5)
CUT = st.none() | st.floats(0, 1)


def damaged(data: bytes, edits: list[tuple[float, int]], cut: float | None) -> bytes:
    changed = bytearray(data)
    for place, value in edits:
        changed[int(place * (len(changed) - 1))] = value
    return bytes(changed if cut is None else changed[: int(cut * len(changed))])


def read_all(data: bytes) -> None:
    source = BytesSource("damaged", data)
    for reader in (pytorch, onnx, keras, tflite):
        with suppress(NeopackError):
            reader.read_source(source, LIMITS)
        words = reader.recognize(source)
        if words is None and reader is pytorch:
            with pytest.raises(NeopackError):
                reader.read_source(source, LIMITS)


@pytest.mark.parametrize(
    "path", [*PYTORCH, *ONNX, *KERAS, *TFLITE], ids=lambda p: f"{p.parent.name}/{p.name}"
)
@given(edits=EDITS, cut=CUT)
def test_damaged_files(path: Path, edits: list[tuple[float, int]], cut: float | None) -> None:
    read_all(damaged(path.read_bytes(), edits, cut))


@pytest.mark.parametrize(
    "path",
    [p for p in PYTORCH if zipfile.is_zipfile(p)],
    ids=lambda p: f"{p.parent.name}/{p.name}",
)
@given(data=st.data())
def test_damaged_records_in_a_sound_zip(path: Path, data: st.DataObject) -> None:
    """The zip's CRC catches most damage; this goes behind it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w") as target:
        readable = [e for e in source.infolist() if e.filename.endswith((".pkl", ".py", ".json"))]
        chosen = data.draw(st.sampled_from(readable))
        for entry in source.infolist():
            content = source.read(entry)
            if entry is chosen and content:
                content = damaged(content, data.draw(EDITS), data.draw(CUT))
            target.writestr(zipfile.ZipInfo(entry.filename), content)
    with suppress(NeopackError):
        pytorch.read_source(BytesSource("damaged", buffer.getvalue()), LIMITS)


@given(edits=EDITS, cut=CUT)
def test_damaged_configs_in_a_sound_keras_file(
    edits: list[tuple[float, int]], cut: float | None
) -> None:
    buffer = io.BytesIO()
    path = FIXTURES / "keras" / "newer.keras"
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(buffer, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "config.json":
                content = damaged(content, edits, cut)
            target.writestr(zipfile.ZipInfo(entry.filename), content)
    with suppress(NeopackError):
        keras.read_source(BytesSource("damaged", buffer.getvalue()), LIMITS)


@pytest.mark.parametrize("path", ONNX, ids=lambda p: p.name)
def test_every_cut_of_an_onnx_model(path: Path) -> None:
    data = path.read_bytes()
    for length in range(len(data)):
        with suppress(NeopackError):
            onnx.read_source(BytesSource("cut", data[:length]), LIMITS)


@given(st.binary(max_size=400))
def test_noise(data: bytes) -> None:
    source = BytesSource("noise", data)
    with suppress(NeopackError):
        onnx.read_source(source, LIMITS)
    if pytorch.recognize(source) is None and not data.startswith(b"PK\x03\x04"):
        with pytest.raises(NotRecognized):
            pytorch.read_source(source, LIMITS)


@pytest.mark.parametrize("path", DARKNET, ids=lambda p: p.name)
@given(edits=EDITS, cut=CUT)
def test_damaged_networks(path: Path, edits: list[tuple[float, int]], cut: float | None) -> None:
    source = BytesSource("damaged", damaged(path.read_bytes(), edits, cut))
    darknet.is_cfg(source)
    darknet.is_weights(source)
    with suppress(NeopackError):
        network_of(darknet.sections(source, LIMITS), "damaged")
    with suppress(NeopackError):
        assert darknet.weights(source).numbers * 4 <= source.size
