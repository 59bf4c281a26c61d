"""What a build says of each model and target: its row, and whether it is within its thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from neopack.build.chain import Chain
from neopack.build.results import BuiltStep, BuiltTarget, RowFinding, RowState
from neopack.build.tasks import Failure
from neopack.project.models import size_of
from neopack.values.finding import Level
from neopack.values.json import AnyJson

__all__ = ["row_of", "threshold_failures"]


def threshold_failures(chain: Chain, passing: Level) -> Iterator[Failure]:
    """What the thresholds of its settings do not allow; nothing where it is not made yet."""
    limits, value, label = chain.settings.thresholds, chain.value, chain.name
    if not value:
        return
    findings = [f for f in value["findings"] if f[1] in ("error", "warning")]
    if passing == "info" and findings:
        yield _failed(label, f"{findings[0][0]}: {findings[0][2]}", "strict is true")
    if limits.max_findings is not None and len(findings) > limits.max_findings:
        what = f"{len(findings)} findings, and at most {limits.max_findings} are allowed"
        yield _failed(label, what, "max_findings")
    if limits.max_size is not None and value["bytes"] > size_of(limits.max_size):
        what = f"the archive has {value['bytes']} bytes, and {limits.max_size} are allowed"
        yield _failed(label, what, "max_size")
    speedup = _speedup(chain)
    if limits.min_speedup is not None and speedup is not None and speedup < limits.min_speedup:
        what = f"the artifact is {speedup:.2f} times as fast, not {limits.min_speedup:g} times"
        yield _failed(label, what, "min_speedup")


def row_of(
    chain: Chain, state: RowState, failures: tuple[Failure, ...], names: Mapping[str, str]
) -> BuiltTarget:
    """``names`` are the paths of the outputs that are there, by their use."""
    findings = chain.value.get("findings", [])
    report = chain.package.failure.report if chain.package.failure else None
    if report is not None:
        findings = [[f.id, f.level, f.message] for f in report.findings]
    compiled = chain.compiled_file()
    told = tuple(RowFinding(id=f[0], level=f[1], message=f[2]) for f in findings)
    return BuiltTarget(
        model=chain.model.name,
        target=chain.target,
        state=state,
        steps=tuple(_steps(chain)),
        archive=names.get("archive", ""),
        artifact=names.get("artifact", ""),
        sha256=chain.value.get("sha256", ""),
        bytes=chain.value.get("bytes", 0),
        artifact_sha256=compiled.sha256 if compiled else "",
        artifact_bytes=compiled.bytes if compiled else 0,
        findings=told,
        difference=_difference(chain),
        speedup=_speedup(chain),
        failures=failures,
    )


def _steps(chain: Chain) -> Iterator[BuiltStep]:
    for step in chain.steps.values():
        stopped = step.state == "to do" and chain.failed
        yield BuiltStep(
            step=step.kind,
            state="not reached" if stopped else step.state,
            seconds=round(step.seconds, 3),
            why=step.why if not step.done or step.state == "made" else "",
            notes=step.notes,
        )


def _difference(chain: Chain) -> float | None:
    values: list[float] = []
    for step in chain.steps.values():
        value = step.entry.value if step.entry else {}
        evidence: AnyJson = value.get("evidence") or value
        difference = evidence.get("difference")
        if isinstance(difference, int | float):
            values.append(float(difference))
    return max(values, default=None)


def _speedup(chain: Chain) -> float | None:
    step = chain.steps.get("bench")
    value = step.entry.value.get("speedup") if step is not None and step.entry else None
    return float(value) if isinstance(value, int | float) else None


def _failed(where: str, what: str, threshold: str) -> Failure:
    return Failure(kind="CheckFailed", message=what, where=where, hint=threshold)
