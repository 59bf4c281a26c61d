"""Trace a module, and say in plain words what the tracer could not follow."""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed, first_line
from neopack.frameworks.pytorch.lowering.inlining import inline_functions
from neopack.frameworks.pytorch.module_calls import is_torchs_own, tensors, torch_module
from neopack.frameworks.pytorch.plain_calls import choices_as_tensors
from neopack.frameworks.pytorch.size_choices import told_by_values
from neopack.values.artifact import Array

__all__ = ["trace"]

SHOWN = 5
# of torch.tensor(2.5) and the like; before a number that is taken from a tensor, another comes
CONSTANT = "results are registered as constants in the trace"
NUMPY = "NumPy array"
WHERE = "We don't have an op for aten::where "
NO_OPERATOR = re.compile(
    r"We don't have an op for (\S+) but.*\s*Argument types: ([^\n]*?),?\s*$", re.MULTILINE
)
ASSERT = re.compile(r".*INTERNAL ASSERT FAILED at \S+, please report a bug to PyTorch\.\s*")


def trace(program: Any, examples: Mapping[str, Array], where: str) -> tuple[Any, list[str]]:
    """The traced module, and remarks on what it does not hold of the model."""
    torch = torch_module()
    with warnings.catch_warnings(record=True) as caught, torch.no_grad():
        warnings.simplefilter("always")
        try:
            with told_by_values():
                traced = _traced(program, tensors(examples))
        except Exception as error:
            raise ExportFailed(
                f"cannot be traced: {_reason(error)}", where=where, hint="try --script"
            ) from error
    inline_functions(traced)
    return traced, list(_remarks(caught))


def _traced(program: Any, given: Sequence[Any]) -> Any:
    torch = torch_module()
    try:
        return torch.jit.trace(program, tuple(given), check_trace=False, strict=False)
    except RuntimeError as error:
        if WHERE not in str(error):
            raise
        with choices_as_tensors():
            return torch.jit.trace(program, tuple(given), check_trace=False, strict=False)


def _reason(error: Exception) -> str:
    """Without the words in which torch asks for a report of its bug."""
    if unknown := NO_OPERATOR.search(str(error)):
        return f"torch's tracer has no {unknown[1]}({unknown[2]}); give it tensors for all"
    plain = ASSERT.sub("", str(error)).strip()
    return plain.splitlines()[0] if plain else first_line(error)


def _remarks(caught: Sequence[warnings.WarningMessage]) -> Iterator[str]:
    told = [w for w in caught if _is_told(w)]
    of_numpy = [w for w in told if NUMPY in str(w.message)]
    if python := _places([w for w in told if w not in of_numpy]):
        yield (
            f"the tracer saw Python decide on data at {python}: the trace keeps what this input "
            "chose (--script keeps the choice)"
        )
    if numpy := _places(of_numpy):
        yield (
            f"NumPy computes at {numpy}, where the tracer does not see it: the trace keeps its "
            "numbers for this input (write it in torch)"
        )


def _is_told(warning: warnings.WarningMessage) -> bool:
    tracers = issubclass(warning.category, torch_module().jit.TracerWarning)
    return tracers and CONSTANT not in str(warning.message) and not is_torchs_own(warning.filename)


def _places(caught: Sequence[warnings.WarningMessage]) -> str:
    places = list(dict.fromkeys(f"{Path(w.filename).name}:{w.lineno}" for w in caught))
    more = " and elsewhere" if len(places) > SHOWN else ""
    return f"{', '.join(places[:SHOWN])}{more}"
