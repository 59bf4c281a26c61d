"""The runtimes that the models of a project need, told before anything is built."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.build.needed import needed_runtimes
from neopack.errors import NeopackError
from neopack.frameworks import registry
from neopack.frameworks.mxnet.export import RUNTIME
from neopack.project.settings import read_project

NET = 'targets = ["ml_c5"]\n[[model]]\nname = "net"\nsource = "net.py:Net"\nframework="PYTORCH"\n'


@pytest.mark.parametrize(
    ("lines", "needs"),
    [
        ("", []),
        ("verify = 'framework'", ["pytorch-2.0.1"]),
        ("verify = 'framework'\nframework_version = '1.8'", ["pytorch-1.8.1"]),
        ("verify = 'framework'\nruntime = 'pytorch-1.6.0'", ["pytorch-1.6.0"]),
        ("runtime = 'pytorch-1.6.0'", ["pytorch-1.6.0"]),
        ("verify = 'compiler'\ntargets = ['rasp4b']", ["neo-loader-pytorch-1.8.1"]),
        ("verify = 'compiler'\nruntime = 'pytorch-1.6.0'", []),
        (
            "verify = 'both'\ntargets = ['ml_c5', 'rasp4b']",
            ["neo-loader-pytorch-1.8.1", "pytorch-1.8.1", "pytorch-2.0.1"],
        ),
        ("compile.engine = 'tvm'", ["neo-loader-pytorch-1.8.1"]),
        ("compile = true", []),
    ],
)
def test_what_a_model_needs(tmp_path: Path, lines: str, needs: list[str]) -> None:
    (tmp_path / "net.py").touch()
    (tmp_path / "neopack.toml").write_text(NET + lines)
    rows = needed_runtimes(read_project(tmp_path, {}))
    assert [row.name for row in rows] == needs
    assert all(row.models == ("net",) and row.disk for row in rows)


def test_exports_of_mxnet_need_it_without_any_proof(tmp_path: Path) -> None:
    assert registry.exports_in("MXNET") == RUNTIME
    (tmp_path / "net.py").touch()
    (tmp_path / "neopack.toml").write_text(NET.replace("PYTORCH", "MXNET"))
    assert [row.name for row in needed_runtimes(read_project(tmp_path, {}))] == [RUNTIME]


def test_a_source_of_no_framework_is_named_with_its_model(tmp_path: Path) -> None:
    (tmp_path / "net.txt").write_text("nothing")
    text = NET.replace("net.py:Net", "net.txt").replace('framework="PYTORCH"', "")
    (tmp_path / "neopack.toml").write_text(text)
    with pytest.raises(NeopackError, match=r"net"):
        needed_runtimes(read_project(tmp_path, {}))
