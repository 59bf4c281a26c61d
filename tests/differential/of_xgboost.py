"""XGBoost: models of each encoding and version, and documents with another objective, booster or
version."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from mutations import damaged, renamed
from specimen import Specimen, base

__all__ = ["specimens"]

# models that package is asked about in the test too
PACKAGED = ("dart.ubj", "absolute-error.ubj")
ROW = {"data": (2, 4)}
VALUES: dict[str, dict[tuple[str, ...], Any]] = {
    "objective": {("learner", "objective", "name"): "reg:nonsense"},
    "a later objective": {("learner", "objective", "name"): "reg:absoluteerror"},
    "booster": {("learner", "gradient_booster", "name"): "gbnonsense"},
    "version": {("version",): [9, 9, 9]},
    "features": {("learner", "learner_model_param", "num_feature"): "2"},
    "base score": {("learner", "learner_model_param", "base_score"): "[5E-1]"},
    "no score": {("learner", "learner_model_param", "base_score"): "nan"},
    "no learner": {("learner",): None},
    "no trees": {("learner", "gradient_booster", "model", "trees"): []},
}


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    folder = fixtures / "xgboost"
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        of = _of(f"xgboost/{path.name}", path.read_bytes())
        yield replace(of, packaged=sweep or path.name in PACKAGED)
        if sweep:
            yield replace(of, target="rasp4b")
    for path in sorted((folder / "versions").glob("*.zip")):
        with zipfile.ZipFile(path) as held:
            for name in held.namelist() if sweep else sorted(held.namelist())[:4]:
                if not name.endswith((".npz", ".npy", "/", ".pkl")):
                    yield _of(f"xgboost/{path.stem}/{name}", held.read(name))
    binary = _of("xgboost/logistic.model", (folder / "logistic-1.3.3.model").read_bytes())
    yield from renamed(binary)
    yield from damaged(binary, seed, 20 if sweep else 3)
    document = _of("xgboost/logistic.json", (folder / "logistic-1.3.3.json").read_bytes())
    for what, values in VALUES.items():
        yield document.with_model(what, _changed(document.data, values))


def _of(name: str, data: bytes) -> Specimen:
    return base("XGBOOST", name, {"xgboost-model": data}, ROW)


def _changed(data: bytes, values: dict[tuple[str, ...], Any]) -> bytes:
    document = json.loads(data)
    for path, value in values.items():
        inner = document
        for key in path[:-1]:
            inner = inner[key]
        if value is None:
            del inner[path[-1]]
        else:
            inner[path[-1]] = value
    return json.dumps(document).encode()
