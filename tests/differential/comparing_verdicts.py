"""The disagreements of all judges over the specimens of one framework."""

from __future__ import annotations

import importlib
import tempfile
from collections.abc import Iterator
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
    with tempfile.TemporaryDirectory() as folder, Judges(Path(folder)) as judges:
        for specimen in kinds.specimens(FIXTURES, seed, sweep=sweep):
            verdicts = judges.of(specimen)
            key = specimen.base, specimen.target, specimen.version
            before = known.get(key, frozenset())
            if specimen.mutation == AS_IT_IS:
                known[key] = frozenset(verdicts.check.words.split())
                before = known[key] if specimen.change == "names" else frozenset()
            for each in disagreements(specimen, verdicts, before):
                yield specimen, each
