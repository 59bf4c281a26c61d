"""What projects take from the repository: hooks of pre-commit, an action, Dockerfiles."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
import yaml

from neopack.cli import app

ROOT = Path(__file__).parents[2]
ACTION = ROOT / "action.yml"
DOCKERFILES = sorted((ROOT / "docker").iterdir())
INSTRUCTIONS = {"ARG", "COPY", "ENTRYPOINT", "ENV", "FROM", "RUN", "USER", "WORKDIR"}


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))


def bash(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **variables, "PATH": path}
    call = ["bash", "-eo", "pipefail", "-c", script]
    return subprocess.run(call, cwd=folder, env=environment, capture_output=True, text=True)


def assert_it_parses(words: list[str]) -> None:
    import typer

    root: Any = typer.main.get_command(app)
    assert words[0] == "neopack"
    context = root.make_context("neopack", words[1:], resilient_parsing=True)
    command = root.get_command(context, words[1])
    command.make_context(words[1], words[2:], parent=context, resilient_parsing=True)


# --- pre-commit ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hook", loaded(ROOT / ".pre-commit-hooks.yaml"), ids=lambda h: h["id"])
def test_a_hook(hook: dict[str, Any]) -> None:
    known = {
        "id", "name", "description", "entry", "language", "language_version", "files",
        "require_serial", "pass_filenames",
    }  # fmt: skip
    assert {"id", "name", "entry", "language"} <= hook.keys() <= known
    assert_it_parses(shlex.split(hook["entry"]))
    if "files" in hook:
        assert re.search(hook["files"], "nets/net.tar.gz")
        assert not re.search(hook["files"], "net.onnx")
    else:
        assert hook["pass_filenames"] is False


# --- the action ---------------------------------------------------------------------------------


def test_the_form_of_the_action() -> None:
    action = loaded(ACTION)
    assert {"name", "description", "inputs", "outputs", "runs"} == action.keys()
    assert action["runs"]["using"] == "composite"
    for step in action["runs"]["steps"]:
        assert ("uses" in step) != ("run" in step)
        assert "run" not in step or step["shell"] == "bash"  # GitHub wants it named
    text = ACTION.read_text("utf-8")
    assert set(re.findall(r"inputs\.([\w-]+)", text)) == action["inputs"].keys()
    assert set(re.findall(r"steps\.(\w+)\.", text)) == {
        step["id"] for step in action["runs"]["steps"] if "id" in step
    }
    for each in action["inputs"].values():
        assert each.keys() == {"description", "default"}


def steps_of_action() -> dict[str, str]:
    return {s["name"]: s["run"] for s in loaded(ACTION)["runs"]["steps"] if "run" in s}


@pytest.mark.parametrize(
    ("spec", "extras", "installs"),
    [
        ("", "", "/action"),
        ("", "torch,onnx", "/action[torch,onnx]"),
        ("neopack==1", "", "neopack==1"),
    ],
)
def test_what_the_action_installs(spec: str, extras: str, installs: str, tmp_path: Path) -> None:
    script = steps_of_action()["Install neopack"].replace("python -m pip install", "printf %s")
    done = bash(script, tmp_path, SPEC=spec, EXTRAS=extras, GITHUB_ACTION_PATH="/action")
    assert done.stdout == installs


def test_what_the_action_runs(tmp_path: Path, fixtures: Path) -> None:
    output = tmp_path / "output"
    output.touch()
    model = fixtures / "onnx/cnn-opset18.onnx"
    command = f"check {model} -t ml_c5 --select NEO-AR"
    done = bash(
        steps_of_action()["Run neopack"], tmp_path, COMMAND=command, GITHUB_OUTPUT=str(output)
    )
    assert done.returncode == 0, done.stderr
    assert "0 errors" in done.stdout
    assert output.read_text() == ""
    (tmp_path / "build").mkdir()
    (tmp_path / "build/report.sarif").touch()
    done = bash(
        steps_of_action()["Run neopack"], tmp_path, COMMAND="build", GITHUB_OUTPUT=str(output)
    )
    assert done.returncode == 2  # there is no neopack.toml
    assert output.read_text() == f"report={tmp_path}/build/report.sarif\n"


# --- Dockerfiles --------------------------------------------------------------------------------


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("#")]
    for line in "\n".join(lines).replace("\\\n", " ").splitlines():
        word, _, rest = line.partition(" ")
        if word:
            yield word, rest


@pytest.mark.parametrize("path", DOCKERFILES, ids=lambda path: path.name)
def test_a_dockerfile(path: Path) -> None:
    found = list(instructions(path))
    assert {word for word, _ in found} <= INSTRUCTIONS
    assert "FROM" in (found[0][0], found[1][0])
    kept = {
        line.removeprefix("!")
        for line in (ROOT / ".dockerignore").read_text().splitlines()
        if line.startswith("!")
    }
    for word, rest in found:
        if word == "COPY":
            for source in rest.split()[:-1]:
                assert (ROOT / source).exists()
                assert any(fnmatch(source, each) for each in kept), f"{source} is ignored"
        if word == "RUN":
            assert subprocess.run(["sh", "-nc", rest]).returncode == 0  # noqa: S607
            for command in re.split(r"&&", rest):
                words = shlex.split(command)
                if words[0] == "neopack":
                    assert_it_parses(words)
    assert "USER" in dict(found) or "BASE" in found[0][1], "nothing runs as root"


def test_the_image_has_what_a_build_of_the_package_reads() -> None:
    text = (ROOT / "pyproject.toml").read_text("utf-8")
    (copied,) = [rest for word, rest in instructions(DOCKERFILES[0]) if word == "COPY"][:1]
    assert {"pyproject.toml", "README.md"} <= set(copied.split())
    assert 'readme = "README.md"' in text
