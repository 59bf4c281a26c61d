"""One of the two things that are compared: read once, by the readers of ``check``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import Manifest, manifest_of
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled import Artifact, artifact_manifest
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.load import find_model, refuse_unsafe, require_file
from neopack.checks import checking
from neopack.checks import compiled as compiled_checks
from neopack.differences.result import Side
from neopack.errors import Malformed, SourceError, UsageError
from neopack.formats.codec import to_json
from neopack.options import CheckOptions
from neopack.values.finding import CheckResult
from neopack.values.json import Json
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec
from neopack.values.target import Target

__all__ = ["OpenSide", "read_side"]

# what a clock read is not a difference
CLOCKS = frozenset({"load_seconds", "build_seconds", "created", "started", "ended"})
# what other sections say
ELSEWHERE = frozenset(
    {"schema", "what", "archive", "signature", "evidence", "compiler", "members", "digests"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenSide:
    """What was read. ``findings`` are the messages by level and rule, ``unjudged`` says why there
    are none."""

    scan: ArchiveScan
    artifact: Artifact | None
    manifest: Manifest | None
    compiled: ArtifactManifest | None
    info: ModelInfo | None
    findings: Mapping[str, Json]
    unjudged: str = ""

    def described(self) -> Side:
        kind = self.artifact.returned.kind or "artifact" if self.artifact else "archive"
        return Side(
            path=str(self.scan.path),
            kind=kind,
            sha256=self.scan.sha256,
            content_sha256=self.scan.content_sha256,
            bytes=self.scan.archive_bytes,
            content_bytes=self.scan.content_bytes,
            unjudged=self.unjudged,
        )

    def layout(self) -> Mapping[str, Json]:
        """The members by name: size and digest of a file, else what it is."""
        return {
            entry.name: {"bytes": entry.size, "sha256": self.scan.digests[entry.name]}
            if entry.kind == "file"
            else entry.kind
            for entry in self.scan.entries
            if not entry.is_root
        }

    def signature(self, *, of_model: bool = False) -> Mapping[str, Json]:
        """The inputs and outputs by place: their order is part of it. ``of_model`` is what the
        model itself says, which knows less than a manifest."""
        for holder in (self.info,) if of_model else (self.manifest, self.compiled, self.info):
            if holder is not None and holder.signature is not None:
                return _signature(holder.signature)
        return {}

    def operators(self) -> Mapping[str, Json]:
        return dict(self.info.operators) if self.info else {}

    def about(self, *, beside_one: bool = False) -> Mapping[str, Json]:
        """What the manifest says; only that there is one where one side alone has it."""
        if self.manifest is None:
            return {}
        return {"manifest": "beside it"} if beside_one else _leaves(self.manifest)

    def compilation(self) -> Mapping[str, Json]:
        return _leaves(self.compiled) if self.compiled else {}

    def proofs(self) -> Mapping[str, Mapping[str, Json]]:
        """The leaves of each proof by the version that it was made in, without what a clock
        read."""
        if self.manifest is None:
            return {}
        proofs = {proof.runtime: _flat(to_json(proof)) for proof in self.manifest.evidence}
        for built in self.manifest.compiler:
            proofs[f"{built.runtime} for {built.target}"] = _flat(to_json(built))
        return proofs


def read_side(path: Path, target: str | None, options: CheckOptions) -> OpenSide:
    """Read an archive or an artifact, and judge it for ``target``, or else for its own.

    Raises ``SourceError``, ``Malformed``, ``Unsafe`` and ``LimitExceeded`` as ``check`` does.
    """
    require_file(path)
    options = checking.budgeted(path, options)
    scanned = scan(path, options.limits)
    refuse_unsafe(scanned)
    artifact = compiled_checks.artifact_of(scanned, None, options)
    compiled = artifact_manifest(scanned, options.limits) if artifact else None
    manifest = None if artifact else manifest_of(path, scanned.content_sha256)
    targets = [facts.target(target)] if target else []
    info, result, unjudged = _judged(scanned, artifact, targets, options)
    return OpenSide(
        scan=scanned,
        artifact=artifact,
        manifest=manifest,
        compiled=compiled,
        info=info,
        findings=_findings(result) if result else {},
        unjudged=unjudged,
    )


def _judged(
    scanned: ArchiveScan,
    artifact: Artifact | None,
    targets: Sequence[Target],
    options: CheckOptions,
) -> tuple[ModelInfo | None, CheckResult | None, str]:
    """The model and the findings; why there are none where no target is known, or no model."""
    path, info = scanned.path, None
    try:
        if artifact is not None:
            model = find_model(scanned, options.limits)
            info = model[2] if model else None
            return info, compiled_checks.check(path, scanned, artifact, targets, options), ""
        subject = checking.archive(path, scanned, options)
        info = subject.contents.info
        return info, checking.check(subject, targets, options), ""
    except (UsageError, SourceError, Malformed) as error:
        return info, None, error.message


def _findings(result: CheckResult) -> Mapping[str, Json]:
    messages = defaultdict[str, list[str]](list)
    for report in result.reports:
        for finding in report.findings:
            messages[f"{finding.level} {finding.id}"].append(finding.message)
        for outcome in report.not_checked:
            messages[f"not checked {outcome.id}"].append(outcome.reason)
    return {name: sorted(said) for name, said in messages.items()}


def _signature(signature: Signature) -> Mapping[str, Json]:
    named: dict[str, Json] = {}
    for kind, specs in (("input", signature.inputs), ("output", signature.outputs)):
        named |= {f"{kind} {place}": _spec(spec) for place, spec in enumerate(specs, 1)}
    if signature.batches:
        named["batches"] = list(signature.batches)
    return named


def _spec(spec: TensorSpec) -> str:
    dims = ",".join("?" if dim is None else str(dim) for dim in spec.shape)
    return f"{spec.name}: {spec.dtype} ({dims})"


def _leaves(manifest: Manifest | ArtifactManifest) -> Mapping[str, Json]:
    data = to_json(manifest)
    leaves = _flat({key: value for key, value in data.items() if key not in ELSEWHERE})
    leaves.pop("goldens.name", None)  # follows from the archive's own name
    return leaves


def _flat(value: Json, place: str = "") -> dict[str, Json]:
    """The leaves of a document by their dotted places; what is empty is left out."""
    if isinstance(value, Mapping):
        pairs = [(str(key), part) for key, part in value.items() if key not in CLOCKS]
    elif isinstance(value, list) and any(isinstance(part, Mapping) for part in value):
        pairs = [(_place_of(part, index), part) for index, part in enumerate(value, 1)]
    else:
        return {} if value in (None, "", []) else {place: value}
    leaves: dict[str, Json] = {}
    for key, part in pairs:
        leaves |= _flat(part, f"{place}.{key}" if place else key)
    return leaves


def _place_of(part: Json, index: int) -> str:
    """A material by its path: one that is new moves all after it."""
    path = part.get("path") if isinstance(part, Mapping) else None
    return str(path or index)
