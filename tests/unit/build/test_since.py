"""Which models read what changed since a revision: git and the keys of the last build tell."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from neopack.build.digests import Digests
from neopack.build.selecting import affected
from neopack.project.settings import read_project

TOML = """
targets = ["ml_c5"]
include = ["more/models.toml"]

[[model]]
name = "net"
source = "net.py:Net"
reads = ["data/**/*.bin"]
"""
NAMES = {"data/a.bin", "data/real.json", "more/models.toml", "net.py", "trees.json",
         "trees-0000.params", "train.py", "../common/shared.py", "../common/other.py"}  # fmt: skip
SHADOWED = "modules of the project"
READ = {
    "net ml_c5 package": [
        "net.py",
        "data/link.json",
        "../common/shared.py",
        SHADOWED,
    ],
    "old ml_c5 package": ["modules"],
    "trees ml_c5 package": ["source", "beside the source"],
    "trees ml_c5 compile": ["modules"],
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project in a folder of a repository: ``net`` reads beside it and through a link, ``old``
    is built in an old runtime, and a callable of the project calibrates ``trees``."""
    folder = tmp_path / "repository" / "models"
    for name in NAMES:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("")
    (folder / "data/link.json").symlink_to("real.json")
    (folder / "neopack.toml").write_text(TOML)
    models = (("trees", "../trees.json"), ("old", "../net.py:Old"))
    tables = [f'[[model]]\nname = "{name}"\nsource = "{source}"\n' for name, source in models]
    (folder / "more/models.toml").write_text("".join(tables))
    for words in (["init"], ["add", "."], ["commit", "-m", "first"]):
        git = ["git", "-c", "user.name=n", "-c", "user.email=e@x.org", *words]
        subprocess.run(git, cwd=folder.parent, check=True, capture_output=True)
    return folder


def names(folder: Path) -> set[str]:
    project = read_project(folder)
    common = folder.parent / "common"
    keys = {
        name: {part.replace("../common", str(common)): "" for part in parts}
        for name, parts in READ.items()
    }
    return {each.name for each in affected(project.models, "HEAD", project, keys, Digests())}


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ("net.py", {"net", "old", "trees"}),
        ("data/link.json", {"net"}),
        ("data/real.json", {"net"}),
        ("data/a.bin", {"net"}),
        ("data/deep/b.bin", {"net"}),
        ("../common/shared.py", {"net"}),
        ("../common/other.py", set()),
        ("trees-0000.params", {"trees"}),
        ("more/models.toml", {"net", "old", "trees"}),
        ("torch.py", {"net", "old", "trees"}),
        ("train.py", {"old", "trees"}),
        ("more/notes.txt", set()),
    ],
)
def test_what_reads_a_change(project: Path, change: str, expected: set[str]) -> None:
    path = project / change
    path.parent.mkdir(exist_ok=True)
    text = path.read_text() if path.is_file() else ""
    path.write_text(text + "# changed\n")
    assert names(project) == expected


def test_what_is_gone_or_leads_elsewhere(project: Path) -> None:
    (project / "data/a.bin").unlink()
    assert names(project) == {"net"}
    (project / "data/a.bin").write_text("")
    assert names(project) == set()
    (project / "data/link.json").unlink()
    (project / "data/link.json").symlink_to("a.bin")
    assert names(project) == {"net"}
