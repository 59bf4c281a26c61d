"""Compare what an exact version computes with the golden cases, and say who is at fault."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.errors import NeopackError, VerificationFailed
from neopack.formats.files import Files, FolderFiles
from neopack.frameworks import registry
from neopack.goldens import ties
from neopack.goldens.cases import FIRST, GoldenCase
from neopack.goldens.comparison import difference, differs_beside, unlike
from neopack.proving import quantized
from neopack.values.artifact import Array
from neopack.values.evidence import CaseEvidence, OutputEvidence
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature

__all__ = [
    "ComparedCases",
    "Packaged",
    "compared",
    "files_of",
    "refuse",
    "refuse_empty",
    "told_of",
]

# the outputs of a case, as computed, that may differ
Told = Callable[[GoldenCase, Mapping[str, Array]], frozenset[str]]
# of the largest golden number; what is beyond it is not rounding
ROUNDING = 1e-2


@dataclass(frozen=True, slots=True, kw_only=True)
class Packaged:
    """The packaged model that is compared, for the error: its files, the command that proves it
    again, and what a result that is other in the runtime alone means."""

    subject: str
    framework: str
    model: Path
    parts: Sequence[Path]
    signature: Signature
    archived: bool
    command: str = "neopack verify ARCHIVE"
    otherwise: str = "another --framework-version may do"


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedCases:
    """``failed`` is the first case that refuses the model, by ``apart``; None where all are
    alike."""

    outputs: tuple[OutputEvidence, ...]
    cases: tuple[CaseEvidence, ...]
    failed: GoldenCase | None
    allowed: float
    reason: str
    apart: float


def compared(
    cases: Sequence[GoldenCase],
    compute: Callable[[Mapping[str, Array]], Mapping[str, Array]],
    allowed: float,
    told: Told = ties.told,
) -> ComparedCases:
    """Compute every case. What does not decide is told, even if it raises: as the case says, and
    the outputs that ``told`` names."""
    evidence, outputs = [], []
    failed, reason, apart = None, "", 0.0
    for case in cases:
        computed, raised = _computed(case, compute)
        aside = told(case, computed)
        golden, others = (_without(aside, arrays) for arrays in (case.outputs, computed))
        problem = raised or _problem(golden, others, allowed)
        if case.decides:
            outputs.append(_outputs(case.outputs, {**computed, **_of(aside, case.outputs)}))
            if problem and failed is None:
                failed, reason, apart = case, problem, difference(golden, others)
        remark = problem or _problem(case.outputs, computed, allowed)
        evidence.append(_case_evidence(case, computed, remark))
    return ComparedCases(
        outputs=tuple(map(_largest, zip(*outputs, strict=True))),
        cases=tuple(evidence),
        failed=failed,
        allowed=allowed,
        reason=reason,
        apart=apart,
    )


def _of(names: frozenset[str], arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: array for name, array in arrays.items() if name in names}


def _without(names: frozenset[str], arrays: Mapping[str, Array]) -> dict[str, Array]:
    return {name: array for name, array in arrays.items() if name not in names}


def _computed(
    case: GoldenCase, compute: Callable[[Mapping[str, Array]], Mapping[str, Array]]
) -> tuple[Mapping[str, Array], str]:
    try:
        return compute(case.inputs), ""
    except NeopackError as error:
        if case.name == FIRST:
            raise
        return {}, error.message


def _problem(golden: Mapping[str, Array], computed: Mapping[str, Array], allowed: float) -> str:
    """What differs by more than rounding, in words."""
    if other := unlike(golden, computed):
        return other
    for name, array in golden.items():
        apart = difference({name: array}, {name: computed[name]})
        if not apart <= allowed:
            return f"output {name!r} {_by(array, computed[name], apart, allowed)}"
    return ""


def _by(golden: Array, computed: Array, apart: float, allowed: float) -> str:
    import numpy as np

    if golden.dtype.kind in "biu":
        return f"differs in {int(np.sum(golden != computed))} of {golden.size} integers"
    if not np.isfinite(computed[np.isfinite(golden)]).all():
        return "is NaN or infinite where the source gives numbers"
    return f"differs by {apart:.2g} of the largest golden number, more than {allowed:g}"


def _case_evidence(case: GoldenCase, computed: Mapping[str, Array], problem: str) -> CaseEvidence:
    remark = problem
    if not problem and differs_beside(case.outputs, computed):
        remark = "differs where the source gives NaN or infinity"
    return CaseEvidence(
        name=case.name, difference=difference(case.outputs, computed), remark=remark
    )


def _outputs(
    golden: Mapping[str, Array], computed: Mapping[str, Array]
) -> tuple[OutputEvidence, ...]:
    return tuple(_output(name, array, computed.get(name)) for name, array in golden.items())


def _output(name: str, golden: Array, computed: Array | None) -> OutputEvidence:
    import numpy as np

    absolute = float("inf")
    if computed is not None and computed.shape == golden.shape:
        with np.errstate(invalid="ignore"):  # inf - inf
            gaps = np.abs(golden.astype(np.float64) - computed.astype(np.float64))
        absolute = float(np.max(gaps, initial=0.0, where=np.isfinite(golden)))
    return OutputEvidence(
        name=name,
        dtype="" if computed is None else str(computed.dtype),
        shape=() if computed is None else computed.shape,
        absolute=absolute,
        relative=difference({name: golden}, {} if computed is None else {name: computed}),
    )


def _largest(output: Sequence[OutputEvidence]) -> OutputEvidence:
    """Of one output in all cases, the first one's with the largest numbers of any."""
    first = output[0]
    return OutputEvidence(
        name=first.name,
        dtype=first.dtype,
        shape=first.shape,
        absolute=max(each.absolute for each in output),
        relative=max(each.relative for each in output),
    )


# --- refusals -------------------------------------------------------------------------------


def refuse_empty(cases: Sequence[GoldenCase], subject: str) -> None:
    """Raise ``VerificationFailed`` for golden outputs that prove nothing."""
    import numpy as np

    outputs = cases[0].outputs.values()
    if not any(array.size for array in outputs):
        raise VerificationFailed(
            "its golden outputs are empty, so there is nothing to compare",
            where=subject,
            hint="package it with --example FILE.npz, inputs that give non-empty outputs",
        )
    if not any(np.isfinite(array).any() for array in outputs):
        raise VerificationFailed(
            "its golden outputs are all NaN or infinite: the source model computes no number",
            where=subject,
            hint="package it with --example FILE.npz, inputs that give numbers",
        )


def told_of(cases: Sequence[GoldenCase], info: ModelInfo, packaged: Packaged) -> Told:
    """What may differ in an exact version of the framework: the order of equal values, and steps
    of quantized models."""
    if not quantized.is_quantized(info):
        return ties.told
    steps = quantized.stepping(cases, lambda case: _computed_today(packaged, case))
    return lambda case, computed: ties.told(case, computed) | steps(case, computed)


def refuse(comparison: ComparedCases, packaged: Packaged, runtime: str) -> None:
    """Raise ``VerificationFailed`` if a case that decides is not alike."""
    case = comparison.failed
    if case is None:
        return
    inputs = "" if case.name == FIRST else f" for the golden case {case.name!r}"
    apart = comparison.apart
    rounding = comparison.allowed < apart <= ROUNDING
    raise VerificationFailed(
        f"{runtime} computes another result{inputs}: {comparison.reason}",
        where=packaged.subject,
        hint=_accept(packaged, apart) if rounding else _fault(packaged, case, runtime),
    )


def _accept(packaged: Packaged, apart: float) -> str:
    verify = f"{packaged.command} --max-difference {1.1 * apart:.2g}"
    if packaged.archived:
        return f"if that is rounding, accept it: {verify}"
    return f"if that is rounding, package it without --verify and accept it: {verify}"


def _fault(packaged: Packaged, case: GoldenCase, runtime: str) -> str:
    """Whose fault it is, as the packaged file computed in today's framework tells."""
    today = next(iter(_computed_today(packaged, case)), None)
    if today is None:
        return "this is not rounding: package the model again from its source"
    if difference(case.outputs, today) <= ROUNDING:
        return (
            f"today's {packaged.framework} computes the packaged file as its source does, so "
            f"{runtime} itself computes otherwise: {packaged.otherwise}"
        )
    return (
        f"today's {packaged.framework} computes the packaged file otherwise too: the export is at "
        "fault, not the runtime, and the warnings of package may say why"
    )


def files_of(model: Path, parts: Sequence[Path]) -> tuple[Files, str]:
    """The folder that has all files of a model, and the name of its main one there."""
    root = Path(os.path.commonpath([path.parent for path in (model, *parts)]))
    return FolderFiles(root), model.relative_to(root).as_posix()


def _computed_today(packaged: Packaged, case: GoldenCase) -> Iterator[Mapping[str, Array]]:
    """What the framework that is installed here computes; nothing where it cannot."""
    files, name = files_of(packaged.model, packaged.parts)
    framework = registry.get(packaged.framework)
    try:
        runner = framework.runner(files, name, packaged.signature, None)
        yield runner.predict(case.inputs)
    except Exception:  # noqa: BLE001 - frameworks raise whatever they like, and the error stands
        return
