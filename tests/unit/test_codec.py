"""Values to JSON and back; what does not fit is named by its path."""

from __future__ import annotations

import dataclasses
import inspect
import json
import types
import typing
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.archive.manifest import ArchiveRecord, GoldenRecord, Manifest
from neopack.archive.write import MemberDigest
from neopack.artifacts.answer import Answer, OutputSummary
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.errors import Malformed
from neopack.formats.codec import from_json, to_json
from neopack.frameworks import ExportOptions, ExportTask
from neopack.frameworks.pytorch.options import PyTorchOptions
from neopack.frameworks.tensorflow.options import TensorFlowOptions
from neopack.frameworks.xgboost.options import XGBoostOptions
from neopack.values import artifact, evidence, finding, model, signature, target
from neopack.values.origin import Origin

KINDS = [
    kind
    for module in (artifact, evidence, finding, model, signature, target)
    for kind in vars(module).values()
    if inspect.isclass(kind) and dataclasses.is_dataclass(kind)
] + [
    Manifest, ArchiveRecord, GoldenRecord, MemberDigest, ArtifactManifest, Answer, OutputSummary,
    ExportOptions, ExportTask, PyTorchOptions, TensorFlowOptions, XGBoostOptions,
]  # fmt: skip
TEXT = st.text(st.characters(blacklist_categories=["Cs"]), max_size=8)
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: TEXT,
    int: st.integers(0, 2**62),
    float: st.floats(allow_nan=False, allow_infinity=False),
    bool: st.booleans(),
    Path: TEXT.filter(lambda text: "\0" not in text).map(Path),
    Any: st.one_of(st.none(), TEXT, st.integers(), st.lists(st.integers(), max_size=2)),
}
PLAIN[object] = PLAIN[Any]  # facts come back as JSON


def strategy(kind: Any) -> st.SearchStrategy[Any]:
    """Any value of a type that our values are made of."""
    if kind in PLAIN:
        return PLAIN[kind]
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        fields = {f.name: strategy(hints[f.name]) for f in dataclasses.fields(kind)}
        return st.builds(kind, **fields)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, types.UnionType):
        return st.one_of(*(st.none() if a is type(None) else strategy(a) for a in arguments))
    if origin is Literal:
        return st.sampled_from(arguments)
    if origin is tuple:
        return st.lists(strategy(arguments[0]), max_size=2).map(tuple)
    return st.dictionaries(TEXT, strategy(arguments[1]), max_size=2)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
@given(data=st.data())
def test_every_value_comes_back_the_same(kind: Any, data: st.DataObject) -> None:
    value = data.draw(strategy(kind))
    assert from_json(kind, json.loads(json.dumps(to_json(value)))) == value


SPEC = {"name": "x", "dtype": "float32", "shape": [1, None]}


@pytest.mark.parametrize(
    ("changes", "where"),
    [
        ({"inputs": [SPEC, SPEC | {"shape": [1, "2"]}]}, "inputs[1].shape[1]"),
        ({"inputs": [SPEC | {"shape": [True]}]}, "inputs[0].shape[0]"),
        ({"inputs": [SPEC | {"shape": 3}]}, "inputs[0].shape"),
        ({"inputs": [SPEC | {"name": None}]}, "inputs[0].name"),
        ({"inputs": [{"name": "x"}]}, "inputs[0]"),
        ({"inputs": {}}, "inputs"),
        ({"inputs": [[]]}, "inputs[0]"),
        ({}, ""),
    ],
)
def test_what_does_not_fit_is_named(changes: dict[str, Any], where: str) -> None:
    with pytest.raises(Malformed) as caught:
        from_json(signature.Signature, changes)
    assert caught.value.where == where


def test_words_for_what_does_not_fit() -> None:
    with pytest.raises(Malformed, match=r"lacks inputs$"):
        from_json(signature.Signature, {})
    with pytest.raises(Malformed, match=r"'fle' is not one of callable, file, object$"):
        from_json(Origin, {"kind": "fle", "source": "net.onnx"})


def test_a_field_that_is_not_known_is_left_out() -> None:
    assert from_json(signature.TensorSpec, {**SPEC, "later": 1}).name == "x"


def test_a_whole_number_is_a_float_too() -> None:
    row = {"name": "y", "dtype": "f", "shape": [], "top": [], "minimum": 1, "mean": 2.5}
    read = from_json(OutputSummary, {**row, "maximum": None})
    assert (read.minimum, read.mean, read.maximum) == (1.0, 2.5, None)
