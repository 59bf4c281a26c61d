"""Directed golden inputs: what real data holds, answered by the source itself."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack.goldens import directed, stability
from neopack.goldens.cases import GoldenCase, load_cases, save_cases
from neopack.goldens.directed import golden_cases
from neopack.goldens.inputs import random_inputs
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest


def cases(compute: directed.Compute, *requests: InputRequest) -> dict[str, GoldenCase]:
    examples = random_inputs(requests, 0)
    made = golden_cases(requests, examples, compute(examples), compute)
    return {case.name: case for case in made}


def request(
    name: str, *shape: int, dtype: str = "float32", below: int | None = None
) -> InputRequest:
    return InputRequest(name=name, shape=shape, dtype=dtype, below=below)


def same(inputs: Mapping[str, Array]) -> dict[str, Array]:
    return {"y": next(iter(inputs.values()))}


def test_what_draws_from_python_or_numpy_is_asked_often() -> None:
    for number in (random.random, np.random.rand):

        def by_chance(inputs: Mapping[str, Array], number: Any = number) -> dict[str, Array]:
            return {"y": inputs["x"] * (2 if number() < 0.05 else 1)}

        made = cases(by_chance, request("x", 2))
        assert made["first"].varies
    assert not cases(lambda inputs: {"y": inputs["x"] * 2}, request("x", 2))["first"].varies


def test_ids_come_padded_at_their_bound_and_repeated() -> None:
    ids = {
        name: case.inputs["ids"]
        for name, case in cases(same, request("ids", 3, 6, dtype="int64", below=50)).items()
    }
    assert (ids["padded-right"][:2, 3:] == 0).all()
    assert (ids["padded-right"][:2, :3] > 0).all()
    assert (ids["padded-left"][:2, :3] == 0).all()
    assert (ids["padded-left"][:2, 3:] > 0).all()
    assert (ids["padded-left"][2] == 0).all()
    assert (ids["zeros"] == 0).all()
    assert ids["large"].max() == 49
    assert all(array.min() >= 0 and array.max() < 50 for array in ids.values())
    assert len({array.tobytes() for array in ids.values()}) == len(ids), "each is another input"


def test_booleans_come_as_masks_of_both_meanings() -> None:
    masks = cases(same, request("mask", 2, 4, dtype="bool"))
    assert masks["padded-left"].inputs["mask"].tolist() == [
        [False, False, True, True],
        [False] * 4,
    ]
    assert masks["masked-right"].inputs["mask"].tolist() == [
        [False, False, True, True],
        [True] * 4,
    ]


@pytest.mark.parametrize("dtype", ["int8", "int32", "int64", "uint8", "uint64"])
def test_integers_without_a_bound_reach_those_of_their_type(dtype: str) -> None:
    large = cases(same, request("x", 7, dtype=dtype))["large"].inputs["x"]
    assert large.dtype == dtype
    assert large.max() > 2**40 or large.max() == np.iinfo(dtype).max


def test_offsets_of_the_user_stay() -> None:
    examples = {"ids": np.array([4, 2, 7]), "offsets": np.array([0, 2, 2])}
    requests = [request(name, 3, dtype="int64", below=9) for name in examples]
    for given in (True, False):
        made = golden_cases(requests, examples, examples, dict, given=given)
        stayed = [case.inputs["offsets"] is examples["offsets"] for case in made]
        assert all(stayed) == given
        assert len(made) > 3


def test_what_the_source_refuses_is_left_out() -> None:
    table = np.arange(9.0)
    names = cases(lambda given: {"y": table[given["ids"]]}, request("ids", 4, dtype="int64"))
    assert "large" not in names
    assert "zeros" in names


def test_a_source_that_takes_forever_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stability, "SECONDS", 0.2)

    def looping(given: Mapping[str, Array]) -> dict[str, Array]:
        for _ in itertools.repeat(None, max(0, int(given["n"][0]))):
            pass
        return dict(given)

    names = cases(looping, request("n", 3, dtype="int64"))
    assert "large" not in names
    assert "zeros" in names


def test_infinity_is_kept_where_the_answer_is_finite() -> None:
    def attention(given: Mapping[str, Array]) -> dict[str, Array]:
        weights = np.exp(given["mask"])
        return {"y": (given["x"] * 0 + 1) @ weights.T}

    names = cases(attention, request("x", 2, 3), request("mask", 2, 3))
    assert not names["negative-infinity-in-mask"].decides
    assert np.isinf(names["masked-row-of-mask"].inputs["mask"][-1]).all()
    assert not [name for name in names if name.endswith("infinity-in-x")]


def test_missing_values_are_kept_and_do_not_decide() -> None:
    names = cases(lambda given: {"y": np.sign(given["x"])}, request("x", 2, 3))
    assert np.isnan(names["nan-in-x"].outputs["y"]).any()
    assert not names["nan-in-x"].decides


def test_the_order_of_equal_values_does_not_decide() -> None:
    ordered = cases(lambda given: {"y": np.argsort(given["x"])}, request("x", 2, 9))
    smooth = cases(lambda given: {"y": given["x"] * 2}, request("x", 2, 9))
    assert [ordered[name].edges for name in ("zeros", "equal", "whole")] == [{"y"}] * 3
    assert [case.name for case in smooth.values() if not case.decides] == ["nan-in-x"]
    assert not any(case.edges for case in smooth.values())


@pytest.mark.parametrize(
    ("compute", "decides", "edges"),
    [
        (lambda x: np.sign(x), True, {"y"}),
        (lambda x: np.where(x == 0, 5, x), True, {"y"}),
        (lambda x: x / (np.abs(x) + np.float32(1e-6)), False, set()),
        (lambda x: x * 2, True, set()),
    ],
)
def test_only_what_jumps_right_beside_zeros_is_their_edge(
    compute: Any, decides: bool, edges: set[str]
) -> None:
    zeros = cases(lambda given: {"y": compute(given["x"])}, request("x", 2, 9))["zeros"]
    assert (zeros.decides, set(zeros.edges)) == (decides, edges)


def test_one_output_that_jumps_leaves_the_others_to_decide() -> None:
    def scores(given: Mapping[str, Array]) -> dict[str, Array]:
        return {"less": given["x"] - 1, "class": given["x"].argmax(-1)}

    made = cases(scores, request("x", 2, 9))
    assert [made[name].edges for name in ("zeros", "equal", "another")] == [
        {"class"},
        {"class"},
        set(),
    ]
    assert all(
        case.decides for name, case in made.items() if "-in-" not in name and "row" not in name
    )


def test_which_of_saturated_scores_come_first_does_not_decide() -> None:
    def detector(given: Mapping[str, Array]) -> dict[str, Array]:
        scores = np.minimum(np.abs(given["x"]), np.float32(2.5))
        order = np.argsort(-scores)[:5]
        return {"boxes": given["x"][order], "scores": scores[order]}

    kinds = cases(detector, request("x", 60))
    assert kinds["another"].decides, "its largest are apart"
    assert not kinds["large"].decides, "its largest are equal"


def test_an_output_that_is_always_the_same_ranks_nothing() -> None:
    def branching(given: Mapping[str, Array]) -> dict[str, Array]:
        x = given["x"]
        return {"y": x * 2 if x.sum() > 0 else x - 1, "ones": np.ones((2, 4), np.float32)}

    kinds = cases(branching, request("x", 2, 4))
    assert all(kinds[name].decides for name in ("another", "negative", "large"))


def test_an_answer_without_a_number_does_not_decide() -> None:
    kinds = cases(lambda given: {"y": given["x"][given["x"] < 5]}, request("x", 60))
    empty = cases(lambda given: {"y": given["x"][given["x"] > 5]}, request("x", 60))
    assert kinds["another"].decides
    assert not empty["another"].decides


def test_what_rounding_alone_moves_does_not_decide() -> None:
    def amplified(given: Mapping[str, Array]) -> dict[str, Array]:
        return {"y": np.sin(given["x"].astype(np.float64) * 3e3)}

    def floored(given: Mapping[str, Array]) -> dict[str, Array]:
        return {"y": np.floor(given["x"] * 2)}

    request_of_x = request("x", 2, 9)
    assert not cases(amplified, request_of_x)["large"].decides
    assert cases(floored, request_of_x)["whole"].decides


def test_what_rounding_moves_altogether_does_not_decide() -> None:
    def chaotic(given: Mapping[str, Array]) -> dict[str, Array]:
        return {"y": np.sin(np.arange(1, 20) * given["x"].astype(np.float64).sum() * 3e7)}

    assert not cases(chaotic, request("x", 2, 9))["large"].decides


def test_a_large_model_has_the_first_case_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directed, "MOST_BYTES", 100)
    assert list(cases(same, request("x", 30))) == ["first"]


def test_a_set_is_read_back_as_it_was(tmp_path: Path) -> None:
    cases_of_a = cases(same, request("a/b", 2, 3), request("ids", 4, dtype="int64"))
    cases_of_a["zeros"] = replace(cases_of_a["zeros"], edges=frozenset({"y"}))
    made = tuple(cases_of_a.values())
    saved = save_cases(tmp_path / "set.npz", made, seed=3)
    read = load_cases(tmp_path / "set.npz")
    assert saved.cases == tuple(case.name for case in made)
    assert [(case.name, case.decides, case.edges) for case in read] == [
        (case.name, case.decides, case.edges) for case in made
    ]
    for one, other in zip(read, made, strict=True):
        for name, array in other.inputs.items():
            np.testing.assert_array_equal(one.inputs[name], array)
        np.testing.assert_array_equal(one.outputs["y"], other.outputs["y"])


def test_a_number_alone_counts_no_further_than_a_loop_should_run() -> None:
    counted: list[int] = []

    def loop(inputs: Mapping[str, Array]) -> dict[str, Array]:
        counted.append(int(inputs["times"].max()))
        return same(inputs)

    for shape in ((), (1,)):
        cases(loop, request("times", *shape, dtype="int64"))
    assert max(counted) < 1000
    ids = cases(same, request("ids", 2, dtype="int64"))["large"].inputs["ids"]
    assert ids.max() > 2**40
