"""Versions told from file names are those that importlib.metadata tells."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from neopack import distributions
from neopack.distributions import SEEN, absent_module


@pytest.mark.parametrize(
    "name", [*SEEN, "numpy", "typer", "typing-extensions", "typing_extensions", "PyYAML"]
)
def test_a_version(name: str) -> None:
    try:
        expected: str | None = metadata.version(name)
    except metadata.PackageNotFoundError:
        expected = None
    assert distributions.version(name) == expected


def test_the_first_on_the_path_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for folder, version in (("a", "1.0"), ("b", "2.0")):
        (tmp_path / folder / f"some_thing-{version}.dist-info").mkdir(parents=True)
    monkeypatch.setattr(
        sys, "path", [str(tmp_path / "none"), str(tmp_path / "a"), str(tmp_path / "b")]
    )
    assert distributions.versions(("some-thing", "other")) == {"some-thing": "1.0"}


@pytest.mark.parametrize(
    ("written", "command"),
    [
        ("", "pip install 'neopack[torch,onnx]'"),
        ("[]", "pip install 'neopack[torch,onnx]'"),
        (
            '{"url": "file:///home/me/my%20work", "dir_info": {"editable": true}}',
            "pip install --editable '/home/me/my work[torch,onnx]'",
        ),
        (
            '{"url": "file:///src/neopack", "dir_info": {}}',
            "pip install '/src/neopack[torch,onnx]'",
        ),
        (
            '{"url": "https://e.org/neopack-0.1.0-py3-none-any.whl", "archive_info": {}}',
            "pip install 'neopack[torch,onnx] @ https://e.org/neopack-0.1.0-py3-none-any.whl'",
        ),
        (
            '{"url": "file:///w/neopack-0.1.0-py3-none-any.whl", "archive_info": {}}',
            "pip install 'neopack[torch,onnx] @ file:///w/neopack-0.1.0-py3-none-any.whl'",
        ),
    ],
)
def test_the_hint_adds_extras_to_this_neopack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, command: str
) -> None:
    (tmp_path / "neopack-0.1.0.dist-info").mkdir()
    (tmp_path / "neopack-0.1.0.dist-info/direct_url.json").write_text(written)
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    assert distributions.install_hint("torch", "onnx") == command


@pytest.mark.parametrize(
    ("module", "extra"), [("numpy", "all"), ("onnx.helper", "onnx"), ("h5py", "keras")]
)
def test_a_module_that_is_not_installed_is_named_with_its_extra(module: str, extra: str) -> None:
    error = ModuleNotFoundError(f"No module named {module!r}", name=module)
    message, hint = absent_module(error) or ("", "")
    assert module.partition(".")[0] in message
    assert f"[{extra}]" in hint


@pytest.mark.parametrize("error", [ImportError("x", name="numpy"), ValueError("numpy")])
def test_any_other_error_is_not_about_an_extra(error: Exception) -> None:
    assert absent_module(error) is None
    assert absent_module(ModuleNotFoundError("mine", name="mine")) is None
