"""Findings about a model name the file that was read, not another that may be one."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest

import neopack
from neopack.options import CheckOptions

LABELS = b'item { id: 1 name: "cat" }\n'
# rule, version, the model among the fixtures, and its name in the archive
CASES = {
    "text": ("NEO-TF-007", "1.15.3", "1.15/frozen.pbtxt", "graph.pbtxt"),
    "for TensorFlow 2": ("NEO-TF-015", "2.9", "1.15/frozen.pb", "graph.pb"),
    "for TensorFlow 2, in a folder": ("NEO-TF-015", "2.9", "1.15/frozen.pb", "m/graph.pb"),
}


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize("case", CASES)
def test_the_graph_is_named(case: str, packed: bool, tmp_path: Path, fixtures: Path) -> None:
    id_, version, file, name = CASES[case]
    folder = tmp_path / "files"
    (folder / name).parent.mkdir(parents=True)
    (folder / name).write_bytes((fixtures / "tensorflow" / file).read_bytes())
    (folder / "a_labels.pbtxt").write_bytes(LABELS)
    config = '{"x":[1,8,8,3]}'
    options = CheckOptions(framework_version=version, data_input_config=config)
    subject = archive(folder, tmp_path / "m.tar.gz") if packed else folder
    report = neopack.check(subject, target="ml_c5", options=options)
    assert [f.where for f in report.findings if f.id == id_] == [name]


def archive(folder: Path, path: Path) -> Path:
    with tarfile.open(path, "w:gz") as to:
        for each in sorted(p for p in folder.rglob("*") if p.is_file()):
            to.add(each, each.relative_to(folder).as_posix())
    return path
