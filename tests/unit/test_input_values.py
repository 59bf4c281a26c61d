"""``--input``: the shapes and dtypes that people write, and the answer to what is not one."""

from __future__ import annotations

import pytest

from neopack.cli._values import parse_inputs
from neopack.errors import UsageError


@pytest.mark.parametrize(
    ("text", "name", "shape", "dtype", "below"),
    [
        ("x=1,3,8,8", "x", (1, 3, 8, 8), None, None),
        ("x=1x3x8x8", "x", (1, 3, 8, 8), None, None),
        ("x=1\N{MULTIPLICATION SIGN}3", "x", (1, 3), None, None),
        ("x=(1, 3, 8, 8)", "x", (1, 3, 8, 8), None, None),
        ("x=[1,3]:fp32", "x", (1, 3), "float32", None),
        ("x=(7,)", "x", (7,), None, None),
        ("[2,3]", "input0", (2, 3), None, None),
        ("box=1x4:half", "box", (1, 4), "float16", None),
        ("ids=4:long:9", "ids", (4,), "int64", 9),
        ("serving_default_x:0=1,2", "serving_default_x:0", (1, 2), None, None),
    ],
)
def test_what_people_write(
    text: str, name: str, shape: tuple[int, ...], dtype: str | None, below: int | None
) -> None:
    (request,) = parse_inputs([text])
    assert (request.name, request.shape) == (name, shape)
    assert (request.dtype, request.below) == (dtype, below)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("x:1,3,8,8", "(write x=1,3,8,8)"),
        ("data 1x3", "(write data=1,3)"),
        ("x: (1, 3)", "(write x=1,3)"),
        ('{"data": [1, 3, 8, 8]}', "(write data=1,3,8,8)"),
        ("x=?,3", "'?' is not a positive"),
        ("x=-1,3", "'-1' is not a positive"),
        ("x=1,0", "'0' is not a positive"),
        ("x=1x0", "'1x0' is not a positive"),
        ("x=1,,2", "an empty dim"),
        ("x=:int64:5", "has no shape, and Neo takes no scalars"),
        ("x=[]", "has no shape"),
        ("x=scalar:int64", "has no shape"),
        ("x=(1,3", "'(1' is not a positive"),
        ("x=" + "9" * 5000, "is not a positive"),
        ("x=1:int", "no dtype 'int'"),
        ("x=1:long:" + "9" * 5000, "is not a bound"),
    ],
)
def test_what_is_answered(text: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_inputs([text])
    assert words in caught.value.line()
