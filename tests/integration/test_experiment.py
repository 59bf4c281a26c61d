"""Experiments on real servers, whose behavior is known, and on real archives."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from desk import Call
from slow_server import server

from neopack.goldens.cases import FIRST, GoldenCase, save_cases

QUICK = ("--seconds", "1.2", "--warm-up", "0.1")


@pytest.fixture
def goldens(tmp_path: Path) -> Path:
    """Of an archive whose model is what the servers answer."""
    case = GoldenCase(
        name=FIRST,
        inputs={"x": np.ones((1, 1), "f4")},
        outputs={"y": np.full((1, 1), 0.25, "f4")},
    )
    save_cases(tmp_path / "net.golden.npz", [case], seed=0)
    (tmp_path / "net.tar.gz").touch()
    return tmp_path / "net.tar.gz"


def test_how_many_times_as_fast_a_server_is(goldens: Path, tmp_path: Path, neopack: Call) -> None:
    """One sleeps for 50 ms at each request, so that 4 callers get 80 answers a second."""
    report = tmp_path / "report.json"
    with server("slow") as slow, server("quick") as quick:
        secret = slow.replace("//", "//me:secret@")
        answer = neopack(
            "experiment", secret, quick, "--goldens", goldens, "--callers", "4", *QUICK,
            "--report", report,
        )  # fmt: skip
    assert answer.code == 0, answer.err
    assert "secret" not in answer.out + answer.err + report.read_text()
    result = json.loads(report.read_text())
    first, second = result["measured"]
    # a turn of 0.2 s may begin and end with answers to all callers at once
    assert first["stages"][0]["throughput"] < 110
    throughput = next(each for each in result["compared"] if each["figure"] == "throughput")
    least = second["stages"][0]["throughput"] / first["stages"][0]["throughput"] / 2
    assert throughput["ratio"] > max(1.0, least)
    assert (first["difference"], len(first["windows"][0])) == (0.0, 6)


def test_a_wrong_model_is_not_measured(goldens: Path, neopack: Call) -> None:
    case = GoldenCase(
        name=FIRST,
        inputs={"x": np.ones((1, 1), "f4")},
        outputs={"y": np.full((1, 1), 0.5, "f4")},
    )
    save_cases(goldens.with_name("net.golden.npz"), [case], seed=0)
    with server("quick") as quick:
        answer = neopack("experiment", quick, "--goldens", goldens, "--callers", "1", *QUICK)
    assert answer.code == 1
    assert "differs from the golden outputs by more than 0.001" in answer.err
    assert not answer.out


def test_an_archive_and_what_it_is_compiled_to(shelf: Path, neopack: Call) -> None:
    """The artifact that is there is taken."""
    answer = neopack(
        "experiment", shelf / "onnx.tar.gz", "--target", "ml_c5", "--callers", "2",
        "--seconds", "0.6", "--rounds", "5", "--warm-up", "0.1", "--report", "r.html",
        "--format", "json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    served = [each["served"]["engine"] for each in result["measured"]]
    assert served == ["onnxruntime", "openvino"]
    assert [each["content_type"] for each in result["measured"]] == ["application/json"] * 2
    assert all(0 <= each["difference"] <= 1e-3 for each in result["measured"])
    assert [each["name"] for each in result["measured"]] == ["onnx.tar.gz", "onnx-ml_c5.tar.gz"]
    assert Path("r.html").read_text().startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("http://127.0.0.1:9",), "nothing is known to send"),
        (("http://me:secret@:9",), "http://***@:9 is not an address"),
        (("http://127.0.0.1:9", "--rounds", "0"), "--rounds must be a whole number from 1"),
        (("http://127.0.0.1:9", "--rounds", "200"), "200 turns in 10 s are too short"),
        (("http://127.0.0.1:9", "--report", "a.pdf"), "no report is written as '.pdf'"),
        (("http://127.0.0.1:9", "--prices", "p.json", "--price", "1"), "goes without --price"),
        (("http://127.0.0.1:9", "--price", "-1"), "must be above 0"),
    ],
)
def test_wrong_use(refused: Call, arguments: tuple[str, ...], words: str) -> None:
    refused(2, words, "experiment", *arguments)
