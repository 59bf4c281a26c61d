"""Symbols of every MXNet, read without it, and what their parameters say with them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import LimitExceeded, Malformed, NotRecognized
from neopack.formats.codec import to_json
from neopack.formats.files import FolderFiles, PlacedFiles
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.mxnet import file_names, read, symbol, symbol_graph
from neopack.frameworks.mxnet.facts import ArrayFacts, SymbolFacts
from neopack.frameworks.mxnet.symbol import Symbol
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import Shape

FIXTURES = Path(__file__).parents[3] / "fixtures" / "mxnet"
VERSIONS = ("0.9.5", "0.11.0", "1.5.1", "1.8.0", "1.9.1")


def read_fixture(folder: str) -> ModelInfo:
    files = FolderFiles(FIXTURES / folder)
    return read.read(files, file_names.symbols(files.names())[0])


def inputs(info: ModelInfo) -> dict[str, Shape]:
    assert info.signature is not None
    return {spec.name: spec.shape for spec in info.signature.inputs}


def node(op: str, name: str, *taken: int, **more: Any) -> dict[str, Any]:
    return {"op": op, "name": name, "inputs": [[place, 0, 0] for place in taken], **more}


def document(*nodes: dict[str, Any], heads: Any = None, **more: Any) -> dict[str, Any]:
    last = len(nodes) - 1
    return {"nodes": list(nodes), "arg_nodes": [], "heads": heads or [[last, 0, 0]], **more}


def loaded(made: Any) -> Symbol:
    return symbol.load(BytesSource("m-symbol.json", json.dumps(made).encode()))


# --- what the fixtures are ------------------------------------------------------------------


@pytest.mark.parametrize("version", VERSIONS)
def test_every_versions_checkpoint_tells_the_same(version: str) -> None:
    info = read_fixture(f"mxnet-{version}")
    assert info.versions == {"mxnet": version}
    assert inputs(info) == {"data": (None, 3, None, None), "softmax_label": (None,)}
    assert info.operators == {
        "Activation": 1, "BatchNorm": 1, "Convolution": 1, "Flatten": 1, "FullyConnected": 1,
        "Pooling": 1, "SoftmaxOutput": 1,
    }  # fmt: skip
    assert (info.parameters, info.parameter_bytes, info.dtypes) == (239, 956, {"float32": 8})
    facts = facts_of(info, SymbolFacts)
    assert facts.labels == ("softmax_label",)
    assert facts.outputs == ("softmax",)
    problems = ("missing", "extra", "misfits", "cycle", "dangling", "forward_references")
    assert not any(getattr(info.facts, problem) for problem in problems)


def test_a_gluon_export_has_no_label() -> None:
    info = read_fixture("gluon")
    assert inputs(info) == {"data": (None, 3, None, None)}
    assert not facts_of(info, SymbolFacts).labels


def test_shapes_that_sagemaker_keeps_beside_are_taken() -> None:
    assert inputs(read_fixture("sagemaker")) == {"data": (1, 3, 8, 8), "softmax_label": (1,)}


@pytest.mark.parametrize("text", ["", "{", "{}", "[1]", '[{"name": "data", "shape": "8"}]'])
def test_shapes_that_make_no_sense_are_not(tmp_path: Path, text: str) -> None:
    for path in (FIXTURES / "sagemaker").iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    (tmp_path / "model-shapes.json").write_text(text)
    info = read.read(FolderFiles(tmp_path), "model-symbol.json")
    assert inputs(info)["data"] == (None, 3, None, None)


@pytest.mark.parametrize(
    ("folder", "fact", "said"),
    [
        ("cycle", "cycle", ["net_relu0_fwd", "net_flatten0_flatten0", "net_batchnorm0_fwd"]),
        ("custom-operator", "custom_operators", ["triple"]),
        ("loop", "subgraphs", ["_foreach"]),
        ("channel-last", "channel_last", ["conv"]),
        ("misfit", "missing", ["net_conv0_weight"]),
        ("misfit", "extra", ["another"]),
        ("misfit", "misfits", {"net_dense0_weight": "is [5, 144], the symbol has [3, ?]"}),
        ("plain-parameters", "missing", []),
    ],
)
def test_what_is_odd_about_a_model(folder: str, fact: str, said: Any) -> None:
    assert to_json(getattr(read_fixture(folder).facts, fact)) == said


def test_parameters_of_save_parameters_have_no_kinds() -> None:
    unprefixed = facts_of(read_fixture("plain-parameters"), ArrayFacts).unprefixed
    assert unprefixed[0] == "0.weight"
    assert len(unprefixed) == 8


@pytest.mark.parametrize(
    ("folder", "notes"),
    [
        ("gluon", ()),
        ("mxnet-1.8.0", ("inputs that are labels: softmax_label",)),
        (
            "misfit",
            (
                "parameters that are missing: net_conv0_weight",
                "parameters that the symbol does not have: another",
                "parameters of another shape than the symbol's: net_dense0_weight",
            ),
        ),
    ],
)
def test_a_person_is_told_what_is_odd(folder: str, notes: tuple[str, ...]) -> None:
    assert read_fixture(folder).notes == notes


def test_a_person_is_told_of_sparse_arrays_and_of_what_is_not_beside() -> None:
    info = read.read(FolderFiles(FIXTURES / "arrays"), "sparse.params")
    assert info.notes == ("sparse arrays: 1 csr, 2 row_sparse",)
    alone = PlacedFiles("m", {"m.json": FIXTURES / "gluon" / "gluon-symbol.json"})
    assert read.read(alone, "m.json").notes == ("no parameters beside it",)


@pytest.mark.parametrize(
    ("name", "form"),
    [
        ("gluon/gluon-symbol.json", "symbol"), ("cycle/cycle-symbol.json", "symbol"),
        ("gluon/gluon-0000.params", "params"), ("arrays/numpy.npz", "npz"),
        ("sagemaker/model-shapes.json", None), ("arrays.json", None),
    ],
)  # fmt: skip
def test_forms_are_told_by_bytes(name: str, form: str | None) -> None:
    with FileSource(FIXTURES / name) as source:
        assert read.form(source) == form


def test_a_parameter_file_alone() -> None:
    info = read.read(FolderFiles(FIXTURES / "arrays"), "dtypes.params")
    assert (info.format, info.parameters, info.signature) == ("params", 24, None)
    assert sorted(info.dtypes) == [
        "bool", "float16", "float32", "float64", "int32", "int64", "int8", "uint8",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        b"", b"{}", b'{"learner": {}}', b'{"nodes": 1}', b'{"nodes": [1]}', b"[]",
        b'{"nodes": [{"op": "tvm_op", "name": "fused"}]}', b'{"name": "nodes"}',
    ],
)  # fmt: skip
def test_other_documents_are_not_taken_for_symbols(text: bytes) -> None:
    assert read.recognize(BytesSource("other.json", text)) is None


def test_what_is_none_of_mxnets_is_said_to_be_none() -> None:
    with pytest.raises(NotRecognized):
        read.read(FolderFiles(FIXTURES), "arrays.json")


def test_a_label_of_another_shape_is_left_open(tmp_path: Path) -> None:
    made = document(
        node("null", "data"),
        node("null", "softmax_label"),
        node("SoftmaxOutput", "softmax", 0, 1, attrs={"multi_output": "True"}),
    )
    (tmp_path / "m-symbol.json").write_text(json.dumps(made))
    info = read.read(FolderFiles(tmp_path), "m-symbol.json")
    assert inputs(info) == {"data": (), "softmax_label": ()}
    assert facts_of(info, SymbolFacts).labels == ("softmax_label",)


# --- symbols of other versions and of none --------------------------------------------------


def test_a_symbol_of_before_0_9() -> None:
    """ "param" beside "attr", entries of two numbers, no batch statistics and no version."""
    old = document(
        {"op": "null", "param": {}, "name": "data", "inputs": [], "backward_source_id": -1},
        {"op": "null", "param": {}, "name": "fc_weight", "inputs": []},
        {
            "op": "FullyConnected", "param": {"num_hidden": "3"}, "attr": {"ctx_group": "a"},
            "name": "fc", "inputs": [[0, 0], [1, 0]],
        },
        heads=[[2, 0]],
    )  # fmt: skip
    assert read.recognize(BytesSource("m.json", json.dumps(old).encode())) == "MXNet symbol"
    model = loaded(old)
    assert model.version == ""
    assert model.nodes[2].attributes == {"num_hidden": "3", "ctx_group": "a"}
    assert [entry.node for entry in model.nodes[2].inputs] == [0, 1]


def test_a_document_with_sorted_keys_is_a_symbol_too() -> None:
    made = document(
        node("null", "data"), node("relu", "r", 0), attrs={"mxnet_version": ["int", 1]}
    )
    text = json.dumps(made, sort_keys=True).encode()
    assert read.recognize(BytesSource("m.json", text)) == "MXNet symbol"


@pytest.mark.parametrize(
    ("attributes", "version"),
    [
        ({"mxnet_version": ["int", 10901]}, "1.9.1"), ({"mxnet_version": ["int", 905]}, "0.9.5"),
        ({"mxnet_version": "1.8"}, ""), ({}, ""), ([], ""), (None, ""),
    ],
)  # fmt: skip
def test_the_version_is_a_number(attributes: Any, version: str) -> None:
    assert loaded(document(node("null", "data"), attrs=attributes)).version == version


@pytest.mark.parametrize(
    ("made", "words"),
    [
        ([], "the document has no list of nodes"),
        ({"nodes": []}, "no list of heads"),
        ({"nodes": [], "heads": []}, "the symbol has no outputs"),
        (document({"op": "null"}), r"nodes\[0\] has no name"),
        (document({"name": "a", "op": 3}), r"nodes\[0\] has no op"),
        (document({"name": "a", "op": "null"}), r"nodes\[0\] has no list of inputs"),
        (document(node("null", "a", attrs=[])), "attrs is not an object"),
        (document(node("null", "a", subgraphs=3)), "subgraphs is not a list"),
        (document({"op": "a", "name": "a", "inputs": [[0]]}), "inputs has"),
        (document({"op": "a", "name": "a", "inputs": [[-1, 0, 0]]}), "inputs has"),
        (document({"op": "a", "name": "a", "inputs": [[True, 0, 0]]}), "inputs has"),
        (document(node("null", "a"), heads=[["0", 0, 0]]), "heads has"),
    ],
)
def test_what_a_symbol_must_have(made: Any, words: str) -> None:
    with pytest.raises(Malformed, match=words):
        loaded(made)


def test_a_cut_document_says_where() -> None:
    text = (FIXTURES / "gluon/gluon-symbol.json").read_bytes()[:500]
    with pytest.raises(Malformed, match="is not JSON") as caught:
        symbol.load(BytesSource("m", text))
    assert caught.value.offset is not None


def test_graphs_nested_without_end_are_refused() -> None:
    made = document(node("null", "a"))
    for _ in range(30):
        made = document(node("_cond", "c", subgraphs=[made]))
    with pytest.raises(Malformed, match="nested more than"):
        loaded(made)
    with pytest.raises(Malformed, match="is not JSON"):
        symbol.load(BytesSource("m", b'{"nodes":' * 100_000))


def test_a_symbol_larger_than_allowed_is_refused() -> None:
    text = json.dumps(document(node("null", "a"), node("null", "b"))).encode()
    with pytest.raises(LimitExceeded, match="records 2"):
        symbol.load(BytesSource("m", text), Limits(records=1))
    with pytest.raises(LimitExceeded, match="code bytes"):
        symbol.load(BytesSource("m", text), Limits(code_bytes=10))


# --- graphs ---------------------------------------------------------------------------------


def test_a_node_before_what_it_takes_is_no_cycle() -> None:
    model = loaded(document(node("relu", "r", 1), node("null", "data"), heads=[[0, 0, 0]]))
    assert symbol_graph.forward_references(model) == ["r"]
    assert symbol_graph.cycle(model) == []


def test_a_node_that_takes_itself_is_a_cycle() -> None:
    assert symbol_graph.cycle(loaded(document(node("null", "a"), node("relu", "r", 1)))) == ["r"]


def test_a_cycle_in_a_graph_inside_is_found() -> None:
    inner = document(node("relu", "a", 1), node("relu", "b", 0))
    outer = loaded(document(node("_foreach", "f", subgraphs=[inner])))
    assert sorted(symbol_graph.cycle(outer)) == ["a", "b"]


def test_two_ways_to_one_node_are_no_cycle() -> None:
    made = document(node("null", "a"), node("relu", "b", 0), node("add", "c", 0, 1))
    assert symbol_graph.cycle(loaded(made)) == []


def test_a_long_chain_needs_no_deep_stack() -> None:
    chain = [node("null", "data"), *(node("relu", f"r{n}", n) for n in range(20_000))]
    assert symbol_graph.cycle(loaded(document(*chain))) == []


def test_nodes_that_are_not_there_are_named() -> None:
    model = loaded(document(node("relu", "r", 7), heads=[[3, 0, 0]]))
    assert list(symbol_graph.dangling(model)) == ["r takes node 7 of 1", "output 3 of 1 nodes"]
    assert symbol_graph.cycle(model) == []


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("(3, 3)", (3, 3)), ("[3,-1]", (3, -1)), ("(3L, 3L)", (3, 3)), ("7", (7,)), ("None", ())],
)
def test_numbers_of_attributes(text: str, numbers: tuple[int, ...]) -> None:
    assert symbol_graph.numbers(text) == numbers


# --- names ----------------------------------------------------------------------------------


def test_every_json_counts_but_four() -> None:
    found = file_names.symbols(
        ["code/config.json", "m-symbol.json", "model-shapes.json", "hyperparams.json", "m.params",
         "amba_config.json", "x/model-metadata.json"]
    )  # fmt: skip
    assert found == ("m-symbol.json", "code/config.json")


def test_parameters_belong_to_the_symbol_of_their_prefix() -> None:
    beside = [
        "m-0001.params",
        "m-0012.params",
        "m-best.params",
        "other-0099.params",
        "x/m-0099.params",
    ]
    assert file_names.parameters_of("m-symbol.json", beside) == (
        "m-0012.params", "m-0001.params", "m-best.params",
    )  # fmt: skip
    assert file_names.parameters_of("x/m-symbol.json", beside) == ("x/m-0099.params",)


@pytest.mark.parametrize(
    ("name", "epoch"),
    [("m-0007.params", 7), ("m-best.params", None), ("m-7.params", None), ("0007.params", None)],
)
def test_epochs(name: str, epoch: int | None) -> None:
    assert file_names.epoch(name) == epoch


# --- training and chance --------------------------------------------------------------------


def of_operator(tmp_path: Path, op: str, **attributes: str) -> SymbolFacts:
    """A symbol of one operator between its input and its output."""
    made = document(node("null", "data"), node(op, "it", 0, attrs=attributes))
    (tmp_path / "m-symbol.json").write_text(json.dumps(made))
    return facts_of(read.read(FolderFiles(tmp_path), "m-symbol.json"), SymbolFacts)


def test_a_detector_in_training() -> None:
    facts = facts_of(read_fixture("training"), SymbolFacts)
    assert facts.training == ("_contrib_MultiBoxTarget (targets)", "MakeLoss (loss)")
    assert facts.labels == ("label",)
    assert facts.random == ()


@pytest.mark.parametrize("op", ["MakeLoss", "make_loss", "CTCLoss", "softmax_cross_entropy"])
def test_losses_are_of_training(op: str, tmp_path: Path) -> None:
    assert of_operator(tmp_path, op).training == (f"{op} (it)",)


@pytest.mark.parametrize("op", ["SoftmaxOutput", "LinearRegressionOutput", "BlockGrad"])
def test_outputs_that_inference_has_as_well_are_not(op: str, tmp_path: Path) -> None:
    assert of_operator(tmp_path, op).training == ()


@pytest.mark.parametrize(
    ("op", "attributes", "random"),
    [
        ("Dropout", {"p": "0.5", "mode": "always"}, True),
        ("Dropout", {"mode": "always"}, True),
        ("Dropout", {"p": "0.5"}, False),
        ("Dropout", {"p": "0", "mode": "always"}, False),
        ("_random_normal", {"shape": "(1, 3)"}, True),
        ("_sample_uniform", {}, True),
        ("_random_pdf_normal", {}, False),
        ("BilinearSampler", {}, False),
    ],
)
def test_random_operators(
    op: str, attributes: dict[str, str], random: bool, tmp_path: Path
) -> None:
    assert of_operator(tmp_path, op, **attributes).random == ((f"{op} (it)",) if random else ())
