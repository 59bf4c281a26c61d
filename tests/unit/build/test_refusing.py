"""What a build refuses before any work."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.build.refusing import refuse_incomplete
from neopack.errors import NeopackError
from neopack.project.settings import read_project

NET = 'targets = ["ml_c5"]\n[[model]]\nname = "net"\nsource = "net.py:Net"\n'


@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("compile.engine = 'openvno'", "no engine 'openvno'"),
        ("compile.precision = 'fp8'", "no precision 'fp8'"),
        ("framework = 'ONX'", "no framework 'ONX'"),
        ("compile = true\nbench.seconds = nan", "--seconds must"),
        ("runtime = 'pytorch-1.8.2'", "no runtime.*1.8.2"),
        ("options.scrpt = true", "options.scrpt is not an option of any framework"),
        ("options.script = 'yes'", "options.script is not true or false"),
        ("options.bind = 'nmae'", "options.bind is not one of name, positional"),
        ("framework = 'ONNX'\noptions.script = true", "options.script is not an option of ONNX"),
        ("inputs.x = [1, -3]", "input 'x': the dims"),
        ("inputs.x = { dtype = 'int64' }", "inputs.x lacks a shape"),
        ("inputs.x = { shape = [1], dtype = 'flot32' }", "inputs.x.dtype: no dtype 'flot32'"),
        ("inputs.x = { shape = [1], below = 0 }", "inputs.x.below is 0"),
        ("compile.targets = ['ml_c55']", "'ml_c55' is not a target"),
        ("compile.precision = 'int8'", "--precision int8 needs --calibration"),
        ("thresholds.max_difference = -1.0", "--max-difference must be"),
        ("seed = -1", "--seed must be"),
        ("level = 11", "--level 11"),
        ("compile = true\nbench.threads = 0", "--threads must"),
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
