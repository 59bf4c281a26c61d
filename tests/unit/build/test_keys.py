"""What the key of a package is made of."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.build.digests import Digests
from neopack.build.keys import package_key
from neopack.project.model_settings import ModelSettings


@pytest.mark.parametrize("pattern", ["data/*.bin", "{root}/data/*.bin", "../*/data/**/*.bin"])
def test_a_change_of_what_a_pattern_names(tmp_path: Path, pattern: str) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "a.bin").write_bytes(b"1")
    (tmp_path / "net.py").touch()
    settings = ModelSettings(
        name="net", source="net.py:Net", reads=(pattern.format(root=tmp_path),)
    )

    def key() -> str:
        return package_key(settings, "ml_c5", tmp_path, Digests()).digest

    before = key()
    assert key() == before
    (data / "b.bin").write_bytes(b"2")
    assert key() != before


@pytest.mark.parametrize("pattern", [".", "**", "**/*.json", "*"])
def test_what_the_build_writes_is_not_read(tmp_path: Path, pattern: str) -> None:
    outputs = tmp_path / "build"
    outputs.mkdir()
    (tmp_path / "net.py").touch()
    settings = ModelSettings(name="net", source="net.py:Net", reads=(pattern,))

    def key() -> str:
        return package_key(settings, "ml_c5", tmp_path, Digests(outputs=outputs)).digest

    before = key()
    (outputs / "report.json").touch()
    assert key() == before
    (tmp_path / "config.json").touch()
    assert key() != before
