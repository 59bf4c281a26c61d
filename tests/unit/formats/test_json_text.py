"""neopack.formats.json_text: what is wrong with a document, in neopack's words."""

from __future__ import annotations

import pytest

from neopack.errors import Malformed
from neopack.formats.json_text import read_json


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"a": ' + 5000 * "9" + "}", "a number of 5000 digits, more than 4300"),
        ('{"a": 1,}', "is not JSON"),
        ("[" * 90_000, "nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(text: str, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        read_json(text, "m.json")
    assert read_json('{"a": [1e400, ' + 4300 * "1" + "]}", "m.json")


def test_numbers_are_finite_where_that_is_asked() -> None:
    assert read_json("[1.5, 1e300]", "m.json", finite=True) == [1.5, 1e300]
    for text in ("NaN", "-Infinity", "1e400"):
        with pytest.raises(Malformed, match=f"{text} is not a finite number"):
            read_json(f"[{text}]", "m.json", finite=True)
