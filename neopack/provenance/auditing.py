"""``audit``: walk from an artifact over its job and its archive to the sources, and recompute what
each of them is said to be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from neopack import facts, runtimes
from neopack.archive.manifest import Manifest, golden_path
from neopack.artifacts.compiled_manifest import ArtifactManifest, JobRecord
from neopack.artifacts.own_names import is_own
from neopack.checks import checking
from neopack.errors import LimitExceeded, Malformed, NeopackError, VerificationFailed
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.options import CheckOptions, Connection
from neopack.provenance.bom import model_in
from neopack.provenance.lineage import (
    BOM,
    SIGNATURE,
    STATEMENT,
    Lineage,
    place_beside,
    trace,
)
from neopack.provenance.options import AuditOptions
from neopack.provenance.result import Audit, Claim, broken, holds, same, summed, unchecked
from neopack.provenance.signing import verify_signature
from neopack.provenance.sources import source_claims
from neopack.provenance.statement import subjects_of
from neopack.proving.compiler import prove_compiler
from neopack.proving.proof import Proof, archived
from neopack.proving.verify import prove
from neopack.runtimes import install
from neopack.values.log import Log, SilentLog

if TYPE_CHECKING:
    from neopack.sagemaker.jobs import Job

__all__ = ["audit"]


def audit(path: Path, options: AuditOptions, log: Log) -> Audit:
    """Raises ``SourceError``, ``Malformed``, ``Unsafe`` and ``LimitExceeded`` where ``path`` or a
    manifest cannot be read at all; what is wrong in them is a claim that is broken."""
    lineage = trace(path, options.archive)
    return Audit(
        path=str(path),
        what=lineage.what,
        sha256=lineage.scan.sha256,
        claims=tuple(_claims(lineage, options, log)),
    )


def _claims(lineage: Lineage, options: AuditOptions, log: Log) -> Iterator[Claim]:
    yield from _beside(lineage)
    yield from _signature(lineage, options)
    if lineage.is_artifact:
        yield from _artifact(lineage)
        yield from _job(lineage.compiled, options.connection)
        yield from _source_archive(lineage)
    if lineage.archive is None:
        return
    yield from _archive(lineage)
    if lineage.own_manifest is None:
        return
    yield from _proofs(lineage, lineage.own_manifest, options, log)
    yield from _rules(lineage, lineage.own_manifest)
    yield from source_claims(lineage.own_manifest.origin, options.project)


# --- beside it ------------------------------------------------------------------------------


def _beside(lineage: Lineage) -> Iterator[Claim]:
    """That the statement and the bill of materials beside it are about these bytes."""
    name, own = lineage.path.name, lineage.scan.sha256
    readers = {STATEMENT: lambda path: subjects_of(path).get(name, "none"), BOM: model_in}
    for ending, stated_in in readers.items():
        path = place_beside(lineage.path, ending)
        if not path.is_file():
            continue
        try:
            yield same("artifact", path.name, stated_in(path), own, f"the SHA-256 of {name}")
        except (Malformed, LimitExceeded) as error:
            yield broken("artifact", path.name, error.message)


def _signature(lineage: Lineage, options: AuditOptions) -> Iterator[Claim]:
    path = place_beside(lineage.path, SIGNATURE)
    if options.verifier is None:
        why = "--key PUBLIC.pem verifies it" if path.is_file() else "it is not signed"
        yield unchecked("signature", path.name, why)
        return
    try:
        signed = verify_signature(lineage.path, options.verifier)
    except (VerificationFailed, Malformed) as error:
        yield broken("signature", path.name, error.message)
    else:
        yield holds("signature", f"{', '.join(signed.files)}, by {signed.by}")


# --- the artifact ---------------------------------------------------------------------------


def _artifact(lineage: Lineage) -> Iterator[Claim]:
    compiled, name = lineage.compiled, lineage.path.name
    if compiled is None:
        yield unchecked("artifact", name, "there is no manifest of it: nothing says what it is")
        return
    if compiled.archive_sha256:
        own = lineage.scan.sha256
        yield same("artifact", name, compiled.archive_sha256, own, "its SHA-256")
    elif not compiled.digests:
        yield unchecked("artifact", name, "its manifest has no digests: an older neopack wrote it")
    else:
        yield from summed("artifact", f"members of {name}", _members(lineage, compiled))


def _members(lineage: Lineage, compiled: ArtifactManifest) -> Iterator[Claim]:
    digests = lineage.scan.digests
    own = {name for name in lineage.scan.file_names() if not is_own(name)}
    for name in sorted(own | compiled.digests.keys()):
        if name not in own:
            yield broken("artifact", name, "the manifest names it, and it is not there")
        elif name not in compiled.digests:
            yield broken("artifact", name, "the manifest does not name it")
        else:
            yield same("artifact", name, compiled.digests[name], digests[name], "its SHA-256")


def _source_archive(lineage: Lineage) -> Iterator[Claim]:
    compiled, archive = lineage.compiled, lineage.archive
    if compiled is None:
        return
    if not compiled.source_sha256:
        yield unchecked("archive", "its archive", "the artifact does not say what it is made from")
    elif archive is None:
        why = f"not here: SHA-256 {compiled.source_sha256[:12]}; --archive says where"
        yield unchecked("archive", "its archive", why)
    else:
        what = "the SHA-256 of the archive"
        subject = f"{archive.path.name}, the source of {lineage.path.name}"
        yield same("archive", subject, compiled.source_sha256, archive.sha256, what)


# --- the job --------------------------------------------------------------------------------


def _job(compiled: ArtifactManifest | None, connection: Connection | None) -> Iterator[Claim]:
    record = compiled.job if compiled else None
    if record is None:
        return
    if connection is None:
        why = f"nobody was asked: --region {record.region} asks AWS"
        yield unchecked("job", record.arn, why)
        return
    from neopack.sagemaker import jobs
    from neopack.sagemaker.account import Account

    job = jobs.describe(Account(connection), record.name)
    if job is None:
        yield broken("job", record.arn, "the account has no such job")
        return
    yield from summed("job", record.arn, _facts_of_job(record, job))


def _facts_of_job(record: JobRecord, job: Job) -> Iterator[Claim]:
    """What the record and the service both say."""
    named = {"arn": "ARN", "artifact": "place of the artifact", "image": "image", "ended": "end"}
    for field, what in named.items():
        stated, own = getattr(record, field), getattr(job, field)
        if stated != own:
            yield broken("job", what, f"the service says {own or 'nothing'}, not {stated}")
    stated, own = record.service_digest, job.artifact_digest
    if stated != own:
        yield broken("job", "ArtifactDigest", f"the service says {own[:20]}, not {stated[:20]}")


# --- the archive ----------------------------------------------------------------------------


def _archive(lineage: Lineage) -> Iterator[Claim]:
    archive, manifest = lineage.archive, lineage.manifest
    assert archive is not None  # noqa: S101 - who calls it looked
    name = archive.path.name
    if manifest is None:
        yield unchecked("archive", name, "there is no manifest beside it")
        return
    record, own = manifest.archive, dict(archive.digests)
    stated = {member.name: member.sha256 for member in record.members}
    yield same("archive", name, record.sha256, archive.sha256, "its SHA-256")
    if stated == own:
        yield holds("archive", f"members of {name}")
    for member in sorted(stated.keys() | own.keys()):
        if stated.get(member) != own.get(member):
            yield broken("archive", member, "it is not what the manifest names")
    yield _goldens(archive.path, manifest)


def _goldens(archive: Path, manifest: Manifest) -> Claim:
    path = golden_path(archive)
    if not path.is_file():
        return unchecked("archive", manifest.goldens.name, "the golden outputs are not here")
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return same("archive", path.name, manifest.goldens.sha256, digest, "its SHA-256")


# --- proofs and rules -----------------------------------------------------------------------


def _proofs(
    lineage: Lineage, manifest: Manifest, options: AuditOptions, log: Log
) -> Iterator[Claim]:
    assert lineage.archive is not None  # noqa: S101
    path = lineage.archive.path
    for each in manifest.evidence:
        exact = partial(prove, runtime_name=each.runtime, log=log)
        yield _proof(path, manifest.target, each.runtime, exact, options)
    for built in manifest.compiler:
        compiled = partial(prove_compiler, log=log)
        yield _proof(path, built.target, built.runtime, compiled, options)
    if not (manifest.evidence or manifest.compiler):
        yield unchecked("proofs", path.name, "it was never proven: neopack verify does")


def _proof(
    archive: Path,
    target: str,
    runtime: str,
    again: Callable[[Proof], object],
    options: AuditOptions,
) -> Claim:
    subject = f"{runtime} for {target}"
    if not options.proofs:
        return unchecked("proofs", subject, "recorded; --proofs makes it again")
    if runtime not in (*runtimes.names(), *runtimes.loaders()):
        return unchecked("proofs", subject, "there is no such runtime")
    if not install.is_whole(runtimes.get(runtime)):
        return unchecked("proofs", subject, f"neopack runtimes install {runtime} comes first")
    try:
        with archived(archive, None, None, DEFAULT_LIMITS, SilentLog()) as (proof, _):
            again(replace(proof, target=facts.target(target)))
    except VerificationFailed as error:
        return broken("proofs", subject, error.message)
    return holds("proofs", subject)


def _rules(lineage: Lineage, manifest: Manifest) -> Iterator[Claim]:
    """``check`` again: by the rules of this neopack, for the manifest's target."""
    assert lineage.archive is not None  # noqa: S101
    path = lineage.archive.path
    ignored = _ignored(manifest)
    options = checking.budgeted(path, CheckOptions(ignore=ignored))
    subject = f"{path.name} for {manifest.target}"
    for id_ in ignored:
        yield unchecked("rules", id_, "it was packaged with --ignore")
    try:
        read = checking.archive(path, lineage.archive, options)
        result = checking.check(read, [facts.target(manifest.target)], options)
    except NeopackError as error:
        yield broken("rules", subject, error.message)
        return
    errors = [finding for report in result.reports for finding in report.at("error")]
    for finding in errors:
        yield broken("rules", finding.id, finding.message)
    for report in result.reports:
        for outcome in report.not_checked:
            yield unchecked("rules", outcome.id, outcome.reason)
    if not errors:
        yield holds("rules", subject)


def _ignored(manifest: Manifest) -> tuple[str, ...]:
    named = manifest.origin.options.get("ignore") if manifest.origin else None
    return tuple(str(id_) for id_ in named) if isinstance(named, list) else ()
