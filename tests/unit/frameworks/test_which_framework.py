"""Whose model a callable builds, told without importing anything."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.frameworks import registry

NAMED = {
    "torchvision.models:resnet50": "PYTORCH",
    "torch.nn:Linear": "PYTORCH",
    "mxnet.gluon.model_zoo.vision:resnet18_v1": "MXNET",
    "keras.applications:ResNet50": "KERAS",
    "tensorflow.keras.applications:ResNet50": "KERAS",
    "tensorflow.saved_model:load": "TENSORFLOW",
    "mine:build": "PYTORCH",
    "gone.py:build": "PYTORCH",
}


@pytest.mark.parametrize("text", NAMED)
def test_a_callable_is_of_its_modules_framework(text: str) -> None:
    assert registry.of_callable(text) == NAMED[text]


def test_a_file_is_of_the_framework_it_imports_and_is_not_run(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("import os\nfrom torch import nn\nraise SystemExit('it was run')\n")
    assert registry.of_callable(f"{path}:build") == "PYTORCH"


def test_a_file_that_is_no_python_is_left_to_the_import(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    path.write_text("def (")
    assert registry.of_callable(f"{path}:build") == "PYTORCH"
