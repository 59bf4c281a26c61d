"""The steps of a ``compile`` by Neo: check, request, upload, submit, watch, fetch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import manifest_of, stem
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled_manifest import beside
from neopack.artifacts.load import is_compiled, refuse_what_is_no_file
from neopack.checks import judging
from neopack.compiling.local import default_output
from neopack.errors import Unsupported, UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.outputs.atomic import refuse_unwritable
from neopack.rules.rule import Inspection
from neopack.sagemaker import jobs, receipt, upload, validate
from neopack.sagemaker.account import Account, Connection
from neopack.sagemaker.commandline import aws_command
from neopack.sagemaker.following import Following, Outcome, Ticket, Waiting
from neopack.sagemaker.jobs import Job, Submitted
from neopack.sagemaker.location import Location
from neopack.sagemaker.preflight import check_account
from neopack.sagemaker.receipt import Receipt
from neopack.sagemaker.request import JobRequest, JobSettings, Subject, build, sent_version
from neopack.sagemaker.watch import Watch
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.target import Target

__all__ = ["Asked", "DryRun", "Planned", "dry_run", "plan", "submit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the user says of the jobs; ``submission`` fields are as ``check`` takes them."""

    role: str
    output: str
    connection: Connection = field(default_factory=Connection)
    name: str = ""
    framework: str | None = None
    framework_version: str | None = None
    data_input_config: str | None = None
    compiler_options: str | None = None
    max_runtime: int | None = None
    max_pending: int | None = None
    kms_key: str = ""
    security_groups: tuple[str, ...] = ()
    subnets: tuple[str, ...] = ()
    tags: Mapping[str, str] = field(default_factory=dict)
    download: Path | None = None
    ignore: tuple[str, ...] = ()
    allow_retired: bool = False
    rerun: bool = False
    force: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One request, and the files that it will leave."""

    request: JobRequest
    artifact: Path
    receipt: Path
    notes: tuple[str, ...] = ()


# --- before anything leaves this machine ----------------------------------------------------


def plan(
    archive: Path, targets: Sequence[str], asked: Asked, region: str
) -> tuple[ArchiveScan, tuple[Planned, ...]]:
    """The requests for one archive, checked by our rules and by the API's.

    Raises ``CheckFailed`` where Neo would fail, ``UsageError`` where the API would refuse.
    """
    refuse_what_is_no_file(archive)
    chosen = list({target.name: target for target in map(facts.target, targets)}.values())
    _refuse_one_name_for_many(asked, chosen)
    scanned = scan(archive, asked.limits)
    if is_compiled(scanned):
        raise UsageError("is compiled already", where=str(archive))
    return scanned, tuple(_planned(scanned, target, asked, region) for target in chosen)


def _refuse_one_name_for_many(asked: Asked, targets: Sequence[Target]) -> None:
    for option, value in (("--job-name", asked.name), ("--download", asked.download)):
        if value and len(targets) > 1:
            raise UsageError(f"{option} names one thing, and there are {len(targets)} targets")


def _planned(scanned: ArchiveScan, target: Target, asked: Asked, region: str) -> Planned:
    if target.retired and not asked.allow_retired:
        raise Unsupported(
            f"{target.name}: {target.retired}",
            hint="--allow-retired submits all the same; package and check work as ever",
        )
    inspection = _checked(scanned, target, asked)
    subject = Subject(
        stem=stem(scanned.path),
        content_sha256=scanned.content_sha256,
        framework=inspection.framework,
        framework_version=inspection.framework_version,
        target=target,
        data_input_config=inspection.data_input_config,
        compiler_options=inspection.compiler_options,
    )
    request = build(subject, _settings(asked, region))
    validate.refuse_what_is_wrong(request)
    artifact = asked.download or default_output(scanned.path, target)
    return Planned(
        request=request,
        artifact=artifact,
        receipt=receipt.receipt_path(scanned.path, target),
        notes=tuple(_notes(subject)),
    )


def _settings(asked: Asked, region: str) -> JobSettings:
    return JobSettings(
        role=asked.role,
        output=Location.of(asked.output, where="--output"),
        region=region,
        name=asked.name,
        max_pending=asked.max_pending,
        kms_key=asked.kms_key,
        security_groups=asked.security_groups,
        subnets=asked.subnets,
        tags=asked.tags,
        max_runtime=asked.max_runtime,
    )


def _checked(scanned: ArchiveScan, target: Target, asked: Asked) -> Inspection:
    submission = judging.Submission(
        target=target,
        framework=asked.framework.upper() if asked.framework else None,
        framework_version=asked.framework_version,
        data_input_config=asked.data_input_config,
        compiler_options=asked.compiler_options,
    )
    manifest = manifest_of(scanned.path, scanned.content_sha256)
    inspection = judging.inspect_archive(scanned, submission, manifest, asked.limits)
    # whoever allows what is retired has read what the rule says
    ignore = (*asked.ignore, *(("NEO-TG-005",) if asked.allow_retired else ()))
    judging.raise_for(judging.judge(inspection, ignore=ignore))
    return inspection


def _notes(subject: Subject) -> Iterator[str]:
    if subject.framework_version and not sent_version(subject):
        yield (
            f"FrameworkVersion is not sent for {_not_taken(subject)}; checked as "
            f"{subject.framework} {subject.framework_version}"
        )


def _not_taken(subject: Subject) -> str:
    takes = facts.framework(subject.framework).takes_version
    return subject.target.name if takes else f"{subject.framework} models"


@dataclass(frozen=True, slots=True, kw_only=True)
class DryRun:
    """What would be asked of AWS: the request, and the same as a line of AWS's own CLI."""

    target: str
    region: str
    request: Mapping[str, Json]
    command: str


def dry_run(
    archive: Path, targets: Sequence[str], asked: Asked, environment: Mapping[str, str], log: Log
) -> tuple[DryRun, ...]:
    """The requests, fully checked; needs neither network, credentials nor boto3."""
    said = environment.get("AWS_DEFAULT_REGION", "")  # boto3 reads no other
    region = asked.connection.region or said
    if not region:
        log.note("no region is known here: what depends on it is not checked")
    _, planned = plan(archive, targets, asked, region)
    for note in _notes_of(planned):
        log.note(note)
    return tuple(
        DryRun(
            target=one.request.subject.target.name,
            region=region,
            request=one.request.body,
            command=aws_command(one.request),
        )
        for one in planned
    )


def _notes_of(planned: Sequence[Planned]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for one in planned for note in one.notes))


# --- the whole road -------------------------------------------------------------------------


def submit(
    archive: Path, targets: Sequence[str], asked: Asked, waiting: Waiting, log: Log
) -> tuple[Outcome, ...]:
    """Upload once, submit for every target, wait, fetch. What exists already is used again.

    A failed job is an outcome and no exception; ``ServiceError`` says what else went wrong.
    """
    account = Account(asked.connection)
    scanned, planned = plan(archive, targets, asked, account.region)
    _refuse_outputs(planned, asked, wait=waiting.wait)
    for note in _notes_of(planned):
        log.note(note)
    if account.endpoint:
        log.note(f"AWS is {account.endpoint}")
    check_account(account, asked.role, planned[0].request.settings.output, log)
    return _Submission(account, archive, scanned, asked, waiting, log).go(planned)


def _refuse_outputs(planned: Sequence[Planned], asked: Asked, *, wait: bool) -> None:
    for one in planned:
        refuse_unwritable(one.receipt, force=True)
        if wait:
            refuse_unwritable(one.artifact, force=asked.force)
            refuse_unwritable(beside(one.artifact), force=asked.force)


class _Submission:
    """One archive on its way into jobs."""

    def __init__(
        self,
        account: Account,
        archive: Path,
        scanned: ArchiveScan,
        asked: Asked,
        waiting: Waiting,
        log: Log,
    ) -> None:
        self._account, self._archive, self._scan = account, archive, scanned
        self._asked, self._waiting, self._log = asked, waiting, log
        self._planned: dict[str, Planned] = {}

    def go(self, planned: Sequence[Planned]) -> tuple[Outcome, ...]:
        running: dict[str, Job] = {}
        pending: list[JobRequest] = []
        for one in planned:
            request, job = jobs.find(self._account, one.request, rerun=self._asked.rerun)
            self._planned[request.name] = replace(one, request=request)
            if job is None:
                pending.append(request)
            else:
                running[job.name] = job
                receipt.write(self._receipt(request), one.receipt)
                self._log.note(
                    f"{job.name} does this already ({job.status}): nothing is paid twice"
                )
        if pending:
            self._upload(pending[0])
        watch = Watch(
            self._account,
            running=running,
            pending=tuple(pending),
            submit=self._create,
            pace=self._waiting.pace,
            timeout=self._waiting.timeout,
            log=self._log,
        )
        following = Following(self._account, self._tickets(), self._waiting, self._log)
        return following.follow(watch)

    def _upload(self, request: JobRequest) -> None:
        payload = upload.Payload(
            path=self._archive,
            bytes=self._scan.archive_bytes,
            sha256=self._scan.sha256,
            content_sha256=self._scan.content_sha256,
        )
        key = self._asked.kms_key
        upload.upload(self._account, payload, request.archive, self._log, kms_key=key)

    def _create(self, request: JobRequest) -> Submitted:
        # the receipt first: a job without one would be an orphan
        receipt.write(self._receipt(request), self._planned[request.name].receipt)
        made = jobs.create(self._account, request)
        said = "was there already" if made.adopted else "submitted"
        self._log.note(f"{made.job.name} {said}: {made.job.arn}")
        return made

    def _tickets(self) -> tuple[Ticket, ...]:
        return tuple(
            Ticket(
                path=one.receipt,
                receipt=self._receipt(one.request),
                artifact=one.artifact,
                source=self._archive,
                force=self._asked.force,
                limits=self._asked.limits,
            )
            for one in self._planned.values()
        )

    def _receipt(self, request: JobRequest) -> Receipt:
        return Receipt(
            job=request.name,
            region=self._account.region,
            endpoint=self._account.endpoint,
            target=request.subject.target.name,
            archive=self._archive.name,
            content_sha256=request.subject.content_sha256,
            artifact=self._planned[request.name].artifact.name,
            framework=request.subject.framework,
            framework_version=request.subject.framework_version,
            request=request.body,
        )
