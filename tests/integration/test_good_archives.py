"""What package writes gives no finding at error or warning level, for any target that takes it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

import neopack
from neopack import facts
from neopack.checks.all_targets import all_targets

IMAGE = (1, 3, 8, 8)
# framework: (source among the fixtures, its inputs)
MODELS: Mapping[str, tuple[str, Mapping[str, tuple[int, ...]]]] = {
    "PYTORCH": ("pytorch/cnn-traced.pt", {"image": IMAGE}),
    "ONNX": ("onnx/cnn-opset12.onnx", {}),
    "XGBOOST": ("xgboost/logistic-1.3.3.model", {}),
    "KERAS": ("keras/cnn-2.2.4.h5", {"image": (1, 8, 8, 3)}),
    "MXNET": ("mxnet/gluon/gluon-symbol.json", {"data": IMAGE}),
    "TENSORFLOW": ("tensorflow/2/saved-model", {"images": (1, 8, 8, 3)}),
}
# what the call has to say besides, which package cannot know: no page of AWS's chooses for anyone
CHOSEN = {"NEO-CO-004"}
# about the target or the pair, whatever the archive
ABOUT_TARGETS = "NEO-TG-"


@pytest.mark.parametrize("framework", list(MODELS))
def test_no_target_finds_anything(framework: str, fixtures: Path, tmp_path: Path) -> None:
    source, inputs = MODELS[framework]
    taking = [t for t in all_targets() if facts.support(framework, t) is not None]
    assert taking
    judged, bad = 0, []
    for path in sorted({facts.compiler_path(framework, target) for target in taking}):
        aims = [t for t in taking if facts.compiler_path(framework, t) == path]
        archive = tmp_path / f"{path}.tar.gz"
        shapes = {name: list(shape) for name, shape in inputs.items()}
        neopack.package(fixtures / source, path=archive, inputs=shapes, target=aims[0].name)
        for target in aims:
            report = neopack.check(archive, target=target.name)
            judged += 1
            bad += [
                (target.name, f.id, f.message)
                for f in (*report.failing("info"),)
                if f.id not in CHOSEN and not f.id.startswith(ABOUT_TARGETS)
            ]
    assert judged == len(taking)
    assert bad == []
