"""``audit --proofs``: a proof is made again, and golden outputs of another model break it."""

from __future__ import annotations

import contextlib
import hashlib
import json
from pathlib import Path

import numpy as np

from neopack import api, runtimes


def test_a_proof_again(onnx_1_7_0: runtimes.Worker, packaged: Path, tmp_path: Path) -> None:
    with contextlib.chdir(packaged):
        api.package("cnn.onnx", path=tmp_path / "net.tar.gz", target="rasp3b")
    api.verify(tmp_path / "net.tar.gz", runtime="onnx-1.7.0")
    assert states(tmp_path) == {"onnx-1.7.0 for rasp3b": "holds"}

    goldens, manifest = tmp_path / "net.golden.npz", tmp_path / "net.neopack.json"
    arrays = dict(np.load(goldens))
    name = next(key for key in arrays if key.startswith("output/"))
    np.savez(goldens, **{**arrays, name: arrays[name] + 1})
    document = json.loads(manifest.read_bytes())
    document["goldens"]["sha256"] = hashlib.sha256(goldens.read_bytes()).hexdigest()
    manifest.write_text(json.dumps(document))
    assert states(tmp_path) == {"onnx-1.7.0 for rasp3b": "broken"}


def states(folder: Path) -> dict[str, str]:
    audit = api.audit(folder / "net.tar.gz", proofs=True)
    return {each.subject: each.state for each in audit.claims if each.link == "proofs"}
