"""What is read from TensorFlow's bytes, against TensorFlow's own protobufs."""

from __future__ import annotations

import math
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import Malformed, SourceError
from neopack.formats.files import FolderFiles, PlacedFiles
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks import registry
from neopack.frameworks.tensorflow.dtypes import DTYPES, NAMES, dtype_of
from neopack.frameworks.tensorflow.facts import (
    FrozenGraphFacts,
    SavedModelFacts,
    SignatureTensors,
    TensorFlowFacts,
)
from neopack.frameworks.tensorflow.read import read, recognize
from neopack.values.model import ModelInfo, facts_of

FIXTURES = Path(__file__).parents[3] / "fixtures"
ROOT = FIXTURES / "tensorflow"
SAVED = [
    "1.15/saved-model",
    "1.15/no-signature",
    "2/saved-model",
    "2/two-inputs",
    "2/keras",
    "2.9/keras",
    "2.9/trained",
]
GRAPHS = ["1.15/frozen.pb", "1.15/training.pb", "1.15/not-frozen.pb", "2/frozen.pb"]


def info(path: str) -> ModelInfo:
    file = ROOT / path
    return read(FolderFiles(file.parent), file.name)


def words(path: Path) -> str | None:
    with FileSource(path) as source:
        return recognize(source)


# --- recognizing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("2/saved-model/saved_model.pb", "TensorFlow SavedModel"),
        ("1.15/saved-model/saved_model.pb", "TensorFlow SavedModel"),
        ("1.15/frozen.pb", "TensorFlow GraphDef"),
        ("2/frozen.pbtxt", "TensorFlow GraphDef, as text"),
        ("1.15/checkpoint/checkpoint", "TensorFlow checkpoint's list, as text"),
        ("1.15/checkpoint/model.ckpt-7.meta", "TensorFlow checkpoint's graph (.meta)"),
        ("1.15/checkpoint/model.ckpt-7.index", "TensorFlow checkpoint's index"),
        ("1.15/checkpoint/model.ckpt-7.data-00000-of-00001", None),
        ("2.9/keras/keras_metadata.pb", None),
        ("2/keras/fingerprint.pb", None),
    ],
)
def test_forms_are_told_by_bytes(path: str, form: str | None) -> None:
    assert words(ROOT / path) == form


@pytest.mark.parametrize("path", sorted((FIXTURES / "onnx").glob("*.onnx")), ids=lambda p: p.name)
def test_an_onnx_model_is_none_of_ours(path: Path) -> None:
    assert words(path) is None


@pytest.mark.parametrize("path", [*GRAPHS, *(f"{name}/saved_model.pb" for name in SAVED)])
def test_no_other_framework_takes_ours(path: str) -> None:
    with FileSource(ROOT / path) as source:
        takers = [n for n in registry.names() if registry.get(n).recognize(source)]
    assert takers == ["TENSORFLOW"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\n\x03abc",
        b"\x08\x01\x12\x00",
        b"\x0a\x04\x0a\x02a b",
        b"node: 1",
        b"PK\x03\x04" * 9,
    ],
)
def test_other_bytes_are_not(data: bytes) -> None:
    assert recognize(BytesSource("m", data)) is None


def test_a_text_that_only_begins_like_a_graph_is_refused(tmp_path: Path) -> None:
    (tmp_path / "g.pbtxt").write_bytes(b"node { name: 1 }")
    with pytest.raises(Malformed) as caught:
        read(FolderFiles(tmp_path), "g.pbtxt")
    assert caught.value.offset == 13


# --- against TensorFlow's protobufs ---------------------------------------------------------


def test_types_are_tensorflows() -> None:
    import tensorflow as tf
    from tensorflow.core.framework import types_pb2

    assert dict(types_pb2.DataType.items()) == NAMES
    for number, (word, bits) in DTYPES.items():
        known = tf.dtypes.as_dtype(number)
        assert {"str": "string"}.get(word, word) == known.name
        if bits >= 8:
            assert bits == 8 * known.size
    assert dtype_of(101) == ("float32", 32)


def saved_model(name: str) -> Any:
    from tensorflow.core.protobuf import saved_model_pb2

    return saved_model_pb2.SavedModel.FromString((ROOT / name / "saved_model.pb").read_bytes())


def operators(graph: Any) -> Counter[str]:
    """Of the graph and of the functions that it reaches."""
    nodes, library = list(graph.node), {f.signature.name: f for f in graph.library.function}
    for node in nodes:
        listed = [a.func.name for a in node.attr.values()]
        listed += [f.name for a in node.attr.values() for f in a.list.func]
        for name in [*listed, node.op]:
            nodes += library.pop(name).node_def if name in library else []
    return Counter(node.op for node in nodes)


def dims(shape: Any) -> tuple[int | None, ...]:
    return tuple(dim.size if dim.size >= 0 else None for dim in shape.dim)


@pytest.mark.parametrize("name", SAVED)
def test_a_saved_model_as_tensorflow_reads_it(name: str) -> None:
    import tensorflow as tf

    (meta,) = saved_model(name).meta_graphs
    found = info(f"{name}/saved_model.pb")
    facts = facts_of(found, SavedModelFacts)
    assert found.operators == operators(meta.graph_def)
    assert facts.nodes == sum(operators(meta.graph_def).values())
    assert found.versions["tensorflow"] == meta.meta_info_def.tensorflow_version
    assert facts.producer == meta.graph_def.versions.producer
    assert facts.min_consumer == meta.graph_def.versions.min_consumer
    assert facts.tags == (tuple(meta.meta_info_def.tags),)
    library = meta.graph_def.library.function
    assert facts.functions == tuple(sorted(f.signature.name for f in library))
    assert facts.objects == meta.HasField("object_graph_def")
    signatures = {k: s for k, s in meta.signature_def.items() if not k.startswith("__saved")}
    assert facts.signatures == {
        key: SignatureTensors(
            inputs={k: i.name for k, i in sorted(s.inputs.items())},
            outputs={k: i.name for k, i in sorted(s.outputs.items())},
        )
        for key, s in signatures.items()
    }
    if signatures:
        chosen = signatures["serving_default"]
        assert found.signature is not None
        for specs, given in (
            (found.signature.inputs, chosen.inputs),
            (found.signature.outputs, chosen.outputs),
        ):
            assert [(s.name, s.dtype, s.shape) for s in specs] == [
                (k, tf.dtypes.as_dtype(i.dtype).name, dims(i.tensor_shape))
                for k, i in sorted(given.items())
            ]


@pytest.mark.parametrize("name", SAVED)
def test_variables_as_tensorflow_lists_them(name: str) -> None:
    import tensorflow as tf

    listed = tf.train.list_variables(str(ROOT / name / "variables" / "variables"))
    others = ("_CHECKPOINTABLE", "save_counter", "optimizer/", "keras_api/metrics/")
    kept = [(n, s) for n, s in listed if not n.startswith(others)]
    own = [(n, s) for n, s in kept if ".OPTIMIZER_SLOT" not in n]
    found = info(f"{name}/saved_model.pb")
    assert facts_of(found, SavedModelFacts).variables == len(own)
    assert found.parameters == sum(math.prod(shape) for _, shape in own)
    assert found.dtypes == {"float32": len(own)}


@pytest.mark.parametrize("name", GRAPHS)
def test_a_graph_as_tensorflow_reads_it(name: str) -> None:
    import tensorflow as tf

    graph = tf.compat.v1.GraphDef.FromString((ROOT / name).read_bytes())
    found = info(name)
    assert found.operators == operators(graph)
    placeholders = [node for node in graph.node if node.op == "Placeholder"]
    assert facts_of(found, TensorFlowFacts).placeholders == tuple(
        node.name for node in placeholders
    )
    assert found.signature is not None
    assert [(s.dtype, s.shape) for s in found.signature.inputs] == [
        (tf.dtypes.as_dtype(n.attr["dtype"].type).name, dims(n.attr["shape"].shape))
        for n in placeholders
    ]
    floats = [n.attr["value"].tensor for n in graph.node if n.op == "Const"]
    floats = [tensor for tensor in floats if tensor.dtype == tf.float32.as_datatype_enum]
    assert found.parameters == sum(math.prod(d.size for d in t.tensor_shape.dim) for t in floats)


@pytest.mark.parametrize("name", ["1.15/frozen", "2/frozen"])
def test_text_and_binary_tell_the_same(name: str) -> None:
    binary, text = info(f"{name}.pb"), info(f"{name}.pbtxt")
    in_text, in_binary = (facts_of(i, FrozenGraphFacts) for i in (text, binary))
    assert in_text.text is True
    assert in_binary.text is False
    assert replace(text, facts=replace(in_text, text=False)) == binary


def test_a_text_saved_model_tells_the_same(tmp_path: Path) -> None:
    from google.protobuf import text_format

    text = text_format.MessageToString(saved_model("2/saved-model"))
    (tmp_path / "saved_model.pbtxt").write_text(text, "utf-8")
    alone = read(FolderFiles(tmp_path), "saved_model.pbtxt")
    binary = info("2/saved-model/saved_model.pb")
    assert alone.signature == binary.signature
    assert alone.operators == binary.operators
    facts = facts_of(alone, SavedModelFacts)
    assert facts.variables is None
    assert replace(facts, text=False, variables=3) == binary.facts


# --- what else is told ----------------------------------------------------------------------


def test_gradients_and_ends_of_a_training_graph() -> None:
    facts = facts_of(info("1.15/training.pb"), FrozenGraphFacts)
    assert facts.training == {"ReluGrad": 1}
    assert ("dangling", "Identity") in facts.outputs


def test_keras_own_classes_are_told() -> None:
    assert facts_of(info("2.9/keras/saved_model.pb"), SavedModelFacts).keras
    assert not facts_of(info("2/keras/saved_model.pb"), SavedModelFacts).keras


def test_a_graph_that_is_not_frozen() -> None:
    assert facts_of(info("1.15/not-frozen.pb"), FrozenGraphFacts).loose_variables == {
        "VariableV2": 3
    }


def test_what_is_newer_than_one_fifteen() -> None:
    assert facts_of(info("1.15/saved-model/saved_model.pb"), TensorFlowFacts).newer == ()
    newer = facts_of(info("2/saved-model/saved_model.pb"), TensorFlowFacts).newer
    assert "DisableCopyOnRead" in newer
    assert "VarHandleOp.debug_name" in newer


def test_functions_that_nothing_reaches_are_not_judged(tmp_path: Path) -> None:
    """TensorFlow 1.15 loads a SavedModel whatever such functions use, and refuses others."""
    (meta,) = saved_model("2.9/trained").meta_graphs
    everything = {n.op for f in meta.graph_def.library.function for n in f.node_def}
    assert "AdamOptimizer" not in everything  # it is in the graph of objects alone
    facts = facts_of(info("2.9/trained/saved_model.pb"), SavedModelFacts)
    assert facts.newer == facts.random == ()
    assert facts.training == {}
    for name, newer in (("batch_normalization", ()), ("wrapped_model", ("Tomorrow",))):
        changed = saved_model("2.9/keras")
        functions = changed.meta_graphs[0].graph_def.library.function
        chosen = [f for f in functions if name in f.signature.name] or [functions.add()]
        chosen[0].node_def.add(name="new", op="Tomorrow")
        (tmp_path / "saved_model.pb").write_bytes(changed.SerializeToString())
        found = read(FolderFiles(tmp_path), "saved_model.pb")
        assert facts_of(found, SavedModelFacts).newer == newer


def written(tmp_path: Path, **signatures: Any) -> SavedModelFacts:
    import tensorflow as tf

    module = tf.Module()
    module.kept = list(signatures.values())
    tf.saved_model.save(module, str(tmp_path / "m"), signatures=signatures)
    return facts_of(read(FolderFiles(tmp_path / "m"), "saved_model.pb"), SavedModelFacts)


def test_random_operators_behind_the_signature_are_told(tmp_path: Path) -> None:
    import tensorflow as tf

    row = tf.TensorSpec([2, 3], tf.float32, name="x")

    def noisy(x: Any) -> Any:
        return {"y": x + tf.random.normal([2, 3])}

    def branch(x: Any) -> Any:
        drawn = lambda: tf.nn.dropout(x, 0.5)  # noqa: E731 - in a function of its own
        return {"y": tf.cond(tf.reduce_sum(x) > 0, drawn, lambda: x)}

    def stateless(x: Any) -> Any:
        return {"y": x + tf.random.stateless_normal([2, 3], [1, 2])}

    for name, function, expected in (
        ("noisy", noisy, ("RandomStandardNormal",)),
        ("branch", branch, ("RandomUniform",)),
        ("stateless", stateless, ()),
    ):
        traced = tf.function(function, input_signature=[row]).get_concrete_function()
        assert written(tmp_path / name, serving_default=traced).random == expected


def test_random_operators_of_another_signature_are_not(tmp_path: Path) -> None:
    import tensorflow as tf

    row = [tf.TensorSpec([2, 3], tf.float32, name="x")]
    plain = tf.function(lambda x: {"y": x * 2}, input_signature=row).get_concrete_function()
    noisy = tf.function(
        lambda x: {"y": x + tf.random.uniform([2, 3])}, input_signature=row
    ).get_concrete_function()
    assert written(tmp_path, serving_default=plain, sample=noisy).random == ()


def test_a_default_that_turns_dropout_off(tmp_path: Path) -> None:
    """As Keras writes it in TensorFlow 1, with its learning phase."""
    import tensorflow as tf

    v1 = tf.compat.v1
    for switched, expected in ((True, ()), (False, ("RandomUniform",))):
        with tf.Graph().as_default() as graph:
            x = v1.placeholder(tf.float32, [1, 4], name="x")
            drawn = x + tf.random.uniform([1, 4])
            if switched:
                phase = v1.placeholder_with_default(False, [], name="learning_phase")
                drawn = tf.where(phase, drawn, x)
            tf.identity(drawn, name="y")
        (tmp_path / "g.pb").write_bytes(graph.as_graph_def().SerializeToString())
        found = read(FolderFiles(tmp_path), "g.pb")
        assert facts_of(found, FrozenGraphFacts).random == expected


def test_a_lost_shard_is_told(tmp_path: Path) -> None:
    folder = ROOT / "2/saved-model"
    names = ["saved_model.pb", "variables/variables.index"]
    files = PlacedFiles("some", {name: folder / name for name in names})
    found = read(files, "saved_model.pb")
    assert facts_of(found, SavedModelFacts).shards_missing == (
        "variables/variables.data-00000-of-00001",
    )


def test_an_index_that_is_lost_is_told() -> None:
    folder = ROOT / "2/saved-model"
    names = ["saved_model.pb", "variables/variables.data-00000-of-00001"]
    found = read(PlacedFiles("some", {name: folder / name for name in names}), "saved_model.pb")
    assert facts_of(found, SavedModelFacts).shards_missing == ("variables/variables.index",)


@pytest.mark.parametrize(("kept", "told"), [(-1, True), (0, True), (None, False)])
@pytest.mark.parametrize("model", ["1.15/saved-model", "2/saved-model", "2.9/trained"])
def test_a_shard_that_is_cut_off_is_told(
    model: str, kept: int | None, told: bool, tmp_path: Path
) -> None:
    copy, shard = tmp_path / "m", "variables/variables.data-00000-of-00001"
    shutil.copytree(ROOT / model, copy)
    (copy / shard).write_bytes((copy / shard).read_bytes()[:kept])
    found = read(FolderFiles(copy), "saved_model.pb")
    assert facts_of(found, SavedModelFacts).shards_cut == ((shard,) if told else ())


@pytest.mark.parametrize("name", ["checkpoint", "model.ckpt-7.meta", "model.ckpt-7.index"])
def test_a_checkpoint_is_refused_with_the_way_out(name: str) -> None:
    with pytest.raises(SourceError) as caught:
        info(f"1.15/checkpoint/{name}")
    assert "saved_model" in caught.value.hint


@pytest.mark.parametrize("name", ["1.15/saved-model", "2/saved-model", "2.9/keras"])
def test_a_compiler_sees_what_freezing_leaves(name: str) -> None:
    model, variables = info(f"{name}/saved_model.pb"), {"VarHandleOp", "VariableV2", "SaveV2"}
    imported = facts_of(model, SavedModelFacts).imported
    assert "MatMul" in imported
    assert variables & model.operators.keys()
    assert not variables & imported.keys()


def test_a_compiler_sees_all_of_a_frozen_graph() -> None:
    model = info("1.15/not-frozen.pb")
    assert facts_of(model, FrozenGraphFacts).imported.keys() == model.operators.keys()
