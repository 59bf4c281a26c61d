"""Options: frozen, hashable, the same as keywords, and named by their digest."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from neopack import api, options
from neopack.errors import UsageError
from neopack.experiments import options as experiments
from neopack.experiments.options import ExperimentChoices, ExperimentOptions
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.loadtests import options as loads
from neopack.loadtests.options import LoadChoices, LoadOptions
from neopack.options import (
    BenchChoices,
    BenchOptions,
    CheckChoices,
    CheckOptions,
    CompileChoices,
    CompileOptions,
    DeployOptions,
    JobOptions,
    Options,
    PackageChoices,
    PackageOptions,
    PolicyOptions,
    WaitOptions,
    chosen,
)
from neopack.serving import options as serving
from neopack.serving.options import ServeChoices, ServeOptions

EXAMPLES: list[Options] = [
    PackageOptions(framework_options=(("script", True),)),
    CheckOptions(select=("NEO-PT",)),
    CompileOptions(precision="bf16"),
    JobOptions(role="arn:aws:iam::1:role/x", output="s3://b/p", tags=(("a", "b"),)),
    DeployOptions(instance="ml.c5.xlarge", environment=(("A", "1"),)),
    BenchOptions(seconds=3),
    WaitOptions(timeout=9),
    PolicyOptions(bucket="b", account="1" * 12),
    ServeOptions(workers=2, threads=4),
    LoadOptions(callers=(16,), rates=(50.0,)),
    ExperimentOptions(rounds=5),
]


def named(value: Options) -> str:
    return type(value).__name__


def test_every_class_of_options_is_tried() -> None:
    homes = (options, loads, experiments, serving)
    classes = {each for home in homes for each in vars(home).values() if isinstance(each, type)}
    assert {type(each) for each in EXAMPLES} == {
        each for each in classes if issubclass(each, Options) and each is not Options
    }


@pytest.mark.parametrize("value", EXAMPLES, ids=named)
def test_they_are_frozen_and_hashable(value: Any) -> None:
    assert hash(value) == hash(dataclasses.replace(value))
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, dataclasses.fields(value)[0].name, None)


def test_a_digest_follows_what_changes_the_result() -> None:
    plain = CompileOptions()
    assert plain.digest() == CompileOptions().digest()
    assert plain.digest() != CompileOptions(precision="bf16").digest()
    loose = dataclasses.replace(DEFAULT_LIMITS, members=9)
    assert plain.digest() == CompileOptions(force=True, limits=loose).digest()
    assert len({value.digest() for value in EXAMPLES}) == len(EXAMPLES)


@pytest.mark.parametrize(
    ("kind", "keywords", "more"),
    [
        (CheckOptions, CheckChoices, set()),
        (CompileOptions, CompileChoices, set()),
        (BenchOptions, BenchChoices, set()),
        (ServeOptions, ServeChoices, set()),
        (LoadOptions, LoadChoices, set()),
        (ExperimentOptions, ExperimentChoices, set()),
        (
            PackageOptions,
            PackageChoices,
            {
                "script",
                "bind",
                "signature",
                "tags",
                "form",
                "outputs",
                "constants",
                "quantize",
                "calibration",
                "trust_pickle",
                "preprocessing",
                "missing",
            },
        ),
    ],
)
def test_keywords_are_the_fields(kind: Any, keywords: Any, more: set[str]) -> None:
    own = {each.name for each in dataclasses.fields(kind)} - {"framework_options"}
    assert set(keywords.__annotations__) == own | more


def test_keywords_build_a_value() -> None:
    base = PackageOptions(level=9)
    value = chosen(PackageOptions, base, {"code": "there", "tags": ["serve"], "ignore": ["NEO-A"]})
    assert value == PackageOptions(
        level=9,
        code=Path("there"),
        ignore=("NEO-A",),
        framework_options=(("tags", ("serve",)),),
    )


@pytest.mark.parametrize(
    ("kind", "keyword", "near"),
    [(CompileOptions, "precisoin", "precision"), (PackageOptions, "taregt", "target")],
)
def test_an_unknown_keyword_is_told_with_the_nearest(kind: Any, keyword: str, near: str) -> None:
    with pytest.raises(UsageError, match=keyword) as caught:
        chosen(kind, None, {keyword: "x"})
    assert caught.value.hint == f"did you mean {near}?"


@pytest.mark.parametrize(
    ("kind", "choices", "said"),
    [
        (CompileOptions, {"max_difference": "0.1"}, "max_difference is '0.1', not a number"),
        (CompileOptions, {"max_accuracy_drop": True}, "max_accuracy_drop is True, not a number"),
        (CompileOptions, {"max_difference": 10**400}, "max_difference is 10*, not a number"),
        (CompileOptions, {"metric": len}, "metric is <built-in.*, not a string"),
        (CompileOptions, {"engine": ["tvm"]}, r"engine is \('tvm',\), not a string"),
        (CompileOptions, {"precision": 8}, "precision is 8, not a string"),
        (CompileOptions, {"level": 1.5}, "level is 1.5, not a whole number"),
        (CompileOptions, {"force": "no"}, "force is 'no', not true or false"),
        (CompileOptions, {"inputs": 3}, "inputs is 3, not a list"),
        (CompileOptions, {"inputs": {"x": 3}}, "input 'x': its first dim is '3', not a range"),
        (PackageOptions, {"code": 3}, "code is 3, not a path"),
        (BenchOptions, {"seconds": None}, "seconds is None, not a number"),
        (ServeOptions, {"port": "8080"}, "port is '8080', not a whole number"),
    ],
)
def test_a_value_of_another_type_is_refused(kind: Any, choices: Any, said: str) -> None:
    with pytest.raises(UsageError, match=f"^{said}") as refused:
        chosen(kind, None, choices)
    assert len(refused.value.line().splitlines()) == 1


def test_numbers_may_be_numpys() -> None:
    value = chosen(CompileOptions, None, {"max_difference": np.float32(0.5), "level": np.int8(2)})
    assert value == CompileOptions(max_difference=0.5, level=2)
    assert value.digest() == CompileOptions(max_difference=0.5, level=2).digest()


def test_options_of_another_class_are_refused() -> None:
    with pytest.raises(UsageError, match="options is a CheckOptions"):
        chosen(PackageOptions, CheckOptions(), {})


def test_one_text_is_one_of_several() -> None:
    assert chosen(CheckOptions, None, {"ignore": "NEO-PT"}).ignore == ("NEO-PT",)


@pytest.mark.parametrize("choices", [{"poll": float("nan")}, {"poll": -1}, {"timeout": -0.5}])
def test_seconds_to_wait_are_0_or_more(choices: dict[str, float]) -> None:
    with pytest.raises(UsageError, match="must be 0 or more"):
        WaitOptions(**choices)  # type: ignore[arg-type]


def test_the_api_has_every_name_that_it_lists() -> None:
    assert [name for name in api.__all__ if not callable(getattr(api, name))] == ["support"]
