"""Files of torch 1.0 to 1.3, which today's PyTorch does not read, are packaged for any version."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest

import neopack
from neopack.frameworks.pytorch.legacy import reader_for
from neopack.options import CheckOptions

SHAPE = (1, 3, 16, 16)
CONFIG = '{"x":[1,3,16,16]}'


def test_the_file_is_saved_again(tmp_path: Path, fixtures: Path) -> None:
    """Also where torch named the module after a file, as a class may not be named."""
    model, path = tmp_path / "legacy.pt", tmp_path / "m.tar.gz"
    renamed(fixtures / "pytorch/refused/legacy.pt", model, "resnet-18.v2")
    archive = neopack.package(
        model, path=path, inputs={"x": SHAPE}, framework_version="1.12", verify=True
    )
    (evidence,) = archive.report.evidence
    assert evidence.exact
    assert evidence.difference <= 1e-5
    assert archive.report.clean
    assert neopack.load(path).signature.inputs[0].shape == SHAPE  # today's PyTorch reads it


def renamed(source: Path, to: Path, name: str) -> None:
    """With another name of the main module, which torch gave it after its file."""
    with zipfile.ZipFile(source) as read, zipfile.ZipFile(to, "w") as write:
        for entry in read.namelist():
            content = read.read(entry)
            if entry.endswith("model.json"):
                model = json.loads(content)
                model["mainModule"]["name"] = name
                content = json.dumps(model).encode()
            write.writestr(zipfile.ZipInfo(entry), content)


@pytest.mark.parametrize(("version", "clean"), [("1.4", True), ("1.8", True), ("1.12", False)])
def test_check_says_which_versions_read_the_file_itself(
    version: str, clean: bool, fixtures: Path
) -> None:
    options = CheckOptions(framework_version=version, data_input_config=CONFIG)
    report = neopack.check(fixtures / "pytorch/refused/legacy.pt", target="ml_c5", options=options)
    assert [f.id for f in report.at("error")] == ([] if clean else ["NEO-PT-032"])


@pytest.mark.parametrize(
    ("version", "runtime"),
    [("1.4", "1.4.0"), ("1.8", "1.8.1"), ("1.10", "1.9.1"), ("2.0.1", "1.9.1"), ("1.1", "1.4.0")],
)
def test_the_version_that_reads_it(version: str, runtime: str) -> None:
    assert reader_for(version).name == f"pytorch-{runtime}"
