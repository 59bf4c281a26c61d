"""What a job made: downloaded, judged by its files, described, ready to be deployed.

COMPLETED does not prove that anything was compiled: a job may hand back the model it was given
(neo-ai/neo-ai-dlr#73, 2019), and nothing says that Neo keeps ``code/`` (neo-spec: not documented).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from neopack.archive.manifest import golden_path, manifest_of
from neopack.archive.read import ArchiveScan, extract_member, scan
from neopack.archive.write import write_archive, write_copy
from neopack.artifacts.compiled_manifest import (
    ArtifactManifest,
    JobRecord,
    beside,
)
from neopack.artifacts.load import refuse_unsafe
from neopack.artifacts.own_names import is_own
from neopack.errors import ServiceError
from neopack.facts.artifacts import kind_of
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable, settle, writing
from neopack.outputs.staging import staging_directory
from neopack.sagemaker.account import Account
from neopack.sagemaker.artifact_digest import refuse_replaced
from neopack.sagemaker.jobs import Job
from neopack.sagemaker.location import Location
from neopack.sagemaker.receipt import Receipt
from neopack.sagemaker.seam import is_missing, is_passing, translated
from neopack.values.log import Log
from neopack.values.model import Member
from neopack.values.signature import Signature

__all__ = ["NOT_COMPILED", "FetchedArtifact", "already_here", "fetch"]

CHUNK = 1 << 20


class Digest(Protocol):
    def update(self, data: bytes, /) -> None: ...


# a download goes on where it was cut, so often
MOST_CUTS = 5
CODE = "code/"
NOT_COMPILED = "not compiled"
UNTOUCHED = (
    "the job COMPLETED and handed back the model it was given: nothing was compiled, and the "
    "framework itself would run it"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class FetchedArtifact:
    """An artifact on disk. ``received_sha256`` is of what the service wrote, which differs from
    ``sha256`` where ``code/`` was put back."""

    path: Path
    bytes: int
    sha256: str
    received_sha256: str
    kind: str
    manifest: Path
    warnings: tuple[str, ...] = ()


def already_here(job: str, to: Path) -> FetchedArtifact | None:
    """The artifact of that job, if it lies at ``to`` with its manifest, unchanged."""
    settle(to)
    described = beside(to)
    if not (to.is_file() and described.is_file()):
        return None
    manifest = ArtifactManifest.loads(described.read_bytes(), str(described))
    if manifest.job is None or manifest.job.name != job:
        return None
    with to.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    return _fetched(to, manifest, digest) if digest == manifest.archive_sha256 else None


def _fetched(to: Path, manifest: ArtifactManifest, sha256: str) -> FetchedArtifact:
    kind = manifest.job.kind if manifest.job else ""
    return FetchedArtifact(
        path=to,
        bytes=to.stat().st_size,
        sha256=sha256,
        received_sha256=manifest.job.received_sha256 if manifest.job else "",
        kind=kind,
        manifest=beside(to),
        warnings=_warnings(kind),
    )


def fetch(
    account: Account,
    job: Job,
    receipt: Receipt,
    to: Path,
    *,
    source: Path | None,
    force: bool,
    limits: Limits = DEFAULT_LIMITS,
    log: Log,
) -> FetchedArtifact:
    """Download to ``to``, with its manifest and the golden numbers of ``source`` beside it.

    ``source`` is the archive that was compiled, where it is still at hand.
    """
    for path in (to, beside(to)):
        refuse_unwritable(path, force=force)
    with staging_directory() as staging:
        received = staging / "received.tar.gz"
        digest = _download(account, Location.of(job.artifact), received, log)
        refuse_replaced(received, job.artifact_digest, job.artifact, log)
        scanned, submitted = scan(received, limits), _source(source, receipt, limits, log)
        refuse_unsafe(scanned, job.artifact)
        kind = _kind(scanned, submitted)
        code = _code(scanned, submitted)
        deployable = received
        if submitted is not None and code:
            deployable = _with_code(scanned, submitted, code, staging, limits, log)
        manifest = _manifest(account, job, receipt, scanned, submitted, digest, kind)
        return _publish(deployable, to, manifest, submitted, force=force)


# --- downloading ----------------------------------------------------------------------------


def _download(account: Account, at: Location, to: Path, log: Log) -> str:
    """The sha256 of what was written to ``to``; goes on where a connection was cut."""
    s3 = account.client("s3")
    try:
        with translated(f"looking for {at}"):
            head = s3.head_object(Bucket=at.bucket, Key=at.key)
    except ServiceError as error:
        if is_missing(error):
            error.hint = "somebody deleted it; --rerun compiles again"
        raise
    total, tag = head["ContentLength"], head["ETag"]
    digest, cuts = hashlib.sha256(), 0
    with log.step(f"downloading {at.name}", total), writing(to), to.open("xb") as out:
        while out.tell() < total:
            before = out.tell()
            try:
                with translated(f"downloading {at}"):
                    _copy(s3, at, tag, out, digest, log)
            except ServiceError as error:
                cuts = 0 if out.tell() > before else cuts + 1
                if not is_passing(error) or cuts >= MOST_CUTS:
                    raise
    return digest.hexdigest()


def _copy(s3: Any, at: Location, tag: str, out: BinaryIO, digest: Digest, log: Log) -> None:
    """The rest of the object, from where ``out`` ends."""
    answer = s3.get_object(Bucket=at.bucket, Key=at.key, Range=f"bytes={out.tell()}-", IfMatch=tag)
    body = answer["Body"]
    while chunk := body.read(CHUNK):
        out.write(chunk)
        digest.update(chunk)
        log.advance(len(chunk))


# --- judging --------------------------------------------------------------------------------


def _source(source: Path | None, receipt: Receipt, limits: Limits, log: Log) -> ArchiveScan | None:
    if source is None or not source.is_file():
        log.note(f"{receipt.archive} is not at hand: the artifact is not compared with it")
        return None
    scanned = scan(source, limits)
    if scanned.content_sha256 != receipt.content_sha256:
        log.warn(f"{source} has changed since the job: the artifact is not compared with it")
        return None
    return scanned


def _kind(artifact: ArchiveScan, source: ArchiveScan | None) -> str:
    names = [name for name in artifact.file_names() if not _is_code(name)]
    theirs = [name for name in names if not is_own(name)]
    given = set(source.digests.values()) if source else set()
    if theirs and all(artifact.digests[name] in given for name in theirs):
        return NOT_COMPILED
    return kind_of(names)


def _warnings(kind: str) -> tuple[str, ...]:
    if kind == NOT_COMPILED:
        return (UNTOUCHED,)
    return () if kind else ("its files are of no kind of artifact that is known",)


def _is_code(name: str) -> bool:
    return name.removeprefix("./").startswith(CODE)


# --- code/ ----------------------------------------------------------------------------------


def _code(artifact: ArchiveScan, source: ArchiveScan | None) -> tuple[str, ...]:
    """The scripts of the source that the artifact lacks."""
    there = {name.removeprefix("./") for name in artifact.file_names()}
    given = source.file_names() if source else ()
    return tuple(name for name in given if _is_code(name) and name.removeprefix("./") not in there)


def _with_code(
    artifact: ArchiveScan,
    source: ArchiveScan,
    code: Sequence[str],
    staging: Path,
    limits: Limits,
    log: Log,
) -> Path:
    """The artifact's files and the scripts, in one archive."""
    wanted = [(artifact, name) for name in dict.fromkeys(artifact.file_names())]
    wanted += [(source, name) for name in code]
    members = []
    for number, (holder, name) in enumerate(wanted):
        path = staging / f"{number}.member"
        with writing(path):
            extract_member(holder, name, path, limits)
        members.append(Member(name=name.removeprefix("./"), path=path))
    made = staging / "deployable.tar.gz"
    with made.open("xb") as stream:
        write_archive(stream, members, directories=_directories(artifact), log=log)
    return made


def _directories(artifact: ArchiveScan) -> tuple[str, ...]:
    names = (entry.name.removeprefix("./") for entry in artifact.entries if entry.kind != "file")
    return tuple(sorted({name for name in names if name.strip("./")}))


# --- writing --------------------------------------------------------------------------------


def _manifest(
    account: Account,
    job: Job,
    receipt: Receipt,
    artifact: ArchiveScan,
    source: ArchiveScan | None,
    digest: str,
    kind: str,
) -> ArtifactManifest:
    packed = manifest_of(source.path, source.content_sha256) if source else None
    return ArtifactManifest(
        what=_what(account, artifact),
        engine="sagemaker",
        engine_version=receipt.framework_version,
        target=receipt.target,
        precision="fp32",
        framework=receipt.framework,
        members=artifact.file_names(),
        signature=packed.signature if packed else Signature(inputs=()),
        source_sha256=source.sha256 if source else "",
        job=JobRecord(
            name=job.name,
            arn=job.arn,
            region=account.region,
            endpoint=account.endpoint,
            created=job.created,
            started=job.started,
            ended=job.ended,
            image=job.image,
            artifact=job.artifact,
            service_digest=job.artifact_digest,
            received_sha256=digest,
            derived_config=job.derived_config,
            framework_version=receipt.framework_version,
            compiler_options=receipt.request.get("OutputConfig", {}).get("CompilerOptions", ""),
            role=receipt.request.get("RoleArn", ""),
            kind=kind,
        ),
    )


def _what(account: Account, artifact: ArchiveScan) -> str:
    if any(map(is_own, artifact.file_names())):
        return "an emulated compilation, not a Neo job"
    where = f" at {account.endpoint}" if account.endpoint else ""
    return f"a SageMaker Neo compilation job{where}"


def _publish(
    archive: Path,
    to: Path,
    manifest: ArtifactManifest,
    source: ArchiveScan | None,
    *,
    force: bool,
) -> FetchedArtifact:
    goldens = golden_path(source.path) if source else None
    with AtomicOutputs(force=force, main=to) as outputs:
        digest = write_copy(outputs.open(to), archive)
        manifest = replace(manifest, archive_sha256=digest)
        outputs.open(beside(to)).write(manifest.dumps())
        if goldens is not None and goldens.is_file() and golden_path(to) != goldens:
            write_copy(outputs.open(golden_path(to)), goldens)
    return _fetched(to, manifest, digest)
