"""Write a TorchScript module as the PyTorch that it is for reads it, held to its outputs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed
from neopack.frameworks import ExportTask
from neopack.frameworks.pytorch.layout import MODEL_FILE
from neopack.frameworks.pytorch.lowering import canonical, folding, lower, norms
from neopack.frameworks.pytorch.lowering.fixed_sizes import fix_sizes
from neopack.frameworks.pytorch.lowering.for_tvm import lower_for_tvm
from neopack.frameworks.pytorch.lowering.functional import make_functional
from neopack.frameworks.pytorch.module_calls import arrays, call, tensors
from neopack.frameworks.pytorch.torchvision_ops import load_script
from neopack.goldens.cases import GoldenCase
from neopack.goldens.comparison import difference, differs_beside, unlike
from neopack.outputs.atomic import refuse_full
from neopack.values.log import Log

__all__ = ["TRACE_DIFFERENCE", "save"]

# beyond this a trace and its model are not the same function
TRACE_DIFFERENCE = 1e-4


def save(
    module: Any,
    cases: Sequence[GoldenCase],
    task: ExportTask,
    log: Log,
) -> tuple[str, ...]:
    """Write ``module`` for the version asked for; what was rewritten, in words.

    ``cases`` are inputs and what the module gave for them: the file must give the same.
    """
    version, for_tvm = task.options.framework_version, task.options.compiler_path == "tvm"
    bound = norms.bound_rows(module)
    fixed, plain, folded = _settled(module, cases, for_tvm=for_tvm)
    folded = (*bound, *folded)
    rewritten = lower.lower(module, version, fixed_sizes=fixed)
    for lack, place in lower.places(module, version).items():
        log.warn(f"PyTorch {version} has no {lack}: used by {place}")
    for_compiler = (
        lower_for_tvm(module, tensors(cases[0].inputs) if fixed else ()) if for_tvm else ()
    )
    _write(module, task.staging, version)
    if not (rewritten or folded or fixed or for_compiler):
        return ()
    for_compiler = tuple(dict.fromkeys((*plain, *for_compiler)))
    for remark in _changes((*folded, *rewritten, *for_compiler), cases, task):
        log.warn(remark)
    return (
        *_told_once(folded, log),
        *_told(rewritten, version, log),
        *_told_for_tvm(for_compiler, log),
    )


def _settled(
    module: Any, cases: Sequence[GoldenCase], *, for_tvm: bool
) -> tuple[bool, tuple[str, ...], tuple[str, ...]]:
    """Whether its sizes are numbers now, and the operators that were written without their effect
    on other tensors, and those that are gone: they were of constants alone."""
    fixed = for_tvm and fix_sizes(module)
    folded = folding.fold(module)
    if for_tvm and not fixed and fix_sizes(module):  # what kept it from that was constant
        fixed, folded = True, (*folded, *folding.fold(module))
    plain = make_functional(module, tensors(cases[0].inputs)) if fixed else ()
    if plain:
        fix_sizes(module)
        folded = (*folded, *folding.fold(module))
    return fixed, plain, tuple(dict.fromkeys(folded))


def _changes(
    rewritten: Sequence[str], cases: Sequence[GoldenCase], task: ExportTask
) -> Iterator[str]:
    """What was rewritten for an older PyTorch computes the same. The file is asked: a module that
    ran before it was rewritten goes on with what it was compiled to then."""
    where, version = task.source.where, task.options.framework_version
    names = ", ".join(rewritten) or "sizes"
    saved = load_script(lambda: str(task.staging / MODEL_FILE))
    for case in cases:
        computed = arrays(call(saved, case.inputs, where), tuple(case.outputs))
        off, other = difference(case.outputs, computed), unlike(case.outputs, computed)
        changed = (
            f"rewriting {names} for PyTorch {version} changed its outputs for the golden case "
            f"{case.name!r}"
        )
        if other or not off <= TRACE_DIFFERENCE:
            by = other or f"by {off:.2g} of the largest"
            if case.decides:
                raise ExportFailed(f"{changed}: {by}", where=where)
            yield f"{changed}: {by}"
        elif differs_beside(case.outputs, computed):
            yield f"{changed}, where they are NaN or infinite"


def _told_once(folded: Sequence[str], log: Log) -> tuple[str, ...]:
    for name in folded:
        log.note(f"computed once, of weights and constants: {name}")
    return tuple(f"{name} of weights and constants, computed once" for name in folded)


def _told(rewritten: Sequence[str], version: str, log: Log) -> tuple[str, ...]:
    for name in rewritten:
        log.note(f"lowered to PyTorch {version}: {name}")
    return tuple(f"{name} in operators of PyTorch {version}" for name in rewritten)


def _told_for_tvm(rewritten: Sequence[str], log: Log) -> tuple[str, ...]:
    for name in rewritten:
        log.note(f"rewritten for TVM, which compiles it: {name}")
    return tuple(f"{name} in operators that TVM converts" for name in rewritten)


def _write(traced: Any, staging: Path, version: str) -> None:
    saved, to = staging / "saved.pth", staging / MODEL_FILE
    tensors = (*traced.parameters(), *traced.buffers())
    refuse_full(saved, to, size=sum(t.numel() * t.element_size() for t in tensors))
    traced.save(str(saved))
    canonical.rewrite(saved, to, version)
    saved.unlink()
