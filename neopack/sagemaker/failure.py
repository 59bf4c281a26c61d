"""A job that ended without an artifact: what it said, what that means, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from neopack.checks.failure_reasons import Explanation, explain
from neopack.errors import JobFailed
from neopack.sagemaker import logs
from neopack.sagemaker.account import Account
from neopack.sagemaker.jobs import Job
from neopack.values.json import AnyJson

__all__ = ["JobFailure", "failure_of"]

TIME = "time"
# the service takes a moment to stop what ran too long
_GRACE = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobFailure:
    """Why a job FAILED or was STOPPED; ``log`` is the end of its log where it may be read."""

    job: str
    status: str
    explanation: Explanation
    log: tuple[str, ...] = ()

    def error(self) -> JobFailed:
        explanation = self.explanation
        rule = f" [{explanation.rule}]" if explanation.rule else ""
        what = (
            f"{self.status}, {explanation.kind}{rule}: {explanation.reason or 'no reason given'}"
        )
        return JobFailed(
            what, code=self.status, where=self.job, hint=explanation.fix, log=self.log
        )


def failure_of(account: Account, job: Job) -> JobFailure:
    explanation = _stopped(job) if job.status == "STOPPED" else explain(job.reason)
    return JobFailure(
        job=job.name,
        status=job.status,
        explanation=explanation,
        log=logs.tail(account, job.name),
    )


def _stopped(job: Job) -> Explanation:
    """Somebody stopped it, or its time was up: only the clock tells which."""
    limit = _limit(job.request or {})
    ran = job.seconds() if job.started and job.ended else None
    if limit and ran is not None and ran >= limit - _GRACE:
        return Explanation(
            kind=TIME,
            reason=job.reason or f"ran for {ran:.0f} s, and MaxRuntimeInSeconds is {limit}",
            cause="The job ran into its time limit.",
            fix=f"Give it more time: --max-runtime {2 * limit}.",
        )
    return Explanation(
        kind="stopped",
        reason=job.reason or "stopped before it was done",
        cause="Somebody stopped it.",
        fix="The same command submits it again.",
    )


def _limit(request: Mapping[str, AnyJson]) -> int:
    return int(request.get("StoppingCondition", {}).get("MaxRuntimeInSeconds", 0))
