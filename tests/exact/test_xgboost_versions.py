"""Models of many versions of XGBoost, in each of its encodings: XGBoost 1.3.3 predicts with what
is packaged as the version that wrote the file did, and so do the golden numbers."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import neopack
from neopack.archive.manifest import read_manifest
from neopack.frameworks import ExportOptions, ExportTask
from neopack.frameworks.xgboost.export import export
from neopack.goldens.cases import load_goldens
from neopack.runtimes import Worker
from neopack.values.log import SilentLog
from neopack.values.model import ModelSource
from neopack.values.signature import InputRequest

FOLDER = Path(__file__).parents[2] / "fixtures" / "xgboost" / "versions"
VERSIONS = sorted(path.stem for path in FOLDER.glob("*.zip"))
CLOSE = 2e-6


def unpacked(version: str, folder: Path) -> tuple[list[str], Mapping[str, Any]]:
    with zipfile.ZipFile(FOLDER / f"{version}.zip") as archive:
        archive.extractall(folder)
    predictions = np.load(folder / "predictions.npz")
    (folder / "predictions.npz").unlink()
    return sorted(path.name for path in folder.iterdir()), predictions


def gap(one: Any, other: Any) -> float:
    """The largest difference, of the largest number."""
    if one.shape != other.shape:
        return float("inf")
    return float(np.abs(one - other).max() / max(np.abs(one).max(), 1e-6))


def differences(
    golden: Mapping[str, Any], exact: Mapping[str, Any], own: Mapping[str, Any], name: str
) -> Iterator[str]:
    for kind in ("margin", "prediction"):
        for source, numbers in (("golden", golden), ("XGBoost 1.3.3", exact)):
            difference = gap(own[f"{name}/{kind}"], numbers[kind])
            if not difference <= CLOSE:
                yield f"{name}: {kind} of {source} differs by {difference:.1e}"


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_is_packaged_as_it_predicts(
    version: str, tmp_path: Path, xgboost_1_3_3: Worker
) -> None:
    names, own = unpacked(version, tmp_path)
    example = tmp_path / "rows.npz"
    wrong: list[str] = []
    for name in names:
        rows = own[f"{name}/rows" if f"{name}/rows" in own else "rows"]
        np.savez(example, data=rows)
        staging = tmp_path / f"{name}-staging"
        staging.mkdir()
        task = ExportTask(
            source=ModelSource(kind="file", where=str(tmp_path / name), framework="XGBOOST"),
            inputs=(InputRequest(name="data", shape=rows.shape),),
            staging=staging,
            options=ExportOptions(example=example),
        )
        model = export(task, SilentLog())
        _, golden = load_goldens(model.goldens.path)
        handle, _ = xgboost_1_3_3.call("load", {"path": str(model.members[0].path)})
        _, exact = xgboost_1_3_3.call("predict", handle, arrays={"data": rows})
        wrong += differences(golden, exact, own, name)
    assert len(names) > 20
    assert wrong == []


@pytest.mark.parametrize("version", ["1.0.2", "1.3.3"])
@pytest.mark.parametrize("form", ["json", "model"])
def test_a_file_of_a_wrapper_names_its_classes_and_what_is_missing(
    version: str, form: str, tmp_path: Path
) -> None:
    unpacked(version, tmp_path)
    neopack.package(tmp_path / f"wrapper.{form}", path=tmp_path / "m.tar.gz")
    manifest = read_manifest(tmp_path / "m.tar.gz")
    assert manifest is not None
    assert any("0 is 'no', 1 is 'yes'" in warning for warning in manifest.warnings)
    assert any("-999 is a missing value" in rewrite for rewrite in manifest.rewrites)
