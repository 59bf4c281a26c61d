"""Archives of frameworks that Neo lists and neopack has no reader of."""

from __future__ import annotations

import io
import tarfile

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


def test_packaging_one_is_refused(refused: Call, desk: Desk) -> None:
    (desk.path / "m.tflite").write_bytes(b"\0\0\0\0TFL3")
    refused(
        2,
        "no framework 'TFLITE'",
        "package",
        "m.tflite",
        "--framework",
        "TFLITE",
        "-o",
        "x.tar.gz",
    )


def test_what_neo_does_not_list_is_refused(refused: Call, desk: Desk) -> None:
    (desk.path / "m.tar.gz").write_bytes(b"\x1f\x8b")
    refused(1, "m.tar.gz", "check", "m.tar.gz", "--framework", "NOSUCH", "--target", "ml_c5")
