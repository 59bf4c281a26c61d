"""The disagreements of all judges over the specimens of one framework."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from disagreements import Disagreement, disagreements
from specimen import Specimen
from verdicts import Judges

__all__ = ["FRAMEWORKS", "compared"]

FRAMEWORKS = ("ONNX", "PYTORCH", "KERAS", "TENSORFLOW", "MXNET", "XGBOOST")
FIXTURES = Path(__file__).parents[2] / "fixtures"
AS_IT_IS = "as it is"


def compared(framework: str, seed: int, *, sweep: bool) -> Iterator[tuple[Specimen, Disagreement]]:
    """``sweep`` takes more specimens; ``seed`` chooses where bytes are damaged."""
    kinds = importlib.import_module(f"of_{framework.lower()}")
    # what is found in a model as it is says nothing of a change
    known: dict[tuple[str, str, str], frozenset[str]] = {}
    made = kinds.specimens(FIXTURES, seed, sweep=sweep)
    with tempfile.TemporaryDirectory() as folder, Judges(Path(folder), sweep=sweep) as judges:
        for specimen in _with_edge(made):
            verdicts = judges.of(specimen)
            key = specimen.base, specimen.target, specimen.version
            before = known.get(key, frozenset())
            if specimen.mutation == AS_IT_IS:
                known[key] = frozenset(verdicts.check.words.split())
                before = known[key] if specimen.change == "names" else frozenset()
            for each in disagreements(specimen, verdicts, before):
                yield specimen, each


def _with_edge(specimens: Iterable[Specimen]) -> Iterator[Specimen]:
    """And once more for an edge device, each of those that no TVM compiles as they are."""
    seen: set[tuple[str, str]] = set()
    for specimen in specimens:
        yield specimen
        name = specimen.base, specimen.mutation
        if specimen.is_compiled_by_tvm:
            seen.add(name)
        elif specimen.change == "content" and not specimen.once and name not in seen:
            seen.add(name)
            yield specimen.for_tvm()
