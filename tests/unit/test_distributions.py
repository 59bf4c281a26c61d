"""Versions told from file names are those that importlib.metadata tells."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

import pytest

from neopack import distributions
from neopack.distributions import SEEN


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
