"""Results as plain text, for a terminal or a log of 80 columns and more."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Protocol

from neopack import facts
from neopack.artifacts.answer import Answer
from neopack.artifacts.inspecting import Inspection
from neopack.checks.failure_reasons import Explanation
from neopack.frameworks.pytorch.facts import PickleFacts, ProgramFacts
from neopack.reports.evidence import compiler_line, except_for, framework_line
from neopack.reports.quantization import quantization_text, trial_text
from neopack.reports.wrapping import fitted, table, wrapped
from neopack.values.artifact import CompiledArtifact, NeoArchive
from neopack.values.finding import CheckedModels, CheckResult, Finding, Report
from neopack.values.model import ModelInfo
from neopack.values.quantization import Quantization
from neopack.values.signature import Signature, TensorSpec

__all__ = [
    "answer_text",
    "archive_text",
    "archives_text",
    "artifact_text",
    "artifacts_text",
    "checked_models_text",
    "checked_text",
    "explanation_text",
    "inspected_text",
    "lines_text",
    "own_text",
    "report_text",
]


class HasText(Protocol):
    def text(self) -> str: ...


MENDS = {
    "fix": "neopack check --fix",
    "package": "neopack package",
    "call": "what the job says beside the archive",
}
OPERATORS_SHOWN = 12


def report_text(report: Report, *, verbose: bool = False) -> str:
    lines = fitted(_subject(report))
    if report.remark:
        lines += wrapped("note     ", report.remark)
    for finding in report.findings:
        if verbose or finding.level != "info" or facts.error_row(finding.id).told:
            lines += _finding(finding, verbose=verbose)
    for reason in dict.fromkeys(outcome.reason for outcome in report.not_checked):
        same = [outcome.id for outcome in report.not_checked if outcome.reason == reason]
        lines += wrapped("not checked  ", f"{', '.join(same)}: {reason}")
    for proof in report.evidence:
        lines += fitted(framework_line(proof, report.framework_version))
    for compiled in report.compiler:
        lines += fitted(compiler_line(compiled, report.target))
    lines.append(_summary(report))
    return "\n".join(lines)


def checked_text(checked: CheckResult, *, verbose: bool = False) -> str:
    return "\n\n".join(report_text(report, verbose=verbose) for report in checked.reports)


def checked_models_text(checked: CheckedModels, *, verbose: bool = False) -> str:
    """Every report, and last a line a model."""
    texts = [checked_text(_by_path(result), verbose=verbose) for result in checked.results]
    verdicts = [
        *(
            (result.path, "passes" if result.passed else "does not pass")
            for result in checked.results
        ),
        *(
            (unchecked.path, f"not checked: {unchecked.message}")
            for unchecked in checked.unchecked
        ),
    ]
    return "\n\n".join([*texts, "\n".join(table(verdicts))])


def _by_path(result: CheckResult) -> CheckResult:
    """Of several models two may have the same name, in two folders."""
    reports = tuple(replace(report, subject=result.path) for report in result.reports)
    return replace(result, reports=reports)


def archives_text(archives: Sequence[NeoArchive]) -> str:
    return "\n".join(map(archive_text, archives))


def explanation_text(explanation: Explanation) -> str:
    rule = explanation.rule
    rows = (
        ("rule", f"{rule}, {explanation.title}" if rule else ""),
        ("class", explanation.kind if explanation.kind != "unknown" or not rule else ""),
        ("Neo says", explanation.reason),
        ("cause", explanation.cause or "neopack knows no rule and no report that has these words"),
        ("fix", explanation.fix),
        ("mended by", ", ".join(MENDS[mend] for mend in explanation.mended_by)),
        ("see also", ", ".join(explanation.also)),
        (
            "source",
            f"{explanation.source} ({explanation.confidence})" if explanation.source else "",
        ),
    )
    lines = [line for name, value in rows if value for line in wrapped(f"{name:<10} ", value)]
    return "\n".join(lines)


def _subject(report: Report) -> str:
    version = f" {report.framework_version}" if report.framework_version else ""
    return (
        f"{report.subject}: {report.framework}{version} for {report.target}, "
        f"by Neo's rules as of {report.facts_as_of}"
    )


def _finding(finding: Finding, *, verbose: bool) -> Iterator[str]:
    where = f"{finding.where}: " if finding.where else ""
    yield from wrapped(f"{finding.level:<8} {finding.id}  ", f"{where}{finding.message}")
    if finding.said_by_neo:
        yield from wrapped("         Neo: ", finding.said_by_neo)
    if finding.fix:
        yield from wrapped("         fix: ", finding.fix)
    if verbose:
        yield from wrapped("         why: ", finding.cause)
        yield from wrapped("         source: ", f"{finding.source} ({finding.confidence})")


def _summary(report: Report) -> str:
    counts = [_count(len(report.at(level)), level) for level in ("error", "warning")]
    counts.append(f"{len(report.not_checked)} not checked")
    return f"{_count(len(report.outcomes), 'rule')}: {', '.join(counts)}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def archive_text(archive: NeoArchive) -> str:
    report = archive.report
    framework = f"{report.framework} {report.framework_version}".strip()
    return "\n".join(
        [
            f"{archive.path}  {_bytes(archive.bytes)}",
            *fitted(f"  sha256          {archive.sha256}"),
            *fitted(f"  content sha256  {archive.content_sha256}"),
            f"  for             {report.target}, {framework}",
            f"  beside it       {archive.manifest.name}, {archive.goldens.name}",
        ]
    )


def artifact_text(artifact: CompiledArtifact) -> str:
    difference = artifact.difference
    compared = "not compared" if difference is None else f"{difference:.2g} of the largest output"
    compared += except_for(artifact.aside)
    how = f"{artifact.engine} {artifact.engine_version} in {artifact.precision}"
    return "\n".join(
        [
            f"{artifact.path}",
            f"  compiled by     {how}, here, for {artifact.target}; not a Neo job",
            *wrapped("  difference      ", compared),
            *_batches(artifact.signature),
            *_accuracy(artifact.quantization),
            *(f"  tried           {trial_text(trial)}" for trial in artifact.trials),
        ]
    )


def _batches(signature: Signature) -> Iterator[str]:
    if signature.batches is not None:
        least, most = signature.batches
        yield f"  batches         {least} to {most}, compared at both ends"


def _accuracy(quantization: Quantization | None) -> Iterator[str]:
    if quantization is None:
        return
    yield f"  accuracy        {quantization_text(quantization)}"
    if quantization.kept:
        yield from wrapped("  kept in fp32    ", ", ".join(quantization.kept))


def artifacts_text(artifacts: Sequence[CompiledArtifact]) -> str:
    return "\n".join(map(artifact_text, artifacts))


def answer_text(answer: Answer) -> str:
    runtime = f"{answer.engine} {answer.precision}"
    lines = [f"{answer.archive} in {runtime}: {answer.milliseconds:.1f} ms for the first call"]
    rows: list[tuple[str, ...]] = [
        ("  output", "type", "shape", "min", "mean", "max", "largest at")
    ]
    for output in answer.outputs:
        numbers = [_number(n) for n in (output.minimum, output.mean, output.maximum)]
        shape = "x".join(map(str, output.shape)) or "scalar"
        top = " ".join(map(str, output.top))
        rows.append((f"  {output.name}", output.dtype, shape, *numbers, top))
    return "\n".join([*lines, *table(rows)])


def _number(value: float | None) -> str:
    return "not finite" if value is None else f"{value:.4g}"


def inspected_text(inspection: Inspection) -> str:
    lines = [f"{inspection.subject}: {inspection.form}"]
    if inspection.info is not None:
        lines += _info(inspection.info)
    if inspection.compiled is not None:
        artifact = inspection.compiled
        lines.append(f"  {artifact.what}")
        lines.append(
            f"  engine      {artifact.engine} {artifact.engine_version}, {artifact.precision}"
        )
        lines.append(f"  target      {artifact.target}")
        if artifact.quantization is not None:
            lines.append(f"  accuracy    {quantization_text(artifact.quantization)}")
        lines += _signature(artifact.signature)
    if inspection.entries:
        lines.append("  members")
        rows = [
            (f"    {entry.name}", entry.kind, _bytes(entry.size)) for entry in inspection.entries
        ]
        lines += table(rows)
    return "\n".join(lines)


def _info(info: ModelInfo) -> Iterator[str]:
    yield f"  framework   {info.framework}, {info.format}"
    if info.producer:
        yield f"  producer    {info.producer}"
    if info.versions:
        yield "  versions    " + ", ".join(f"{k} {v}" for k, v in info.versions.items())
    if info.parameters is not None:
        size = f" in {_bytes(info.parameter_bytes)}" if info.parameter_bytes is not None else ""
        yield f"  parameters  {info.parameters:,}{size}"
    if info.dtypes:
        yield "  tensors     " + ", ".join(f"{n} {dtype}" for dtype, n in info.dtypes.items())
    if info.signature is not None:
        yield from _signature(info.signature)
    elif isinstance(info.facts, ProgramFacts) and info.facts.input_types:
        types = ", ".join(f"{name}: {kind}" for name, kind in info.facts.input_types.items())
        yield from wrapped("  inputs      ", f"{types} (shapes are not stored)")
    yield from _operators(info)
    for name in info.facts.executing if isinstance(info.facts, PickleFacts) else ():
        yield from wrapped("  DANGER      ", f"unpickling it would run {name}")
    for note in info.notes:
        yield from wrapped("  note        ", note)


def _signature(signature: Signature) -> Iterator[str]:
    for label, specs in (("input", signature.inputs), ("output", signature.outputs)):
        for spec in specs:
            yield f"  {label:<11} {_spec(spec)}"


def _spec(spec: TensorSpec) -> str:
    dims = "[" + ", ".join("?" if dim is None else str(dim) for dim in spec.shape) + "]"
    return f"{spec.name}  {spec.dtype or '?'} {dims if spec.shape else ''}".rstrip()


def _operators(info: ModelInfo) -> Iterator[str]:
    if not info.operators:
        return
    ordered = sorted(info.operators.items(), key=lambda pair: (-pair[1], pair[0]))
    shown = ", ".join(f"{name} {count}" for name, count in ordered[:OPERATORS_SHOWN])
    rest = len(ordered) - OPERATORS_SHOWN
    text = f"{shown}, and {rest} more kinds" if rest > 0 else shown
    yield from wrapped("  operators   ", text)


def lines_text(lines: Sequence[str]) -> str:
    return "\n".join(lines)


def own_text(value: HasText) -> str:
    """Of a value that says itself what it is."""
    return "\n".join(line for text in value.text().split("\n") for line in fitted(text))


def _bytes(count: int | None) -> str:
    if count is None:
        return "?"
    size, units = float(count), ["B", "KiB", "MiB", "GiB"]
    while size >= 1024 and len(units) > 1:
        size, units = size / 1024, units[1:]
    return f"{size:.0f} {units[0]}" if units[0] == "B" else f"{size:.1f} {units[0]}"
