"""Jobs followed to their end, from a submission or from receipts: watch, explain, fetch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.errors import Interrupted, NeopackError, ServiceError, UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.options import Connection, WaitOptions
from neopack.sagemaker import jobs, receipt, result
from neopack.sagemaker.account import Account
from neopack.sagemaker.failure import JobFailure, failure_of
from neopack.sagemaker.jobs import Job
from neopack.sagemaker.location import Location
from neopack.sagemaker.logs import LogTail
from neopack.sagemaker.receipt import Receipt
from neopack.sagemaker.result import FetchedArtifact
from neopack.sagemaker.watch import QUEUED, Pace, Watch
from neopack.values.artifact import CompiledArtifact
from neopack.values.log import Log
from neopack.values.model import Member

__all__ = [
    "Following",
    "JobOutcome",
    "JobResults",
    "Ticket",
    "Waiting",
    "attach",
    "compiled",
    "raise_for",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """How to wait. ``timeout`` in seconds; ``show`` gets all jobs after each round."""

    wait: bool = True
    timeout: float | None = None
    logs: bool = False
    stop_on_interrupt: bool = False
    pace: Pace = field(default_factory=Pace)
    show: Callable[[Mapping[str, Job]], None] | None = None

    @classmethod
    def of(
        cls, options: WaitOptions, show: Callable[[Mapping[str, Job]], None] | None = None
    ) -> Waiting:
        """What the user chose, with the pace that follows from it."""
        return cls(
            wait=options.wait,
            timeout=options.timeout,
            logs=options.logs,
            stop_on_interrupt=options.stop_on_interrupt,
            pace=Pace.polling(options.poll),
            show=show,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticket:
    """A receipt, where it lies, and where its artifact goes; ``source`` is the archive."""

    receipt: Receipt
    path: Path | None
    artifact: Path
    source: Path | None
    force: bool = False
    limits: Limits = DEFAULT_LIMITS


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What became of one job: an artifact, a failure, or neither while it goes on."""

    target: str
    job: Job
    receipt: Path | None = None
    artifact: FetchedArtifact | None = None
    failure: JobFailure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class JobResults:
    """The outcomes of one command, as a document says them."""

    backend: str = "sagemaker"
    jobs: tuple[JobOutcome, ...]


def raise_for(outcomes: Sequence[JobOutcome]) -> None:
    """Raise ``JobFailed`` for the first failure, ``ServiceError`` for what was not submitted."""
    for outcome in outcomes:
        if outcome.failure is not None:
            raise outcome.failure.error()
    queued = [outcome.job.name for outcome in outcomes if outcome.job.status == QUEUED]
    if queued:
        raise ServiceError(
            f"{', '.join(queued)} not submitted: the account runs as many jobs as it may",
            code=jobs.LIMIT,
            hint="the same command goes on later; without --no-wait it waits for a place",
        )


def compiled(outcome: JobOutcome) -> CompiledArtifact:
    """The artifact of a job that COMPLETED, as any engine's; the job is in its ``options``."""
    fetched, job = outcome.artifact, outcome.job
    assert fetched is not None  # noqa: S101 - raise_for came before
    manifest = ArtifactManifest.loads(fetched.manifest.read_bytes(), str(fetched.manifest))
    return CompiledArtifact(
        engine=manifest.engine,
        engine_version=manifest.engine_version,
        target=manifest.target,
        precision=manifest.precision,
        members=tuple(Member(name=name, path=fetched.path) for name in manifest.members),
        signature=manifest.signature,
        options={"job": job.name, "job_arn": job.arn, "image": job.image, "kind": fetched.kind},
        path=fetched.path,
    )


class Following:
    """Follows the jobs of some tickets."""

    def __init__(
        self, account: Account, tickets: Sequence[Ticket], waiting: Waiting, log: Log
    ) -> None:
        self._account, self._waiting, self._log = account, waiting, log
        self._tickets = {ticket.receipt.job: ticket for ticket in tickets}
        self._tails = {name: LogTail(account, name) for name in self._tickets}

    def follow(self, watch: Watch) -> tuple[JobOutcome, ...]:
        """Outcomes in the order of the tickets; those that were not waited for are running."""
        with self._leaving(watch):
            if not self._waiting.wait:
                watch.submit_pending()
                states = watch.shown()
                return tuple(self._running(states[name]) for name in self._tickets)
            done: dict[str, JobOutcome] = {}
            for states in watch.states():
                self._show(states, done)
                for name, job in states.items():
                    if job.over and name not in done:
                        done[name] = self._ended(job)
        return tuple(done[name] for name in self._tickets)

    def _show(self, states: Mapping[str, Job], done: Mapping[str, JobOutcome]) -> None:
        if self._waiting.show is not None:
            self._waiting.show(states)
        if not self._waiting.logs:
            return
        for name in states.keys() - done.keys():
            try:
                for line in self._tails[name].lines():
                    self._log.note(line if len(states) == 1 else f"{name}: {line}")
            except ServiceError as error:
                self._log.warn(f"no log: {error.line()}")

    def _running(self, job: Job) -> JobOutcome:
        ticket = self._tickets[job.name]
        return JobOutcome(target=ticket.receipt.target, job=job, receipt=ticket.path)

    def _ended(self, job: Job) -> JobOutcome:
        outcome = self._running(job)
        if job.status != "COMPLETED":
            return replace(outcome, failure=failure_of(self._account, job))
        fetched = self._fetched(job, self._tickets[job.name])
        for warning in fetched.warnings:
            self._log.warn(f"{job.name}: {warning}")
        return replace(outcome, artifact=fetched)

    def _fetched(self, job: Job, ticket: Ticket) -> FetchedArtifact:
        here = None if ticket.force else result.already_here(job.name, ticket.artifact)
        if here is not None:
            self._log.note(f"{ticket.artifact} is here already")
            return here
        return result.fetch(
            self._account,
            job,
            ticket.receipt,
            ticket.artifact,
            source=ticket.source,
            force=ticket.force,
            limits=ticket.limits,
            log=self._log,
        )

    # --- leaving before the end

    @contextmanager
    def _leaving(self, watch: Watch) -> Iterator[None]:
        """Where the wait ends early, say which jobs go on and how to follow them again."""
        try:
            yield
        except (Interrupted, KeyboardInterrupt) as error:
            reason = error.message if isinstance(error, Interrupted) else "interrupted"
            if self._waiting.stop_on_interrupt:
                self._stop(watch)
            raise Interrupted(f"{reason}; {_going(watch)}", hint=self._way_back(watch)) from None
        except NeopackError as error:
            if _going_on(watch) or watch.pending:
                told = "; ".join(filter(None, [error.hint, _going(watch)]))
                error.hint = f"{told}: {self._way_back(watch)}"
            raise

    def _stop(self, watch: Watch) -> None:
        for name in [*_going_on(watch), *watch.unanswered]:
            try:
                jobs.stop(self._account, name)
                if name in watch.jobs:
                    watch.jobs[name] = replace(watch.jobs[name], status="STOPPING")
            except ServiceError as error:
                self._log.warn(f"{name} goes on: {error.line()}")

    def _way_back(self, watch: Watch) -> str:
        names = [*_going_on(watch), *sorted(watch.unanswered)]
        if not names:
            return "the same command goes on"
        places = [self._tickets[name].path or name for name in names]
        return f"neopack jobs attach {' '.join(map(str, places))}"


def _going_on(watch: Watch) -> list[str]:
    return [name for name, job in watch.jobs.items() if not job.over]


def _going(watch: Watch) -> str:
    going = _going_on(watch)
    stopping = [name for name in going if watch.jobs[name].status == "STOPPING"]
    running = [name for name in going if name not in stopping]
    unmade = len(watch.pending) - len(watch.unanswered)
    told = [
        f"{', '.join(stopping)} is being stopped" if stopping else "",
        f"{', '.join(running)} goes on" if running else "",
        f"{', '.join(sorted(watch.unanswered))} may have been made" if watch.unanswered else "",
        f"{unmade} not submitted" if unmade else "",
    ]
    return ", ".join(filter(None, told)) or "no job is running"


# --- from receipts --------------------------------------------------------------------------


def attach(
    names: Sequence[str],
    connection: Connection,
    waiting: Waiting,
    *,
    download: Path | None = None,
    force: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    log: Log,
) -> tuple[JobOutcome, ...]:
    """Go on with jobs, by the paths of their receipts or by their names.

    What lies here already is not fetched again. Raises ``UsageError`` where receipts are of
    different regions, ``SourceError`` and ``Malformed`` for a file that is not a receipt.
    """
    receipts = {text: receipt.read(Path(text)) for text in names if text.endswith(receipt.SUFFIX)}
    account = Account(_connection(connection, list(receipts.values())))
    tickets, running = [], {}
    for text in names:
        name = receipts[text].job if text in receipts else text
        job = jobs.describe(account, name)
        if job is None:
            raise ServiceError(f"there is no job {name}", code="NotFound", hint=_unmade(account))
        running[name] = job
        own = receipts.get(text) or _receipt_of(job, account)
        tickets.append(_ticket(text, own, download, force=force, limits=limits))
    here = [t for t in tickets if result.already_here(t.receipt.job, t.artifact)]
    for ticket in here:
        log.note(f"{ticket.artifact} is here already")
    tickets = [ticket for ticket in tickets if ticket not in here]
    for ticket in here:
        running.pop(ticket.receipt.job)
    if not tickets:
        return ()
    watch = Watch(account, running=running, pace=waiting.pace, timeout=waiting.timeout, log=log)
    return Following(account, tickets, waiting, log).follow(watch)


def _unmade(account: Account) -> str:
    return f"it was never made, or deleted, or is not in {account.region}"


def _connection(chosen: Connection, receipts: Sequence[Receipt]) -> Connection:
    """The receipts know where their jobs run, unless the user says otherwise."""
    regions = sorted({each.region for each in receipts})
    if len(regions) > 1 and not chosen.region:
        raise UsageError(f"the receipts are of {', '.join(regions)}", hint="one region at a time")
    return replace(chosen, region=chosen.region or next(iter(regions), ""))


def _ticket(
    text: str, own: Receipt, download: Path | None, *, force: bool, limits: Limits
) -> Ticket:
    is_file = text.endswith(receipt.SUFFIX)
    folder = Path(text).parent if is_file else Path()
    source = folder / own.archive if is_file else None
    return Ticket(
        receipt=own,
        path=Path(text) if is_file else None,
        artifact=download or folder / own.artifact,
        source=source if source and source.is_file() else None,
        force=force,
        limits=limits,
    )


def _receipt_of(job: Job, account: Account) -> Receipt:
    """What the service knows of a job that was submitted elsewhere."""
    request = job.request or {}
    uri = request.get("InputConfig", {}).get("S3Uri", "s3://unknown/unknown.tar.gz")
    archive = Location.of(uri).name
    own = Receipt(
        job=job.name,
        region=account.region,
        endpoint=account.endpoint,
        target=job.target,
        archive=archive,
        content_sha256="",
        artifact=f"{job.name}.tar.gz",
        framework=request.get("InputConfig", {}).get("Framework", ""),
        framework_version=request.get("InputConfig", {}).get("FrameworkVersion", ""),
        request=request,
    )
    return receipt.checked(own, job.arn)
