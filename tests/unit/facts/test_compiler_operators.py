"""The tables of compilers' operators, and the script that reads them out of source."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from neopack.facts.compiler_table import (
    compiler_frameworks,
    compiler_limits,
    compiler_operators,
    compiler_releases,
    converts,
    tvm_later,
    tvm_of_neo,
)

sys.path.insert(0, str(Path(__file__).parents[3] / "tools"))
from tvm_source import Module, opsets_of, raised_by, table_of

RELEASES = {release.name: release for release in compiler_releases()}

IMPORTER = """
class Base:
    @classmethod
    def _impl_v1(cls, inputs):
        raise NotImplementedError("mode {} is not supported".format(inputs))

class Pad(Base):
    @classmethod
    def _impl_v11(cls, inputs):
        msg = f"only {inputs} dims"
        raise ValueError(msg)

def _reduce(name):
    def _impl(inputs):
        assert inputs, "Expect 1 input only"
        raise KeyError("axis %s is not supported" % name)
    return _impl

def _get_convert_map(opset):
    return {"Pad": Pad.get_converter(opset), "Sum": _reduce("sum")}

class Graph:
    def create(self):
        self.convert_map = {"aten::relu": self.create, LAYER.CONV: self.create}

known_ops = ["prim::If"]
"""


def test_tables_of_every_form_are_read_out_of_source() -> None:
    module = Module([ast.parse(IMPORTER)])
    names = frozenset({"convert_map", "known_ops", "_get_convert_map"})
    table = {
        name: value for node in module.walk() for name, value in table_of(node, names).items()
    }
    assert set(table) == {"Pad", "Sum", "aten::relu", "CONV", "prim::If"}
    assert opsets_of(module, table["Pad"]) == (1, 11)
    assert opsets_of(module, table["Sum"]) == ()
    assert table["Pad"] is not None
    assert table["Sum"] is not None
    assert list(raised_by(module, table["Pad"])) == ["only {} dims"]
    assert list(raised_by(module, table["Sum"])) == ["axis {} is not supported"]


@pytest.mark.parametrize(
    ("framework", "operator", "releases"),
    [
        ("PYTORCH", "aten::new_full", {"0.10", "0.16"}),
        ("PYTORCH", "aten::relu_", {*RELEASES} - {"0.6"}),  # a row in 0.8, by its form in 0.9
        ("PYTORCH", "aten::exp_", {"0.9", "0.10", "0.16"}),
        ("PYTORCH", "aten::tril", {"0.10", "0.16"}),
        ("PYTORCH", "prim::Loop", {*RELEASES} - {"0.6"}),
        ("ONNX", "Einsum", {"0.8", "0.9", "0.10", "0.16"}),
        ("ONNX", "TreeEnsembleClassifier", set()),
        ("KERAS", "Conv3D", {*RELEASES} - {"0.6"}),
        ("MXNET", "exp", {*RELEASES}),  # of the list of those that only change their name
        ("TENSORFLOW", "Placeholder", {*RELEASES}),  # of no table: it is compared with
        ("TENSORFLOW", "Switch", {*RELEASES}),
        ("TENSORFLOW2", "TensorListStack", {"0.8", "0.9", "0.10", "0.16"}),
        ("TENSORFLOW2", "StatefulPartitionedCall", {"0.8", "0.9", "0.10", "0.16"}),
        ("DARKNET", "YOLO", {*RELEASES}),
        ("DARKNET", "LSTM", set()),  # in the table, with a converter that refuses
    ],
)  # fmt: skip
def test_which_releases_convert_an_operator(
    framework: str, operator: str, releases: set[str]
) -> None:
    assert {name for name, r in RELEASES.items() if converts(framework, operator, r)} == releases


def test_opsets_are_those_with_code_of_their_own() -> None:
    assert compiler_operators("ONNX", "0.6")["Pad"] == (1, 2)
    assert compiler_operators("ONNX", "0.9")["Pad"] == (1, 2, 11)


def test_limits_are_only_of_operators_that_are_converted() -> None:
    for framework in compiler_frameworks():
        for release in RELEASES:
            own = compiler_operators(framework, release)
            assert compiler_limits(framework, release).keys() <= own.keys()


def test_neo_s_time_comes_before_what_came_later() -> None:
    assert tvm_of_neo()[-1].date < tvm_later()[0].date
    assert {r.name for r in (*tvm_of_neo(), *tvm_later())} == RELEASES.keys() - {"0.16"}


# --- Neuron ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("framework", "operator", "first", "last"),
    [
        ("PYTORCH", "aten::_convolution", "torch-neuron 1.0.552.0", "torch-neuron 2.9.1.0"),
        ("PYTORCH", "aten::clamp_max", "torch-neuron 2.9.1.0", "torch-neuron 2.9.1.0"),
        # it was taken back: too slow
        ("PYTORCH", "aten::embedding", "torch-neuron 1.0.763.0", "torch-neuron 1.0.825.0"),
        ("TENSORFLOW", "Conv2D", "neuron-cc 1.0.4680.0", "neuron-cc 1.9.1.0"),
        ("TENSORFLOW", "Softplus", "neuron-cc 1.0.24045.0", "neuron-cc 1.9.1.0"),  # within a line
        ("MXNET", "amp_cast", "neuron-cc 1.6.13.0", "neuron-cc 1.6.13.0"),
        ("MXNET", "log", "neuron-cc 1.0.4680.0", "neuron-cc 1.0.15275"),
        ("XLA", "Gather", "xla", "xla"),
    ],
)
def test_which_releases_of_neuron_run_an_operator(
    framework: str, operator: str, first: str, last: str
) -> None:
    releases = compiler_releases("neuron")
    having = [
        r.name for r in releases if operator in compiler_operators(framework, r.name, "neuron")
    ]
    assert (having[0], having[-1]) == (first, last)


def test_conditions_are_those_of_the_newest_page() -> None:
    limits = compiler_limits("PYTORCH", "torch-neuron 2.9.1.0", "neuron")
    assert "``p`` argument" in limits["aten::norm"][0]
    assert "Fully supported" in limits["aten::max_pool2d_with_indices"][0]
    assert "embedding" not in " ".join(limits)


def test_a_release_has_operators_of_its_own_frameworks_alone() -> None:
    assert not compiler_operators("PYTORCH", "neuron-cc 1.9.1.0", "neuron")
    assert not compiler_operators("MXNET", "neuron-cc 1.9.1.0", "neuron")
