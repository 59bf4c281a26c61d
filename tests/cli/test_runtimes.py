"""``neopack runtimes`` on one real runtime."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk import Call

from neopack import runtimes


def test_list_says_what_is_installed(neopack: Call, xgboost_1_3_3: runtimes.Worker) -> None:
    rows = neopack("runtimes", "list", "--format", "json").document["value"]
    assert [row["name"] for row in rows] == list(runtimes.names())
    (row,) = [row for row in rows if row["name"] == "xgboost-1.3.3"]
    assert row["state"] == "installed"


def test_list_says_what_the_loaders_are(neopack: Call) -> None:
    words = " ".join(neopack("runtimes", "list").out.split())
    for framework, compiler in (
        ("onnx-1.7.0", "TVM 0.9 (hhb-tvm 2.4.5)"),
        ("xgboost-1.3.3", "Tree"),
    ):
        what = words.partition(f"neo-loader-{framework}")[2].rpartition(f"neo-loader-{framework}")[
            2
        ]
        assert "public loader 1.0.1 with" in what
        assert compiler in what
        assert "the nearest public build; not Neo" in what


def test_install_leaves_what_is_whole_and_shows_that_it_works(
    neopack: Call, xgboost_1_3_3: runtimes.Worker
) -> None:
    answer = neopack("runtimes", "install", "xgboost-1.3.3")
    assert answer.code == 0
    assert "works" in answer.out
    assert "xgboost 1.3.3" in answer.out
    assert "installing" not in answer.err


def test_doctor_names_what_is_broken(
    neopack: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path))
    (tmp_path / "runtimes" / "mxnet-1.8.0" / "bin").mkdir(parents=True)
    answer = neopack("runtimes", "doctor", "mxnet-1.8.0", "xgboost-1.3.3")
    assert answer.code == 1
    assert [line.split()[3] for line in answer.out.splitlines()[1:]] == ["broken", "absent"]


def test_doctor_of_what_is_absent_is_no_success(
    neopack: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path))
    assert neopack("runtimes", "doctor", "xgboost-1.3.3").code == 4
    assert neopack("runtimes", "doctor").code == 0


def test_path_and_remove(neopack: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEOPACK_HOME", str(tmp_path))
    place = Path(neopack("runtimes", "path", "tensorflow-1.15.0").out.strip())
    assert place == tmp_path / "runtimes" / "keras-2.2.4"
    place.mkdir(parents=True)
    assert neopack("runtimes", "remove", "keras-2.2.4").code == 0
    assert not place.exists()
    assert "was not installed" in neopack("runtimes", "remove", "keras-2.2.4").err


def test_an_unknown_runtime(refused: Call) -> None:
    refused(2, ("no runtime 'mxnet-9'", "mxnet-1.8.0"), "runtimes", "install", "mxnet-9")
