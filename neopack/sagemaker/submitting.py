"""The steps of a ``compile`` by Neo: check, request, upload, submit, watch, fetch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import manifest_of, stem
from neopack.archive.read import ArchiveScan, scan
from neopack.artifacts.compiled_manifest import beside
from neopack.artifacts.load import is_compiled, require_file
from neopack.checks import judging
from neopack.compiling.local import default_output
from neopack.errors import Unsupported, UsageError
from neopack.options import JobOptions
from neopack.outputs.atomic import refuse_unwritable
from neopack.rules.rule import CheckContext
from neopack.sagemaker import jobs, receipt, upload, validate
from neopack.sagemaker.account import Account
from neopack.sagemaker.commandline import aws_command
from neopack.sagemaker.following import Following, JobOutcome, Ticket, Waiting
from neopack.sagemaker.jobs import Job, SubmittedJob
from neopack.sagemaker.location import Location
from neopack.sagemaker.preflight import check_account
from neopack.sagemaker.receipt import Receipt
from neopack.sagemaker.request import JobInput, JobRequest, JobSettings, build, sent_version
from neopack.sagemaker.result import already_here
from neopack.sagemaker.watch import Watch
from neopack.values.json import Json
from neopack.values.log import Log
from neopack.values.target import Target

__all__ = ["DryRun", "PlannedJob", "dry_run", "plan", "submit"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedJob:
    """One request, and the files that it will leave."""

    request: JobRequest
    artifact: Path
    receipt: Path
    notes: tuple[str, ...] = ()


# --- before anything leaves this machine ----------------------------------------------------


def plan(
    archive: Path, targets: Sequence[str], options: JobOptions, region: str
) -> tuple[ArchiveScan, tuple[PlannedJob, ...]]:
    """The requests for one archive, checked by our rules and by the API's.

    Raises ``CheckFailed`` where Neo would fail, ``UsageError`` where the API would refuse.
    """
    require_file(archive)
    chosen = list({target.name: target for target in map(facts.target, targets)}.values())
    _refuse_one_name_for_many(options, chosen)
    scanned = scan(archive, options.limits)
    if is_compiled(scanned):
        raise UsageError("is compiled already", where=str(archive))
    return scanned, tuple(_planned(scanned, target, options, region) for target in chosen)


def _refuse_one_name_for_many(options: JobOptions, targets: Sequence[Target]) -> None:
    for option, value in (("--job-name", options.name), ("--download", options.download)):
        if value and len(targets) > 1:
            raise UsageError(f"{option} names one thing, and there are {len(targets)} targets")


def _planned(scanned: ArchiveScan, target: Target, options: JobOptions, region: str) -> PlannedJob:
    if target.retired and not options.allow_retired:
        raise Unsupported(
            f"{target.name}: {target.retired}",
            hint="--allow-retired submits all the same; package and check work as ever",
        )
    context = _checked(scanned, target, options)
    subject = JobInput(
        stem=stem(scanned.path),
        content_sha256=scanned.content_sha256,
        framework=context.framework,
        framework_version=context.framework_version,
        target=target,
        data_input_config=context.data_input_config,
        compiler_options=context.compiler_options,
    )
    request = build(subject, _settings(options, region))
    validate.refuse_what_is_wrong(request)
    artifact = options.download or default_output(scanned.path, target)
    return PlannedJob(
        request=request,
        artifact=artifact,
        receipt=receipt.receipt_path(scanned.path, target),
        notes=tuple(_notes(subject)),
    )


def _settings(options: JobOptions, region: str) -> JobSettings:
    return JobSettings(
        role=options.role,
        output=Location.of(options.output, where="--output"),
        region=region,
        name=options.name,
        max_pending=options.max_pending,
        kms_key=options.kms_key,
        security_groups=options.security_groups,
        subnets=options.subnets,
        tags=dict(options.tags),
        max_runtime=options.max_runtime,
    )


def _checked(scanned: ArchiveScan, target: Target, options: JobOptions) -> CheckContext:
    submission = judging.Submission(
        target=target,
        framework=options.framework.upper() if options.framework else None,
        framework_version=options.framework_version,
        data_input_config=options.data_input_config,
        compiler_options=options.compiler_options,
    )
    manifest = manifest_of(scanned.path, scanned.content_sha256)
    context = judging.context_of_archive(scanned, submission, manifest, options.limits)
    # a user who allows retired targets has read what the rule says
    ignore = (*options.ignore, *(("NEO-TG-005",) if options.allow_retired else ()))
    judging.raise_for(judging.judge(context, ignore=ignore))
    return context


def _notes(subject: JobInput) -> Iterator[str]:
    if subject.framework_version and not sent_version(subject):
        yield (
            f"FrameworkVersion is not sent for {_not_taken(subject)}; checked as "
            f"{subject.framework} {subject.framework_version}"
        )


def _not_taken(subject: JobInput) -> str:
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
    archive: Path,
    targets: Sequence[str],
    options: JobOptions,
    environment: Mapping[str, str],
    log: Log,
) -> tuple[DryRun, ...]:
    """The requests, fully checked; needs neither network, credentials nor boto3."""
    default = environment.get("AWS_DEFAULT_REGION", "")  # boto3 reads no other
    region = options.connection.region or default
    if not region:
        log.note("no region is known here: what depends on it is not checked")
    _, planned = plan(archive, targets, options, region)
    for note in _notes_of(planned):
        log.note(note)
    return tuple(
        DryRun(
            target=each.request.subject.target.name,
            region=region,
            request=each.request.body,
            command=aws_command(each.request),
        )
        for each in planned
    )


def _notes_of(planned: Sequence[PlannedJob]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(note for each in planned for note in each.notes))


# --- the whole road -------------------------------------------------------------------------


def submit(
    archive: Path, targets: Sequence[str], options: JobOptions, waiting: Waiting, log: Log
) -> tuple[JobOutcome, ...]:
    """Upload once, submit for every target, wait, fetch. What exists already is used again.

    A failed job is an outcome and no exception; ``ServiceError`` says what else went wrong.
    """
    account = Account(options.connection)
    scanned, planned = plan(archive, targets, options, account.region)
    for each in planned:
        refuse_unwritable(each.receipt, force=True)
        _refuse_artifact(each, options, of_a_job=True, wait=waiting.wait)
    for note in _notes_of(planned):
        log.note(note)
    if account.endpoint:
        log.note(f"AWS is {account.endpoint}")
    check_account(account, options.role, planned[0].request.settings.output, log)
    return _Submission(account, archive, scanned, options, waiting, log).go(planned)


def _refuse_artifact(
    planned: PlannedJob, options: JobOptions, *, of_a_job: bool, wait: bool
) -> None:
    """Before anything is asked, that ``of_a_job`` may be there: perhaps it is of this one."""
    if not wait:
        return
    paths = (planned.artifact, beside(planned.artifact))
    may_be_same = of_a_job and all(path.is_file() for path in paths)
    for path in paths:
        refuse_unwritable(path, force=options.force or may_be_same)


class _Submission:
    """One archive on its way into jobs."""

    def __init__(
        self,
        account: Account,
        archive: Path,
        scanned: ArchiveScan,
        options: JobOptions,
        waiting: Waiting,
        log: Log,
    ) -> None:
        self._account, self._archive, self._scan = account, archive, scanned
        self._options, self._waiting, self._log = options, waiting, log
        self._planned: dict[str, PlannedJob] = {}

    def go(self, planned: Sequence[PlannedJob]) -> tuple[JobOutcome, ...]:
        running: dict[str, Job] = {}
        pending: list[JobRequest] = []
        for each in planned:
            request, job = jobs.find(self._account, each.request, rerun=self._options.rerun)
            self._planned[request.name] = replace(each, request=request)
            if job is None or not already_here(job.name, each.artifact):
                wait = self._waiting.wait
                _refuse_artifact(each, self._options, of_a_job=False, wait=wait)
            if job is None:
                pending.append(request)
            else:
                running[job.name] = job
                receipt.write(self._receipt(request), each.receipt)
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
        key = self._options.kms_key
        upload.upload(self._account, payload, request.archive, self._log, kms_key=key)

    def _create(self, request: JobRequest) -> SubmittedJob:
        # the receipt first: a job without one would be an orphan
        receipt.write(self._receipt(request), self._planned[request.name].receipt)
        submitted = jobs.create(self._account, request)
        how = "was there already" if submitted.adopted else "submitted"
        self._log.note(f"{submitted.job.name} {how}: {submitted.job.arn}")
        return submitted

    def _tickets(self) -> tuple[Ticket, ...]:
        return tuple(
            Ticket(
                path=each.receipt,
                receipt=self._receipt(each.request),
                artifact=each.artifact,
                source=self._archive,
                force=self._options.force,
                limits=self._options.limits,
            )
            for each in self._planned.values()
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
