"""Provenance as an in-toto Statement v1 with a predicate of SLSA Provenance v1.

The forms: github.com/in-toto/attestation spec/v1 and slsa.dev/spec/v1.0/provenance (2023). No time
is in it, so that the same sources, commit and builder give the same statement.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack._version import __version__
from neopack.archive.manifest import Manifest, golden_path, manifest_path
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.errors import Malformed, UsageError
from neopack.formats.codec import to_json
from neopack.formats.json_text import read_json
from neopack.provenance.git import Commit
from neopack.provenance.lineage import Lineage
from neopack.values.evidence import CompilerEvidence, Evidence
from neopack.values.json import AnyJson
from neopack.values.origin import Material

__all__ = ["Builder", "builder_of", "measures", "statement_of", "subjects_of"]

TYPE = "https://in-toto.io/Statement/v1"
PREDICATE = "https://slsa.dev/provenance/v1"
# a package URL of the page that says what the parameters mean
BUILD_TYPE = "pkg:generic/neopack#docs/evidence.md"
LARGEST = 64 << 20
Document = dict[str, AnyJson]


@dataclass(frozen=True, slots=True, kw_only=True)
class Builder:
    """Who built it: ``id`` is a URI, ``invocation`` that of the run, "" where there is none."""

    id: str
    invocation: str = ""


def builder_of(environment: Mapping[str, str], chosen: str = "") -> Builder:
    """``chosen``, or the workflow of GitHub or the runner of GitLab that this runs in, or neopack
    on a machine that nothing names. Raises ``UsageError`` for what is not a URI."""
    get = environment.get
    if chosen and ":" not in chosen:
        raise UsageError(f"--builder {chosen} is not a URI", hint="https://ci.example.com/builder")
    if get("GITHUB_ACTIONS") == "true" and get("GITHUB_WORKFLOW_REF"):
        server = get("GITHUB_SERVER_URL", "https://github.com")
        run = f"{server}/{get('GITHUB_REPOSITORY')}/actions/runs/{get('GITHUB_RUN_ID')}"
        return Builder(
            id=chosen or f"{server}/{get('GITHUB_WORKFLOW_REF')}",
            invocation=f"{run}/attempts/{get('GITHUB_RUN_ATTEMPT', '1')}",
        )
    if get("GITLAB_CI") == "true" and get("CI_PROJECT_URL"):
        runner = f"{get('CI_PROJECT_URL')}/-/runners/{get('CI_RUNNER_ID', '')}"
        return Builder(id=chosen or runner, invocation=get("CI_JOB_URL", ""))
    return Builder(id=chosen or "pkg:generic/neopack")


def statement_of(
    lineage: Lineage, commit: Commit | None, builder: Builder, benchmarks: Sequence[Path] = ()
) -> Document:
    """Raises ``UsageError`` for a benchmark of another file."""
    return {
        "_type": TYPE,
        "subject": [_file(lineage.path, lineage.scan.sha256)],
        "predicateType": PREDICATE,
        "predicate": {
            "buildDefinition": {
                "buildType": BUILD_TYPE,
                "externalParameters": _parameters(lineage),
                "internalParameters": _internal(lineage),
                "resolvedDependencies": list(_dependencies(lineage, commit)),
            },
            "runDetails": {
                "builder": {"id": builder.id, "version": {"neopack": __version__}},
                "metadata": {"invocationId": builder.invocation} if builder.invocation else {},
                "byproducts": list(_byproducts(lineage, benchmarks)),
            },
        },
    }


def subjects_of(path: Path) -> Mapping[str, str]:
    """The SHA-256 of each subject of a statement, by name. Raises ``Malformed``."""
    data = _read(path)
    try:
        kinds = (data["_type"], data["predicateType"])
        subjects = {str(e["name"]): str(e["digest"]["sha256"]) for e in data["subject"]}
    except (LookupError, TypeError):
        kinds, subjects = ("", ""), {}
    if kinds != (TYPE, PREDICATE) or not subjects:
        raise Malformed("is not a statement of provenance", where=str(path))
    return subjects


def _read(path: Path) -> AnyJson:
    if path.stat().st_size > LARGEST:
        raise Malformed(f"is larger than {LARGEST} bytes", where=str(path))
    return read_json(path.read_bytes(), str(path))


# --- parameters -----------------------------------------------------------------------------


def _parameters(lineage: Lineage) -> Document:
    if lineage.is_artifact:
        return {"command": "compile", **_compilation(lineage.compiled)}
    manifest = lineage.own_manifest
    if manifest is None:
        return {"command": "package"}
    origin: Document = to_json(manifest.origin) if manifest.origin else {"source": manifest.source}
    own = {key: value for key, value in origin.items() if key not in ("materials", "packages")}
    target = {"target": manifest.target, "frameworkVersion": manifest.framework_version}
    return {"command": "package", **target, **own}


def _compilation(compiled: ArtifactManifest | None) -> Document:
    if compiled is None:
        return {}
    job = {"arn": compiled.job.arn, "role": compiled.job.role} if compiled.job else {}
    return {
        "target": compiled.target,
        "engine": compiled.engine,
        "precision": compiled.precision,
        **({"job": job, "compilerOptions": compiled.job.compiler_options} if compiled.job else {}),
    }


def _internal(lineage: Lineage) -> Document:
    compiled, manifest = lineage.compiled, lineage.own_manifest
    told: Document = {}
    if compiled is not None:
        told = {"engineVersion": compiled.engine_version, "options": to_json(compiled.options)}
    if manifest is not None:
        told |= {"versions": dict(manifest.versions), "rewrites": list(manifest.rewrites)}
    return told


# --- dependencies ---------------------------------------------------------------------------


def _dependencies(lineage: Lineage, commit: Commit | None) -> Iterator[Document]:
    if commit is not None:
        yield _commit(commit)
    if lineage.is_artifact and lineage.compiled is not None and lineage.compiled.source_sha256:
        name = lineage.archive.path.name if lineage.archive else "archive"
        yield {"name": name, "digest": {"sha256": lineage.compiled.source_sha256}}
    origin = lineage.own_manifest.origin if lineage.own_manifest else None
    for material in origin.materials if origin else ():
        yield _material(material)
    for name, version in origin.packages.items() if origin else ():
        yield {"uri": f"pkg:pypi/{name.replace('_', '-').lower()}@{version}"}


def _commit(commit: Commit) -> Document:
    notes = {"dirty": bool(commit.changed), "changed": list(commit.changed)}
    branch = f"@{commit.branch}" if commit.branch else ""
    named = {"uri": f"git+{commit.remote}{branch}"} if commit.remote else {"name": "commit"}
    return {**named, "digest": {"gitCommit": commit.sha}, "annotations": notes}


def _material(material: Material) -> Document:
    notes: Document = {"use": material.use}
    if material.elsewhere:
        notes["elsewhere"] = True
    return {
        "name": material.path,
        "digest": {"sha256": material.sha256},
        "annotations": notes,
    }


# --- byproducts -----------------------------------------------------------------------------


def _byproducts(lineage: Lineage, benchmarks: Sequence[Path]) -> Iterator[Document]:
    told = lineage.own_manifest
    if not lineage.is_artifact and told is not None:
        manifest = manifest_path(lineage.path)
        yield {**_file(manifest, _sha256(manifest)), "annotations": _proofs(told)}
        goldens = golden_path(lineage.path)
        if goldens.is_file():
            yield _file(goldens, _sha256(goldens))
    for path in benchmarks:
        kind = _kind_of_benchmark(path, lineage.scan.sha256)
        yield {
            **_file(path, _sha256(path)),
            "mediaType": "application/json",
            "annotations": {"kind": kind},
        }


def _proofs(manifest: Manifest) -> Document:
    """By version and target."""
    exact = [_proof(each) for each in manifest.evidence]
    compiler = [{**_proof(each), "target": each.target} for each in manifest.compiler]
    return {"proofs": [*exact, *compiler]}


def _proof(evidence: Evidence | CompilerEvidence) -> Document:
    return {
        "runtime": evidence.runtime,
        "frameworkVersion": evidence.framework_version,
        "exact": evidence.exact,
        "difference": evidence.difference,
        "allowed": evidence.allowed,
    }


def measures(path: Path, sha256: str) -> bool:
    """Whether ``path`` is a result of ``bench`` or its like that is of the file with that digest.
    Raises ``UsageError`` for what is not such a result."""
    return sha256 in _benchmark(path)[1]


def _kind_of_benchmark(path: Path, sha256: str) -> str:
    kind, subjects = _benchmark(path)
    if sha256 not in subjects:
        raise UsageError("measured other files", where=str(path), hint="measure this one again")
    return kind


def _benchmark(path: Path) -> tuple[str, list[str]]:
    """The kind, and the SHA-256 of what was measured."""
    try:
        data = _read(path)
        return str(data["kind"]), [str(each["sha256"]) for each in data["subjects"]]
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(path)) from None
    except (Malformed, LookupError, TypeError):
        hint = "neopack bench A --format json writes one"
        raise UsageError("is not a result of bench", where=str(path), hint=hint) from None


def _file(path: Path, sha256: str) -> Document:
    return {"name": path.name, "digest": {"sha256": sha256}}


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
