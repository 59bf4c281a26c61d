"""Compilation jobs as plain text."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from neopack.reports.wrapping import table
from neopack.sagemaker.following import JobOutcome, JobResults
from neopack.sagemaker.jobs import Job
from neopack.sagemaker.managing import JobLog
from neopack.sagemaker.submitting import DryRun
from neopack.values.json import Json

__all__ = [
    "deleted_text",
    "dry_run_text",
    "job_outcome_text",
    "jobs_text",
    "log_text",
    "results_text",
    "states_rows",
    "stopped_text",
]


def results_text(results: JobResults) -> str:
    return "\n".join(line for outcome in results.jobs for line in _outcome(outcome))


def job_outcome_text(outcome: JobOutcome) -> str:
    """One job, and why it failed."""
    lines = [_job_text(outcome.job)]
    return "\n".join(lines if outcome.failure is None else [*lines, *_failure(outcome)])


def log_text(log: JobLog) -> str:
    return "\n".join(log.lines)


def stopped_text(job: Job) -> str:
    return f"{job.name}  {job.status}"


def deleted_text(job: Job) -> str:
    return f"{job.name} deleted; {job.artifact} stays" if job.artifact else f"{job.name} deleted"


def _outcome(outcome: JobOutcome) -> Iterator[str]:
    job = outcome.job
    if outcome.artifact is not None:
        artifact = outcome.artifact
        yield f"{artifact.path}"
        yield f"  compiled by     SageMaker job {job.name} for {outcome.target}, {elapsed(job)}"
        yield f"  kind            {artifact.kind or 'unknown'}"
        yield f"  sha256          {artifact.sha256}"
        if job.image:
            yield f"  image           {job.image}"
        yield from (f"warning: {warning}" for warning in artifact.warnings)
    elif outcome.failure is not None:
        yield from _failure(outcome)
    else:
        yield f"{job.name}  {job.status}"
        if outcome.receipt:
            yield f"  go on with      neopack jobs attach {outcome.receipt}"


def _failure(outcome: JobOutcome) -> Iterator[str]:
    failure = outcome.failure
    assert failure is not None  # noqa: S101 - asked for above
    explanation = failure.explanation
    yield f"{outcome.job.name}  {failure.status} after {elapsed(outcome.job)}"
    rows = (
        ("class", explanation.kind),
        ("Neo said", explanation.reason),
        ("rule", f"{explanation.rule}, {explanation.title}" if explanation.rule else ""),
        ("cause", explanation.cause),
        ("fix", explanation.fix),
    )
    yield from (f"  {name:<15} {value}" for name, value in rows if value)
    yield from (f"  log | {line}" for line in failure.log)


def dry_run_text(runs: Sequence[DryRun]) -> str:
    return "\n\n".join(f"{_json(run.request)}\n{run.command}" for run in runs)


def jobs_text(jobs: Sequence[Job]) -> str:
    if not jobs:
        return "no jobs"
    head = ("job", "target", "status", "took", "created")
    rows = [(job.name, job.target, job.status, elapsed(job), job.created) for job in jobs]
    return "\n".join(table([head, *rows]))


def _job_text(job: Job) -> str:
    fields = {
        "arn": job.arn,
        "status": job.status,
        "target": job.target,
        "created": job.created,
        "took": elapsed(job),
        "reason": job.reason,
        "artifact": job.artifact,
        "digest": job.artifact_digest,
        "image": job.image,
        "derived config": job.derived_config,
    }
    lines = [f"  {name:<15} {value}" for name, value in fields.items() if value]
    request = [f"  {line}" for line in _json(job.request).splitlines()] if job.request else []
    return "\n".join([job.name, *lines, *request])


def states_rows(states: Mapping[str, Job]) -> list[tuple[str, str, str, str]]:
    """Name, target, status and time of each job, as a live table shows them."""
    return [(name, job.target, job.status, elapsed(job)) for name, job in states.items()]


def elapsed(job: Job) -> str:
    seconds = job.seconds()
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    return f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def _json(value: Json) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
