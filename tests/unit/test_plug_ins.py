"""Strangers' frameworks and engines, by entry point; a broken one is one warning."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from neopack.plugins import Plugins

ENTRY_POINTS = """\
[neopack.engines]
theirs = their_engine:engine
broken = their_engine:missing
openvino = their_engine:engine
"""


@pytest.fixture
def catalogue(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Plugins[str]:
    """Engines, with a distribution on the path that adds three."""
    info = tmp_path / "theirs-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (tmp_path / "their_engine.py").write_text("engine = 'their engine'\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "their_engine", raising=False)
    return Plugins("neopack.engines", "engine")


def test_a_plug_in_is_found_and_a_broken_one_is_one_warning(catalogue: Plugins[str]) -> None:
    with pytest.warns(UserWarning, match="plug-in broken cannot be loaded") as warned:
        names = catalogue.names()
    built_in = ("openvino", "onnxruntime", "onnxruntime-gpu", "tvm")
    assert names == catalogue.names() == (*built_in, "theirs")
    assert catalogue.get("theirs") == "their engine"
    assert catalogue.get("broken") is None
    assert len(warned) == 1


def test_a_plug_in_does_not_take_the_place_of_a_built_in(catalogue: Plugins[str]) -> None:
    assert catalogue.get("openvino") is not None
    assert catalogue.get("openvino") != "their engine"


def test_built_ins_are_found_without_looking_for_plug_ins(
    catalogue: Plugins[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Plugins, "_plug_ins", property(lambda self: pytest.fail("looked")))
    assert catalogue.get("openvino") is not None
