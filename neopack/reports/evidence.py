"""What was proven of an archive: in a framework's exact version, and by Neo's public loader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from neopack import versions
from neopack.reports.wrapping import table, wrapped
from neopack.values.evidence import CaseEvidence, CompilerEvidence, Evidence, OutputEvidence

__all__ = [
    "compiler_evidence_text",
    "compiler_line",
    "evidence_text",
    "except_for",
    "framework_line",
]

OPERATORS_SHOWN = 12
CASES_SHOWN = 4
# what a case that is not alike and refuses nothing is
ASIDE = (
    "these decide nothing: numbers are NaN or infinite there, have more bits than the compiler's "
    "integers, or move with rounding, by a step of quantization or with the order of equal values"
)


def evidence_text(evidence: Evidence) -> str:
    """The claim in a line, then a row for each output."""
    return "\n".join(
        [
            framework_line(evidence),
            _reported(evidence.versions),
            f"  loaded in       {evidence.load_seconds:.2f} s",
            *_stood_in(evidence),
            *_outputs(evidence.outputs),
            *_cases(evidence.cases),
        ]
    )


def compiler_evidence_text(evidence: CompilerEvidence) -> str:
    """The claim in a line, what was built and what computed, then a row for each output."""
    seconds = f"{evidence.load_seconds:.2f} s, built in {evidence.build_seconds:.2f} s"
    return "\n".join(
        [
            compiler_line(evidence),
            _reported(evidence.versions),
            f"  code            {evidence.code or 'only for this CPU'}",
            f"  computed in     {evidence.computed_in}",
            *wrapped("  operators       ", _operators(evidence.operators)),
            f"  converted in    {seconds}",
            *[line for each in evidence.remarks for line in wrapped("  remark          ", each)],
            *_outputs(evidence.outputs),
            *_cases(evidence.cases),
        ]
    )


def _reported(reported: Mapping[str, str]) -> str:
    told = ", ".join(f"{name} {version}" for name, version in reported.items())
    return f"  reported        {told}"


def _operators(operators: Mapping[str, int]) -> str:
    """The most frequent ones; trees have none."""
    most = sorted(operators.items(), key=lambda item: (-item[1], item[0]))
    told = ", ".join(f"{name} {count}" for name, count in most[:OPERATORS_SHOWN])
    rest = len(most) - OPERATORS_SHOWN
    return f"{told} and {rest} more" if rest > 0 else told or "none: trees"


def _outputs(outputs: Sequence[OutputEvidence]) -> list[str]:
    rows: list[tuple[str, ...]] = [("  output", "type", "shape", "absolute", "relative")]
    for output in outputs:
        shape = "x".join(map(str, output.shape)) or "scalar"
        numbers = (f"{output.absolute:.2g}", f"{output.relative:.2g}")
        rows.append((f"  {output.name}", output.dtype, shape, *numbers))
    return list(table(rows)) if outputs else []


def _cases(cases: Sequence[CaseEvidence]) -> list[str]:
    """How many golden cases there are, and what each that is not alike has."""
    unlike = [case for case in cases if case.remark]
    alike = len(cases) - len(unlike)
    lines = [f"  golden cases    {alike} of {len(cases)} alike"] if cases else []
    for case in unlike:
        lines += wrapped("  not alike       ", f"{case.name}: {case.remark}")
    return [*lines, *wrapped("                  ", ASIDE)] if unlike else lines


def _stood_in(evidence: Evidence) -> list[str]:
    count = len(evidence.stood_in)
    told = f"  without CUDA    {count} libraries are empty stand-ins: a proof of the CPU"
    return [told] if count else []


def framework_line(evidence: Evidence, version: str = "") -> str:
    """``version`` is the one that a report judges, where that may be another than was proven."""
    without = " without CUDA" if evidence.stood_in else ""
    if evidence.random:
        runtime = f"{evidence.runtime}{without}{_nearest(evidence, version)}"
        what = f"not proven: the model is random ({', '.join(evidence.random)})"
        return (
            f"{what}. In {runtime} it loads, and its outputs have the right names, types and "
            "shapes; their numbers differ by chance"
        )
    proven = f"proven in {evidence.runtime}{without}{_nearest(evidence, version)}"
    aside = _except(evidence.cases)
    apart = f"{evidence.difference:.2g} of the largest{' elsewhere' if aside else ''}"
    return f"{proven}{aside}: loads, and its outputs differ by {apart}"


def _except(cases: Sequence[CaseEvidence]) -> str:
    return except_for([case.name for case in cases if case.remark])


def except_for(names: Sequence[str]) -> str:
    """The golden cases that are not alike, in the same line as the claim."""
    if not names:
        return ""
    shown = ", ".join(names[:CASES_SHOWN])
    more = f" and {len(names) - CASES_SHOWN} more" if len(names) > CASES_SHOWN else ""
    return f", except for the golden case{'s' * (len(names) > 1)} {shown}{more}"


def _nearest(evidence: Evidence, version: str) -> str:
    if evidence.exact:
        return ""
    if version and not versions.same(evidence.framework_version, version):
        return f" for {evidence.framework_version}, which does not count for {version}"
    return ", the nearest there is to what Neo compiles with"


def compiler_line(evidence: CompilerEvidence, target: str = "") -> str:
    """``target`` is the one that a report judges, where another may have been proven."""
    elsewhere = _elsewhere(evidence, target)
    proven = f"proven by {evidence.compiler}: builds for {evidence.target}{elsewhere}"
    if evidence.random:
        return f"{proven}; its numbers are not proven: the model is random"
    aside = _except(evidence.cases)
    return f"{proven}, and its outputs differ by {evidence.difference:.2g} of the largest{aside}"


def _elsewhere(evidence: CompilerEvidence, target: str) -> str:
    if target and evidence.target != target:
        return f", which does not count for {target}"
    if evidence.exact:
        return ""
    return f" from {evidence.framework_version}, which has no runtime of the loader"
