"""``neopack serve --docker``: what is written, and that its command is one of ours."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from scripts import with_script

from neopack import api
from neopack.archive.read import scan
from neopack.errors import NeopackError, OutputError


def steps(dockerfile: Path) -> dict[str, str]:
    lines = (line for line in dockerfile.read_text().splitlines() if not line.startswith("#"))
    return {word: rest for word, _, rest in (line.partition(" ") for line in lines)}


def test_a_dockerfile_serves_the_archive_with_what_it_needs(shelf: Path, tmp_path: Path) -> None:
    archive = shelf / "cnn-ml_c5.tar.gz"
    dockerfile, model = api.write_dockerfile(archive, tmp_path / "image", workers=3)
    assert scan(model).sha256 == scan(archive).sha256
    written = dockerfile.read_text()
    assert "neopack[serve,openvino]==" in written
    assert str(tmp_path) not in written
    shell, option, command = json.loads(steps(dockerfile)["ENTRYPOINT"])
    assert (shell, option) == ("sh", "-c")
    words = shlex.split(command)
    assert words[:4] == ["exec", "neopack", "serve", "/opt/ml/model.tar.gz"]
    assert words[words.index("--workers") + 1] == "3"
    with pytest.raises(OutputError):
        api.write_dockerfile(archive, tmp_path / "image")


def test_a_script_s_framework_comes_too(shelf: Path, tmp_path: Path) -> None:
    archive = with_script(shelf / "cnn.tar.gz", tmp_path / "net.tar.gz", "pass")
    dockerfile = api.write_dockerfile(archive, tmp_path / "image")[0]
    assert "neopack[serve,torch]==" in dockerfile.read_text()
    (tmp_path / "text.tar.gz").write_text("text")
    with pytest.raises(NeopackError):
        api.write_dockerfile(tmp_path / "text.tar.gz", tmp_path / "other")
    assert not (tmp_path / "other").exists()
