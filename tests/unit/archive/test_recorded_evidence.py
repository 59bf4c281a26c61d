"""Evidence that says the same again leaves a manifest's bytes as they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from neopack.archive.manifest import (
    Manifest,
    manifest_path,
    read_manifest,
    record_compiler_evidence,
    record_evidence,
)
from neopack.values.evidence import CompilerEvidence, Evidence, OutputEvidence

OUTPUTS = (OutputEvidence(name="y", dtype="float32", shape=(1, 5), absolute=1e-7, relative=3e-7),)
PROOF = Evidence(
    runtime="onnx-1.7.0",
    exact=True,
    versions={"onnx": "1.7.0"},
    load_seconds=0.1,
    difference=3e-7,
    allowed=1e-4,
    outputs=OUTPUTS,
)
BUILT = CompilerEvidence(
    runtime="neo-loader",
    compiler="TVM",
    target="ml_c5",
    framework_version="1.7",
    exact=True,
    versions={},
    code="skylake-avx512",
    computed_in="skylake",
    operators={"add": 1},
    load_seconds=0.2,
    build_seconds=0.3,
    difference=0.0,
    allowed=1e-4,
    outputs=OUTPUTS,
)


def test_a_clock_alone_changes_nothing(shelf: Path, tmp_path: Path) -> None:
    archive = tmp_path / "onnx.tar.gz"
    place = manifest_path(archive)
    place.write_bytes(manifest_path(shelf / "onnx.tar.gz").read_bytes())

    def manifest() -> Manifest:
        read = read_manifest(archive)
        assert read is not None
        return read

    def recorded(proof: Evidence, built: CompilerEvidence) -> bytes:
        record_evidence(archive, manifest(), proof)
        record_compiler_evidence(archive, manifest(), built)
        return place.read_bytes()

    first = recorded(PROOF, BUILT)
    slower = replace(PROOF, load_seconds=9.0), replace(BUILT, load_seconds=9.0, build_seconds=8.0)
    assert recorded(*slower) == first
    assert recorded(replace(PROOF, difference=4e-7), BUILT) != first
    assert b'"load_seconds": 9.0' not in place.read_bytes()
    last = recorded(PROOF, replace(BUILT, code="haswell"))
    assert b"haswell" in last
    assert last.count(b'"build_seconds"') == 1
