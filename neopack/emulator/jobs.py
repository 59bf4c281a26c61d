"""Compilation jobs: created, described, stopped, deleted; the timeline sets their states."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from neopack.emulator import timeline
from neopack.emulator.arns import arn_of
from neopack.emulator.clock import Clock
from neopack.emulator.pages import PageRequest, page
from neopack.emulator.reasons import reason
from neopack.emulator.replies import AwsError
from neopack.emulator.rules import DEFAULT_RUNTIME
from neopack.emulator.script import EmulatorScript, Timeline
from neopack.emulator.storage import NoSuchObject, Storage
from neopack.emulator.timeline import ENDED, Position, Status
from neopack.emulator.work import CompilationOrder, CompilationResult, perform

__all__ = ["EmulatedJob", "Jobs"]

# how long an answer waits for work that should be done according to the script
PATIENCE = 45.0


@dataclass(slots=True, kw_only=True)
class EmulatedJob:
    """One job. ``since`` is the start of its state, ``seen`` how often answers showed it."""

    order: CompilationOrder
    folder: Path
    timeline: Timeline
    created: float
    since: float
    modified: float
    status: Status = "STARTING"
    seen: int = 0
    started: float | None = None
    ended: float | None = None
    work: Future[tuple[CompilationResult, float]] | None = None
    outcome: CompilationResult = field(default_factory=CompilationResult)

    @property
    def name(self) -> str:
        name: str = self.order.request["CompilationJobName"]
        return name

    @property
    def limit(self) -> float:
        stopping = self.order.request["StoppingCondition"]
        return float(stopping.get("MaxRuntimeInSeconds", DEFAULT_RUNTIME))


class Jobs:
    """All jobs of one emulator, by region and name."""

    def __init__(
        self, clock: Clock, storage: Storage, script: EmulatorScript, folder: Path
    ) -> None:
        self.clock, self.script = clock, script
        self._storage, self._folder = storage, folder
        self._jobs: dict[tuple[str, str], EmulatedJob] = {}
        self._lock = threading.RLock()
        self._pool = ThreadPoolExecutor(max_workers=2, thread_name_prefix="job")

    # --- the operations

    def create(self, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
        name = request["CompilationJobName"]
        with self._lock:
            self.tick()
            self._refuse(region, name)
            script = self.script.job(name)
            arn = arn_of(region, "compilation-job", name)
            now = self.clock.now()
            self._jobs[region, name] = EmulatedJob(
                order=CompilationOrder(
                    arn=arn,
                    region=region,
                    request=request,
                    script=script,
                    engines=self.script.engines,
                ),
                folder=Path(tempfile.mkdtemp(dir=self._folder)),
                timeline=script.timeline or self.script.timeline,
                created=now,
                since=now,
                modified=now,
            )
        return {"CompilationJobArn": arn}

    def describe(self, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.tick()
            job = self._job(region, request)
            job.seen += 1
            return _described(job)

    def list(self, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.tick()
            jobs = [job for (where, _), job in self._jobs.items() if where == region]
            shown, token = page(
                [_asked(job) for job in jobs],
                request,
                keys={"Name": "name", "Status": "status"},
                order="Ascending",
            )
            for ask in shown:
                ask.item.seen += 1
            summaries = [_summary(ask.item) for ask in shown]
        return {"CompilationJobSummaries": summaries} | ({"NextToken": token} if token else {})

    def stop(self, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
        """Stop a job; a job that has ended stays unchanged."""
        with self._lock:
            self.tick()
            job = self._job(region, request)
            if job.status not in (*ENDED, "STOPPING"):
                self._move(job, "STOPPING", self.clock.now())
        return {}

    def delete(self, region: str, request: Mapping[str, Any]) -> dict[str, Any]:
        with self._lock:
            self.tick()
            job = self._job(region, request)
            if job.status not in ENDED:
                raise AwsError(
                    "ValidationException",
                    f"The job {job.name} is {job.status}: only a job that is COMPLETED, FAILED "
                    "or STOPPED can be deleted",
                )
            shutil.rmtree(job.folder, ignore_errors=True)
            del self._jobs[region, job.name]
        return {}

    # --- time

    def tick(self) -> None:
        """Advance every job to its state at the current time and number of answers."""
        with self._lock:
            for job in self._jobs.values():
                while self._moved(job):
                    pass

    def clear(self) -> None:
        """Forget every job."""
        with self._lock:
            for job in self._jobs.values():
                shutil.rmtree(job.folder, ignore_errors=True)
            self._jobs.clear()

    def _moved(self, job: EmulatedJob) -> bool:
        if job.status in ENDED:
            return False
        done = self._done(job)
        at = Position(
            status=job.status,
            since=job.since,
            seen=job.seen,
            limit=job.limit,
            worked=None if done is None else not done[0].reason,
            took=0.0 if done is None or self.clock.manual else done[1],
        )
        move = timeline.step(at, job.timeline, self.clock.now(), self.script.expired)
        if move is None:
            return False
        if move.status in ("COMPLETED", "FAILED") and done and not move.timed_out:
            job.outcome = done[0]
        self._move(job, move.status, move.since)
        return True

    def _done(self, job: EmulatedJob) -> tuple[CompilationResult, float] | None:
        """The result of the work; wait for it if it is due according to the script."""
        if job.work is None or job.status != "INPROGRESS":
            return None
        span, elapsed = job.timeline.running, self.clock.now() - job.since
        scripted = self.clock.manual or span.describes
        patience = PATIENCE if scripted and span.over(elapsed, job.seen) else 0.0
        try:
            return job.work.result(patience)
        except TimeoutError:
            return None

    def _move(self, job: EmulatedJob, status: Status, since: float) -> None:
        job.since, job.seen, job.modified = since, 0, since
        if status == "INPROGRESS":
            job.started = since
            job.work = self._pool.submit(self._timed, job.order, job.folder)
        job.status = status
        if status in ENDED:
            job.ended = since
            self._end(job)

    def _end(self, job: EmulatedJob) -> None:
        if job.status == "COMPLETED":
            self._hand_over(job)
        elif job.status == "FAILED" and not job.outcome.reason:
            why = reason("timeout", seconds=f"{job.limit:.0f}")
            job.outcome = CompilationResult(reason=why, lines=(why,))
        elif job.status == "STOPPED":
            job.outcome = CompilationResult(lines=("the job was stopped",))
        if job.work is not None and job.work.done():
            shutil.rmtree(job.folder, ignore_errors=True)
        at = min(self.clock.now(), time.time())
        self._storage.log(job.order.region, job.name, (*job.outcome.lines, job.status), at)

    def _hand_over(self, job: EmulatedJob) -> None:
        """Publish the artifact when the job is COMPLETED, so never for a stopped job."""
        done = job.outcome
        assert done.artifact is not None  # noqa: S101 - no reason, so there is one
        assert done.to is not None  # noqa: S101
        key_id = job.order.request["OutputConfig"].get("KmsKeyId", "")
        try:
            self._storage.store(done.artifact, done.to, key_id)
        except NoSuchObject as error:
            why = reason("s3-output", code=error.code, message=error.message)
            job.status, job.outcome = "FAILED", CompilationResult(reason=why, lines=(why,))

    def _timed(self, order: CompilationOrder, folder: Path) -> tuple[CompilationResult, float]:
        start = time.monotonic()
        name = order.request["CompilationJobName"]
        opening = f"an emulated compilation of {order.input['S3Uri']} for {order.target.name}"
        at = min(self.clock.now(), time.time())
        self._storage.log(order.region, name, ("INPROGRESS", opening), at)
        try:
            outcome = perform(order, self._storage, folder)
        except Exception as error:  # noqa: BLE001 - a job never takes the service with it
            message = f"{type(error).__name__}: {error}"
            outcome = CompilationResult(reason=reason("server"), lines=(message, reason("server")))
        return outcome, time.monotonic() - start

    # --- refusals

    def _job(self, region: str, request: Mapping[str, Any]) -> EmulatedJob:
        name = request["CompilationJobName"]
        if (region, name) not in self._jobs:
            raise AwsError("ResourceNotFound", f"Could not find compilation job {name!r}")
        return self._jobs[region, name]

    def _refuse(self, region: str, name: str) -> None:
        if (region, name) in self._jobs:
            message = f"Compilation job with name {name!r} already exists"
            raise AwsError("ResourceInUse", message)
        running = [
            job
            for (where, _), job in self._jobs.items()
            if where == region and job.status not in ENDED
        ]
        if len(running) >= self.script.running_jobs:
            raise AwsError(
                "ResourceLimitExceeded",
                "The account-level service limit 'Number of concurrent compilation jobs' is "
                f"{self.script.running_jobs}, with current utilization of {len(running)} and a "
                "request delta of 1. Please request an increase.",
            )


def _described(job: EmulatedJob) -> dict[str, Any]:
    request, outcome = job.order.request, job.outcome
    artifact = f"s3://{outcome.to.bucket}/{outcome.to.key}" if outcome.to else ""
    answer = {
        "CompilationJobName": job.name,
        "CompilationJobArn": job.order.arn,
        "CompilationJobStatus": job.status,
        "StoppingCondition": request["StoppingCondition"],
        "CreationTime": job.created,
        "LastModifiedTime": job.modified,
        "CompilationStartTime": job.started,
        "CompilationEndTime": job.ended,
        "FailureReason": outcome.reason,
        "ModelArtifacts": {"S3ModelArtifacts": artifact},
        "ModelDigests": {"ArtifactDigest": f"sha256:{outcome.sha256}"} if outcome.sha256 else None,
        "InferenceImage": outcome.image or None,
        "DerivedInformation": (
            {"DerivedDataInputConfig": outcome.derived} if outcome.derived else None
        ),
        **{
            key: request.get(key)
            for key in (
                "RoleArn", "InputConfig", "OutputConfig", "VpcConfig", "ModelPackageVersionArn",
            )
        },
    }  # fmt: skip
    return {key: value for key, value in answer.items() if value is not None}


def _asked(job: EmulatedJob) -> PageRequest:
    return PageRequest(
        item=job, name=job.name, status=job.status, created=job.created, modified=job.modified
    )


def _summary(job: EmulatedJob) -> dict[str, Any]:
    output = job.order.request["OutputConfig"]
    platform = output.get("TargetPlatform", {})
    summary = {
        "CompilationJobName": job.name,
        "CompilationJobArn": job.order.arn,
        "CreationTime": job.created,
        "CompilationStartTime": job.started,
        "CompilationEndTime": job.ended,
        "CompilationTargetDevice": output.get("TargetDevice"),
        "CompilationTargetPlatformOs": platform.get("Os"),
        "CompilationTargetPlatformArch": platform.get("Arch"),
        "CompilationTargetPlatformAccelerator": platform.get("Accelerator"),
        "LastModifiedTime": job.modified,
        "CompilationJobStatus": job.status,
    }
    return {key: value for key, value in summary.items() if value is not None}
