"""A bill of materials in the form of CycloneDX 1.6 (ECMA-424), whose component is the model.

cyclonedx-python-lib has no model cards (11.12, 2026-11), so the document is written here; tests
hold it to the library's schema. No time is in it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

from neopack._version import __version__
from neopack.archive.manifest import Manifest
from neopack.errors import Malformed
from neopack.formats.json_text import read_json
from neopack.provenance.lineage import Lineage
from neopack.values.json import AnyJson
from neopack.values.origin import Material
from neopack.values.signature import Signature, TensorSpec

__all__ = ["bom_of", "model_in"]

LARGEST = 64 << 20

Document = dict[str, AnyJson]
# of the types of CycloneDX 1.6
TYPES = {"code": "file", "handler": "file", "model": "machine-learning-model", "archive": "file"}


def bom_of(lineage: Lineage) -> Document:
    components = {each["bom-ref"]: each for each in _components(lineage)}
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'sha256:{_ref(lineage)}')}",
        "version": 1,
        "metadata": {"tools": {"components": [_tool()]}, "component": _model(lineage)},
        "components": list(components.values()),
        "dependencies": [{"ref": _ref(lineage), "dependsOn": list(components)}],
    }


def model_in(path: Path) -> str:
    """The SHA-256 of the model that a bill of materials is of. Raises ``Malformed``."""
    if path.stat().st_size > LARGEST:
        raise Malformed(f"is larger than {LARGEST} bytes", where=str(path))
    data = read_json(path.read_bytes(), str(path))
    try:
        hashes = data["metadata"]["component"]["hashes"]
        return next(str(each["content"]) for each in hashes if each["alg"] == "SHA-256")
    except (LookupError, TypeError, StopIteration):
        raise Malformed("is not a bill of materials of a model", where=str(path)) from None


def _ref(lineage: Lineage) -> str:
    return lineage.scan.sha256


def _tool() -> Document:
    return {"type": "application", "name": "neopack", "version": __version__}


def _model(lineage: Lineage) -> Document:
    compiled, archive = lineage.compiled, lineage.archive
    model: Document = {
        "type": "machine-learning-model",
        "bom-ref": _ref(lineage),
        "name": lineage.path.name,
        "hashes": [_hash(lineage.scan.sha256)],
        "modelCard": _card(lineage),
        "properties": [_property(name, value) for name, value in _facts(lineage)],
    }
    if compiled is not None and compiled.source_sha256:
        ancestor = {
            "type": "machine-learning-model",
            "name": archive.path.name if archive else "archive",
            "hashes": [_hash(compiled.source_sha256)],
        }
        model["pedigree"] = {"ancestors": [ancestor]}
    return model


def _card(lineage: Lineage) -> Document:
    signature = _signature(lineage)
    parameters: Document = {}
    if signature is not None:
        parameters["inputs"] = [{"format": _format(spec)} for spec in signature.inputs]
        parameters["outputs"] = [{"format": _format(spec)} for spec in signature.outputs]
    metrics = list(_metrics(lineage))
    analysis = {"quantitativeAnalysis": {"performanceMetrics": metrics}} if metrics else {}
    return {"modelParameters": parameters, **analysis}


def _signature(lineage: Lineage) -> Signature | None:
    if lineage.compiled is not None and lineage.compiled.signature.inputs:
        return lineage.compiled.signature
    return lineage.own_manifest.signature if lineage.own_manifest else None


def _format(spec: TensorSpec) -> str:
    dims = ",".join("?" if dim is None else str(dim) for dim in spec.shape)
    return f"{spec.name}: {spec.dtype} ({dims})"


def _metrics(lineage: Lineage) -> Iterator[Document]:
    """How far outputs are from the golden ones, relative to the largest: of proofs, and of an
    artifact here."""
    what = "largest relative difference from the golden outputs"
    manifest = lineage.own_manifest
    for proof in manifest.evidence if manifest else ():
        yield _metric(f"{what} in {proof.runtime}", proof.difference)
    for built in manifest.compiler if manifest else ():
        yield _metric(f"{what} in {built.runtime} for {built.target}", built.difference)
    compiled = lineage.compiled
    if compiled is not None and compiled.difference is not None:
        yield _metric(f"{what} as compiled by {compiled.engine}", compiled.difference)


def _metric(kind: str, value: float) -> Document:
    return {"type": kind, "value": f"{value:.6g}"}


def _facts(lineage: Lineage) -> Iterator[tuple[str, str]]:
    compiled, manifest = lineage.compiled, lineage.own_manifest
    yield "content.sha256", lineage.scan.content_sha256
    if compiled is not None:
        yield "target", compiled.target
        yield "framework", compiled.framework
        yield "engine", f"{compiled.engine} {compiled.engine_version}".strip()
        yield "precision", compiled.precision
        if compiled.job is not None:
            yield "job", compiled.job.arn
    elif manifest is not None:
        yield "target", manifest.target
        yield "framework", f"{manifest.framework} {manifest.framework_version}".strip()
        yield "source", manifest.origin.source if manifest.origin else manifest.source


def _components(lineage: Lineage) -> Iterator[Document]:
    manifest = lineage.own_manifest
    for name, version in _packages(manifest):
        purl = f"pkg:pypi/{name.replace('_', '-').lower()}@{version}"
        yield {
            "type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl,
        }  # fmt: skip
    origin = manifest.origin if manifest else None
    for material in origin.materials if origin else ():
        yield _material(material)


def _packages(manifest: Manifest | None) -> Iterator[tuple[str, str]]:
    if manifest is not None and manifest.origin is not None:
        yield from manifest.origin.packages.items()


def _material(material: Material) -> Document:
    return {
        "type": TYPES.get(material.use, "data"),
        "bom-ref": f"{material.path}@{material.sha256}",
        "name": material.path,
        "hashes": [_hash(material.sha256)],
        "properties": [_property("use", material.use)],
    }


def _hash(sha256: str) -> Document:
    return {"alg": "SHA-256", "content": sha256}


def _property(name: str, value: str) -> Document:
    return {"name": f"neopack:{name}", "value": value}
