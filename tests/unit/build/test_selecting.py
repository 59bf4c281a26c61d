"""What a build refuses before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.build.selecting import refuse_incomplete
from neopack.errors import NeopackError
from neopack.project.settings import read_project

NET = 'targets = ["ml_c5"]\n[[model]]\nname = "net"\nsource = "net.py:Net"\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compile.engine = 'openvno'", "no engine 'openvno'"),
        ("compile.precision = 'fp8'", "no precision 'fp8'"),
        ("framework = 'ONX'", "no framework 'ONX'"),
        ("compile = true\nbench.seconds = nan", "--seconds and --threads must"),
        ("compile = true\nbench.threads = 0", "--seconds and --threads must"),
    ],
)
def test_a_word_that_a_late_step_would_refuse(tmp_path: Path, line: str, says: str) -> None:
    (tmp_path / "net.py").touch()
    (tmp_path / "neopack.toml").write_text(NET + line)
    project = read_project(tmp_path, {})
    with pytest.raises(NeopackError, match=f"model net: {says}"):
        refuse_incomplete(project.models, tmp_path)


def test_auto_is_accepted_in_place_of_an_engine(tmp_path: Path) -> None:
    (tmp_path / "net.py").touch()
    (tmp_path / "neopack.toml").write_text(NET + "compile.engine = 'auto'\nframework = 'onnx'")
    refuse_incomplete(read_project(tmp_path, {}).models, tmp_path)
