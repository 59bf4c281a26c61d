"""Options that only one framework reads: declared there, refused for the others."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.errors import UsageError
from neopack.frameworks import ExportTask, registry
from neopack.frameworks.pytorch.options import PyTorchOptions
from neopack.frameworks.task import NoOptions, flag_of, options_of
from neopack.frameworks.tensorflow.options import TensorFlowOptions
from neopack.values.model import ModelSource

KEYWORDS: dict[str, object] = {"script": False, "tags": (), "runtime": "", "form": None}


def source(framework: str) -> ModelSource:
    return ModelSource(kind="file", where="model", framework=framework)


def test_a_framework_gets_its_own_options_alone() -> None:
    assert registry.framework_options(source("ONNX"), **KEYWORDS) == NoOptions()
    given = {**KEYWORDS, "tags": ("serve",)}
    chosen = registry.framework_options(source("TENSORFLOW"), **given)
    assert chosen == TensorFlowOptions(tags=("serve",))


def test_an_option_of_another_framework_is_refused_by_its_flag() -> None:
    with pytest.raises(UsageError, match="--tag does nothing for this PyTorch model"):
        registry.framework_options(source("PYTORCH"), **{**KEYWORDS, "tags": ("serve",)})


def test_an_option_without_a_flag_is_left_to_those_that_read_it() -> None:
    given = {**KEYWORDS, "runtime": "pytorch-1.8.1"}
    assert registry.framework_options(source("KERAS"), **given) == NoOptions()
    chosen = registry.framework_options(source("PYTORCH"), **given)
    assert chosen == PyTorchOptions(runtime="pytorch-1.8.1")


def test_flags_are_those_of_the_command_line() -> None:
    flags = [flag_of(TensorFlowOptions, name) for name in ("signature", "tags", "form", "outputs")]
    assert flags == ["--signature", "--tag", "--form", "--output-name"]
    assert flag_of(TensorFlowOptions, "script") == ""


def test_a_task_with_the_options_of_another_framework_is_an_error(tmp_path: Path) -> None:
    task = ExportTask(source=source("PYTORCH"), staging=tmp_path, own=TensorFlowOptions())
    with pytest.raises(TypeError, match="the options of PYTORCH are TensorFlowOptions"):
        options_of(task, PyTorchOptions)


def test_a_task_without_options_has_the_defaults(tmp_path: Path) -> None:
    task = ExportTask(source=source("PYTORCH"), staging=tmp_path)
    assert options_of(task, PyTorchOptions) == PyTorchOptions()


def test_an_option_of_no_framework_is_refused() -> None:
    with pytest.raises(UsageError, match="no framework has an option 'scirpt'"):
        registry.framework_options(source("PYTORCH"), **{**KEYWORDS, "scirpt": False})
