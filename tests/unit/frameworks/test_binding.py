"""Which parameter each input that a user names is given to."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import pytest

from neopack.errors import UsageError
from neopack.frameworks import structures
from neopack.frameworks.binding import BindBy, bind, parameters_of
from neopack.values.signature import InputRequest


class Pair(NamedTuple):
    ids: str
    mask: str


@dataclasses.dataclass
class Batch:
    ids: str
    mask: str = "none"


def two(input_ids: str, attention_mask: str) -> None: ...
def optional(x: str, y: str = "", z: str = "") -> None: ...
def all_optional(input_ids: str = "", attention_mask: str = "", **options: str) -> None: ...
def by_keyword(x: str, *, mask: str) -> None: ...
def positional_only(a: str, b: str, /) -> None: ...
def variadic(*tensors: str) -> None: ...
def one_and_more(x: str, *more: str) -> None: ...
def keywords(**tensors: str) -> None: ...
def a_dict(batch: dict[str, str]) -> None: ...
def a_pair(batch: Pair, w: str) -> None: ...
def a_record(batch: Batch) -> None: ...
def a_list(xs: list[str]) -> None: ...
def unannotated(batch, w=""): ...  # type: ignore[no-untyped-def]


def called(
    function: Callable[..., Any], names: Sequence[str], by: BindBy | None = None
) -> tuple[list[Any], dict[str, Any]]:
    """The arguments, where each input's value is its name."""
    takes = parameters_of(function, "forward")
    requests = [InputRequest(name=name, shape=(1,)) for name in names]
    bound = bind(takes, requests, "model.py:build", by)
    return bound.arguments([request.name for request in bound.requests])


@pytest.mark.parametrize(
    ("function", "names", "arguments", "named"),
    [
        (two, ["attention_mask", "input_ids"], ["input_ids", "attention_mask"], {}),
        (two, ["input1", "input0"], ["input0", "input1"], {}),
        (optional, ["image"], ["image"], {}),
        (optional, ["z", "x"], ["x"], {"z": "z"}),
        (optional, ["y", "x"], ["x", "y"], {}),
        (all_optional, ["attention_mask"], [], {"attention_mask": "attention_mask"}),
        (all_optional, ["input0"], ["input0"], {}),
        (by_keyword, ["mask", "x"], ["x"], {"mask": "mask"}),
        (positional_only, ["b", "a"], ["a", "b"], {}),
        (variadic, ["b", "a"], ["b", "a"], {}),
        (one_and_more, ["b", "a", "x"], ["x", "b", "a"], {}),
        (keywords, ["b", "a"], [], {"b": "b", "a": "a"}),
        (a_dict, ["mask", "ids"], [{"mask": "mask", "ids": "ids"}], {}),
        (a_dict, ["batch.b", "batch.a.c"], [{"b": "batch.b", "a": {"c": "batch.a.c"}}], {}),
        (unannotated, ["batch.b", "batch.a"], [{"b": "batch.b", "a": "batch.a"}], {}),
        (unannotated, ["w", "batch.1", "batch.0"], [("batch.0", "batch.1"), "w"], {}),
        (a_list, ["xs.1", "xs.0"], [["xs.0", "xs.1"]], {}),
        (a_pair, ["w", "batch.mask", "batch.ids"], [Pair("batch.ids", "batch.mask"), "w"], {}),
        (a_record, ["ids"], [Batch("ids")], {}),
    ],
)
def test_an_input_goes_where_its_name_says(
    function: Callable[..., Any], names: list[str], arguments: list[Any], named: dict[str, Any]
) -> None:
    assert called(function, names) == (arguments, named)


@pytest.mark.parametrize("function", [two, positional_only, variadic, optional])
def test_positions_count_where_that_was_said(function: Callable[..., Any]) -> None:
    assert called(function, ["mask", "ids"], "positional") == (["mask", "ids"], {})


def test_eleven_inputs_are_in_the_order_of_their_numbers() -> None:
    names = [f"input{place}" for place in range(11)]
    assert called(variadic, sorted(names))[0] == names


@pytest.mark.parametrize(
    ("function", "names", "message", "hints"),
    [
        (two, ["mask", "ids"], "no input 'mask'", ("mean attention_mask?", "--bind positional")),
        (two, ["input_ids", "mask"], "no input 'mask'", ("mean attention_mask?",)),
        (two, ["image"], "no input 'image'", ("takes input_ids, attention_mask",)),
        (two, ["input0", "input2"], "no input 'input0'", ("takes input_ids",)),
        (two, ["input_ids"], "'attention_mask' is not given", ()),
        (all_optional, ["ids"], "no input 'ids'", ("mean input_ids?",)),
        (all_optional, ["input_ids", "mask"], "no input 'mask'", ("mean attention_mask?",)),
        (by_keyword, ["x", "bias"], "no input 'bias'", ()),
        (one_and_more, ["b", "a"], "no input 'b'", ()),
        (unannotated, ["mask", "ids", "w2"], "no input 'mask'", ()),
        (a_record, ["batch", "batch.ids"], "given whole and in parts", ()),
    ],
)
def test_a_name_that_is_not_a_parameters_is_refused_with_the_nearest(
    function: Callable[..., Any], names: list[str], message: str, hints: tuple[str, ...]
) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        called(function, names)
    assert all(hint in caught.value.hint for hint in hints), caught.value.hint


def test_positions_are_not_offered_where_they_do_not_fit() -> None:
    with pytest.raises(UsageError) as caught:
        called(two, ["a", "b", "c"])
    assert "positional" not in caught.value.hint


def test_a_structure_takes_other_leaves_in_its_own_order() -> None:
    whole = {"z": ("a", ["b"]), "c": Pair("d", "e"), "f": Batch("g")}

    def is_text(value: Any) -> bool:
        return isinstance(value, str)

    paths = [".".join(path) for path, _ in structures.leaves(whole, is_text)]
    assert paths == ["z.0", "z.1.0", "c.ids", "c.mask", "f.ids", "f.mask"]
    assert structures.replaced(whole, iter("123456"), is_text) == {
        "z": ("1", ["2"]),
        "c": Pair("3", "4"),
        "f": Batch("5", "6"),
    }
