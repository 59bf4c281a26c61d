"""A script gets the same answers here as from SageMaker's public inference toolkits, which
``tools/compare_toolkits.py`` asked."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from toolkit_cases import ANSWERS, CASES, alike, ours

THEIRS = json.loads(ANSWERS.read_text())


@pytest.mark.parametrize("name", CASES)
def test_a_script_is_called_as_the_toolkits_call_it(
    name: str, shelf: Path, tmp_path: Path
) -> None:
    answers = ours(name, shelf / "onnx-ml_c5.tar.gz", tmp_path)
    pairs = list(zip(THEIRS[name], answers, strict=True))
    assert pairs
    differing = [
        (CASES[name]["requests"][place], theirs, answer)
        for place, (theirs, answer) in enumerate(pairs)
        if not alike(theirs, answer)
    ]
    assert not differing
