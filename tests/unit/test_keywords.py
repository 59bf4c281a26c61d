"""Hints in Python's words, as a traceback in a notebook shows them."""

from __future__ import annotations

import pytest

from neopack.errors import UsageError
from neopack.keywords import in_python


@pytest.mark.parametrize(
    ("hint", "shown"),
    [
        ("give --force to replace it", "give force=True to replace it"),
        ("try --script", "try script=True"),
        ("leave --weights out", "leave weights out"),
        ("package with --framework-version 1.9", 'package with framework_version="1.9"'),
        ("give --input x=1,3,8,8", 'give inputs={"x": (1, 3, 8, 8)}'),
        ("leave it a SavedModel: --form saved-model", 'leave it a SavedModel: form="saved-model"'),
        ("say so with --missing nan", 'say so with missing=float("nan")'),
        ("raise it with --limit ratio=N", "raise it with --limit ratio=N"),
        ("neopack compile --backend sagemaker", "neopack compile --backend sagemaker"),
        ("no option at all", "no option at all"),
    ],
)
def test_options_become_keywords(hint: str, shown: str) -> None:
    assert in_python(hint) == shown
    error = UsageError("wrong", hint=hint)
    assert error.__notes__ == [shown]
    assert hint in error.line()
