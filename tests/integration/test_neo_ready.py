"""``assert_neo_ready`` and the plug-in of pytest."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest
from desk import Copied

from neopack.errors import SourceError, UsageError
from neopack.testing import assert_neo_ready

ROOT = Path(__file__).parents[2]
TESTS = """
import sys


def test_that_the_plugin_imports_nothing():
    loaded = {name for name in sys.modules if name.startswith("neopack.")}
    assert loaded == {"neopack._version", "neopack.testing", "neopack.testing.pytest_plugin"}


def test_ready(neo_ready):
    assert neo_ready("onnx.tar.gz").passed


def test_not_ready(neo_ready):
    neo_ready("onnx.tar.gz", target=["ml_c5", "ml_inf1"])
"""


def test_the_message_is_what_check_says(copied: Copied, tmp_path: Path) -> None:
    archive = copied("onnx", tmp_path)
    assert assert_neo_ready(archive, target="ml_c5").passed
    with pytest.raises(AssertionError, match="is not ready for ml_inf1\n") as raised:
        assert_neo_ready(archive, target=("ml_c5", "ml_inf1"))
    assert "NEO-TG-00" in str(raised.value)
    assert "fix: " in str(raised.value)
    assert "for ml_c5, by" not in str(raised.value)
    with pytest.raises(SourceError):
        assert_neo_ready(tmp_path / "absent.tar.gz", target="ml_c5")


def test_the_settings_of_the_project_count(
    copied: Copied, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = copied("onnx", tmp_path)
    monkeypatch.chdir(tmp_path)
    settings = tmp_path / "neopack.toml"
    settings.write_text('target = "ml_inf1"\n')
    with pytest.raises(AssertionError, match="ml_inf1"):
        assert_neo_ready(archive)
    settings.write_text('target = "ml_inf1"\nignore = ["NEO-TG"]\n')
    assert assert_neo_ready(archive).passed
    with pytest.raises(UsageError, match="selct"):
        assert_neo_ready(archive, selct=("NEO-ON",))  # type: ignore[call-arg]


def test_in_a_run_of_pytest(copied: Copied, tmp_path: Path) -> None:
    copied("onnx", tmp_path)
    (tmp_path / "test_net.py").write_text(TESTS)
    plugin = "neopack.testing.pytest_plugin"
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", plugin, "-q", "test_net.py"],
        cwd=tmp_path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "1 failed, 2 passed" in done.stdout, done.stdout + done.stderr
    assert "E       AssertionError: onnx.tar.gz is not ready for ml_inf1" in done.stdout
    assert "archives.py" not in done.stdout  # the line of the test is shown, not ours


def test_pytest_finds_the_plugin() -> None:
    data = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    (name,) = data["project"]["entry-points"]["pytest11"].values()
    assert hasattr(import_module(name), "neo_ready")
