"""What Neo lists and neopack does not package: TensorFlow Lite, which is read, and the others."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from desk import Call, Desk


@pytest.mark.parametrize(
    ("framework", "names", "config", "found"),
    [
        ("TFLITE", (), '{"input":[1,8,8,3]}', "NEO-AR-002"),
        ("TFLITE", ("a.tflite", "b.tflite"), '{"input":[1,8,8,3]}', "NEO-AR-003"),
        ("DARKNET", ("net.weights",), '{"data":[1,3,8,8]}', "NEO-AR-002"),
        ("DARKNET", ("net.cfg",), '{"data":[1,3,8,8]}', "NEO-AR-002"),
        ("DARKNET", ("a.cfg", "b.cfg", "net.weights"), '{"data":[1,3,8,8]}', "NEO-AR-003"),
        ("SKLEARN", ("a.pkl",), '{"input":[1,4]}', "NEO-AR-002"),
        ("SKLEARN", ("a.joblib",), '{"input":[1,4,1]}', "NEO-SK-001"),
        ("SKLEARN", ("a.joblib",), '{"input":[1,-1]}', "NEO-SK-002"),
    ],
)
def test_what_is_found(
    neopack: Call, desk: Desk, framework: str, names: tuple[str, ...], config: str, found: str
) -> None:
    with tarfile.open(desk.path / "m.tar.gz", "w:gz") as tar:
        for name in (*names, "labels.txt"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"x"))
    options = ("--framework", framework, "--target", "rasp4b", "--data-input-config", config)
    answer = neopack("check", "m.tar.gz", *options, "--format", "json")
    ids = [finding["id"] for finding in answer.document["findings"]]
    assert found in ids
    assert answer.code != 0


@pytest.mark.parametrize(
    ("name", "config", "found"),
    [
        ("cnn", '{"image":[1,8,8,3]}', set()),
        ("free-batch", '{"image":[4,8,8,3]}', set()),
        ("custom-operator", '{"row":[1,4]}', {"NEO-TV-001"}),
        ("int8", '{"image":[1,8,8,3]}', {"NEO-TL-001", "NEO-TL-002"}),
        ("int64-input", '{"ids":[1,4]}', {"NEO-TL-001"}),
        ("bool-output", '{"row":[1,4]}', {"NEO-TL-002"}),
        ("two-inputs", '{"left":[1,4]}', {"NEO-DC-011"}),
        ("two-inputs", '{"left":[1,4],"rihgt":[1,4]}', {"NEO-DC-010", "NEO-DC-011"}),
        ("cnn", '{"image":[1,9,9,3]}', {"NEO-DC-012"}),
    ],
)
@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("said", [True, False])
def test_what_is_found_in_a_tensorflow_lite_model(
    neopack: Call,
    desk: Desk,
    fixtures: Path,
    name: str,
    config: str,
    found: set[str],
    packed: bool,
    said: bool,
) -> None:
    given = fixtures / "tflite" / f"{name}.tflite"
    if packed:
        with tarfile.open(desk.path / "m.tar.gz", "w:gz") as tar:
            tar.add(given, "m.tflite")
        given = desk.path / "m.tar.gz"
    options = ("--target", "rasp4b", "--data-input-config", config, "--format", "json")
    answer = neopack("check", given, *options, *(("--framework", "tflite") if said else ()))
    document = answer.document
    assert {finding["id"] for finding in document["findings"]} == found
    assert answer.code == (1 if found else 0)


def test_a_broken_one_is_said_to_be(neopack: Call, desk: Desk, fixtures: Path) -> None:
    whole = (fixtures / "tflite" / "cnn.tflite").read_bytes()
    (desk.path / "m.tflite").write_bytes(whole[: len(whole) // 2])
    answer = neopack(
        "check", "m.tflite", "--framework", "tflite", "--target", "rasp4b", "--format", "json"
    )
    assert "NEO-AR-012" in [finding["id"] for finding in answer.document["findings"]]


def test_inspecting_one_shows_it(neopack: Call, fixtures: Path) -> None:
    told = neopack("inspect", fixtures / "tflite" / "free-batch.tflite").out
    for words in ("TensorFlow Lite model", "image  float32 [?, 8, 8, 3]", "SUM 1"):
        assert words in told


def test_one_beside_what_it_was_converted_from_is_passed_over(
    neopack: Call, desk: Desk, fixtures: Path
) -> None:
    (desk.path / "given").mkdir()
    for path in ("onnx/cnn-opset12.onnx", "tflite/cnn.tflite"):
        (desk.path / "given" / Path(path).name).write_bytes((fixtures / path).read_bytes())
    assert neopack("package", "given", "-o", "m.tar.gz").code == 0
    assert "ONNX" in neopack("inspect", "given").out


def test_one_is_packaged_as_the_roads_say(neopack: Call, desk: Desk, fixtures: Path) -> None:
    given = fixtures / "tflite" / "cnn.tflite"
    assert "neopack package" in neopack("targets", "--model", given).out
    assert neopack("package", given, "-o", "m.tar.gz", "-t", "rasp4b").code == 0
    assert neopack("check", "m.tar.gz").code == 0
    assert neopack("package", "m.tar.gz", "-t", "linux/arm64", "-o", "again.tar.gz").code == 0


def test_what_openvino_does_not_convert_is_named(
    refused: Call, desk: Desk, fixtures: Path
) -> None:
    with tarfile.open(desk.path / "m.tar.gz", "w:gz") as tar:
        tar.add(fixtures / "tflite" / "custom-operator.tflite", "m.tflite")
    words = "cannot convert the model: it has no rule for Igamma"
    refused(6, words, "compile", "m.tar.gz", "--target", "ml_c5", "-o", "out.tar.gz")


def test_a_target_that_takes_none_is_refused(refused: Call, fixtures: Path) -> None:
    given = fixtures / "tflite" / "cnn.tflite"
    refused(3, "ml_c5 takes no TFLITE", "package", given, "-o", "m.tar.gz")


def test_what_neo_does_not_list_is_refused(refused: Call, desk: Desk) -> None:
    (desk.path / "m.tar.gz").write_bytes(b"\x1f\x8b")
    refused(1, "m.tar.gz", "check", "m.tar.gz", "--framework", "NOSUCH", "--target", "ml_c5")
