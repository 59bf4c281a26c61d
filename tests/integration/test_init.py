"""``neopack init``: the first files of a project, and workflows whose commands work.

The commands of each workflow are read from its file and run in a clean checkout. Only the line
that installs neopack is replaced: it would need a network.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from neopack import api
from neopack.errors import OutputError, Unsupported, UsageError
from neopack.frameworks import registry
from neopack.project.settings import read_project

MODEL = "onnx/cnn-opset12.onnx"
INSTALL = "pip install"


@dataclass(frozen=True)
class Workflow:
    """What a workflow's file says: commands, variables, and the reports that it reads."""

    commands: tuple[str, ...]
    variables: Mapping[str, str]
    reports: tuple[str, ...]


def github(text: str) -> Workflow:
    document = yaml.safe_load(text)
    assert document["permissions"] == {"contents": "read", "security-events": "write"}
    steps = document["jobs"]["build"]["steps"]
    used = {step["uses"].partition("@")[0]: step for step in steps if "uses" in step}
    assert used["actions/cache"]["with"]["path"] == document["env"]["NEOPACK_CACHE"]
    return Workflow(
        commands=tuple(step["run"] for step in steps if "run" in step),
        variables=document["env"],
        reports=(used["github/codeql-action/upload-sarif"]["with"]["sarif_file"],),
    )


def gitlab(text: str) -> Workflow:
    job = yaml.safe_load(text)["models"]
    (cached,) = job["cache"]["paths"]
    assert job["variables"]["NEOPACK_CACHE"].startswith(cached)
    return Workflow(
        commands=tuple(job["script"]),
        variables=job["variables"],
        reports=(job["artifacts"]["reports"]["junit"],),
    )


def codebuild(text: str) -> Workflow:
    document = yaml.safe_load(text)
    assert document["version"] == 0.2
    phases = document["phases"].values()
    return Workflow(
        commands=tuple(command for phase in phases for command in phase["commands"]),
        variables=document["env"]["variables"],
        reports=tuple(document["reports"]["models"]["files"]),
    )


def jenkins(text: str) -> Workflow:
    assert text.count("{") == text.count("}")
    variables = dict(re.findall(r"^    (\w+) = '(.*)'$", text, re.MULTILINE))
    return Workflow(
        commands=tuple(re.findall(r"^\s+sh '(.*)'$", text, re.MULTILINE)),
        variables=variables,
        reports=tuple(re.findall(r"junit '(.*)'", text)),
    )


WORKFLOWS: dict[str, tuple[str, Callable[[str], Workflow]]] = {
    "github": (".github/workflows/models.yml", github),
    "gitlab": (".gitlab-ci.yml", gitlab),
    "codebuild": ("buildspec.yml", codebuild),
    "jenkins": ("Jenkinsfile", jenkins),
}


def shell(commands: tuple[str, ...], folder: Path, **variables: str) -> int:
    """The exit code of the commands, of which the one that installs neopack is left out."""
    kept = [command for command in commands if INSTALL not in command]
    assert len(kept) == len(commands) - 1, "one command installs neopack"
    path = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
    environment = {**os.environ, **variables, "PATH": path}
    script = "\n".join(kept)
    return subprocess.run(["sh", "-ec", script], cwd=folder, env=environment).returncode  # noqa: S607


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=n", "-c", "user.email=e@x.org")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)  # noqa: S607


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


def checkout(folder: Path, fixtures: Path) -> Path:
    """A project with a model, committed and cloned."""
    shutil.copy(fixtures / MODEL, folder / "project" / "model.onnx")
    git(folder / "project", "init", "-q")
    git(folder / "project", "add", ".")
    git(folder / "project", "commit", "-qm", "first")
    git(folder, "clone", "-q", "project", "clone")
    return folder / "clone"


@pytest.mark.parametrize("name", WORKFLOWS)
def test_the_commands_of_a_workflow(
    name: str, tmp_path: Path, fixtures: Path, cache: Path
) -> None:
    begun = api.init(tmp_path / "project", framework="onnx", ci=name, handlers=True)
    file, read = WORKFLOWS[name]
    assert file in begun.files
    clone = checkout(tmp_path, fixtures)
    workflow = read((clone / file).read_text())
    own = clone / workflow.variables["NEOPACK_CACHE"]
    shutil.copytree(cache, own)  # as CI restores it
    assert shell(workflow.commands, clone, **workflow.variables) == 0
    for each in ("build/ml_c5/net.tar.gz", *workflow.reports):
        assert (clone / each).is_file()
    shutil.copytree(own, cache, dirs_exist_ok=True)
    (clone / "model.onnx").write_text("<html>not found</html>")
    assert shell(workflow.commands, clone, **workflow.variables) == 1


def test_the_commands_of_a_pipeline(
    cloud: Any, tmp_path: Path, fixtures: Path, cache: Path
) -> None:
    from cloud import BUCKET, ROLE

    api.init(tmp_path / "project", framework="onnx", ci="sagemaker-pipelines")
    clone = checkout(tmp_path, fixtures)
    archives = tmp_path / "archives"
    variables = {
        "PROJECT": str(clone),
        "ARCHIVES": str(archives),
        "NEOPACK_CACHE": str(cache),
        "ROLE": ROLE,
        "OUTPUT": f"s3://{BUCKET}/compiled",
    }
    assert shell(script(clone / "pipeline/package.sh"), clone, **variables) == 0
    assert (archives / "ml_c5/net.tar.gz").is_file()
    assert shell(script(clone / "pipeline/compile.sh"), clone, **variables) == 0
    (job,) = cloud.aws.client("sagemaker").list_compilation_jobs()["CompilationJobSummaries"]
    assert job["CompilationJobStatus"] == "COMPLETED"


def script(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text().splitlines())


@pytest.mark.parametrize("name", registry.names())
def test_the_first_neopack_toml(name: str, tmp_path: Path) -> None:
    api.init(tmp_path, framework=name, targets=("ml_m5", "ml_c5"))
    project = read_project(tmp_path)
    (model,) = project.models
    assert (model.name, model.targets) == ("net", ("ml_m5", "ml_c5"))
    first = (tmp_path / "neopack.toml").read_text().splitlines()[0]
    schema = json.loads((tmp_path / first.removeprefix("#:schema ")).read_text())
    import tomllib

    jsonschema.validate(tomllib.loads((tmp_path / "neopack.toml").read_text()), schema)


@pytest.mark.parametrize("name", ["PYTORCH", "ONNX", "KERAS", "MXNET", "TENSORFLOW"])
def test_handlers_without_a_finding(name: str, tmp_path: Path) -> None:
    from neopack import facts

    api.init(tmp_path, framework=name, handlers=True)
    text = (tmp_path / "code/inference.py").read_text()
    handler = facts.handler(name, facts.target("ml_c5"))
    assert handler is not None
    assert any(all(f"def {each}(" in text for each in names) for names in handler.sets)
    assert read_project(tmp_path).models[0].settings.code == "code"


def test_the_framework_of_the_source(tmp_path: Path, fixtures: Path) -> None:
    shutil.copy(fixtures / MODEL, tmp_path / "net.onnx")
    api.init(tmp_path, source="net.onnx", handlers=True)
    assert "neo_preprocess" in (tmp_path / "code/inference.py").read_text()
    assert read_project(tmp_path).models[0].settings.source == "net.onnx"


@pytest.mark.parametrize(
    ("error", "says", "choices"),
    [
        (UsageError, "no framework 'onx'", {"framework": "onx"}),
        (UsageError, "'ml_c55' is not a target", {"targets": ("ml_c55",)}),
        (UsageError, "no workflow for 'gitlb'", {"ci": "gitlb"}),
        (UsageError, "which framework", {"source": "absent.bin"}),
        (Unsupported, "XGBoost", {"framework": "xgboost", "handlers": True}),
        (Unsupported, "rasp4b", {"targets": ("ml_c5", "rasp4b"), "handlers": True}),
        (OutputError, r"neopack.toml, code/inference.py exist", {"handlers": True}),
        (OutputError, "neopack.toml exists", {"dry_run": True}),
    ],
)
def test_nothing_is_written(
    error: type[Exception], says: str, choices: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "neopack.toml").touch()
    (tmp_path / "code/inference.py").touch()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(error, match=says):
        api.init(tmp_path, **choices)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_gitignore_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / ".gitignore").write_text("/build/\n")
    begun = api.init(tmp_path)
    assert begun.kept == (".gitignore",)
    assert ".gitignore lacks /.cache/, /.venv/, __pycache__/" in begun.notes
    assert (tmp_path / ".gitignore").read_text() == "/build/\n"
    assert api.init(tmp_path / "other", dry_run=True).files[0] == "neopack.toml"
    assert not (tmp_path / "other").exists()
