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
