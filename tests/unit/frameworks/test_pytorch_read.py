"""neopack.frameworks.pytorch.read on real files of every form."""

from __future__ import annotations

import io
import json
import pickle
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from neopack.errors import LimitExceeded, Malformed, NotRecognized
from neopack.formats.codec import to_json
from neopack.formats.guard import Limits
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.pytorch.facts import (
    ExportedFacts,
    PickleFacts,
    ProgramFacts,
    SafetensorsFacts,
    SavedFacts,
    TorchScriptFacts,
)
from neopack.frameworks.pytorch.read import read_source, recognize
from neopack.values.model import ModelInfo, facts_of
from neopack.values.signature import TensorSpec

FIXTURES = Path(__file__).parents[3] / "fixtures" / "pytorch"
ONNX = FIXTURES.parent / "onnx"
CNN_PARAMETERS = 145  # conv 4*3*9+4, norm 4+4, linear 5*4+5
FACTS = set(
    """training training_attribute devices called_in folded unreached order calls control_flow
    origin particular seen_changes tvm_calls mixed_calls cast_inputs
    input_names input_types nested_inputs output_type
    dict_outputs stored_inputs custom_ops globals executing
    generated_files records root_class buffers buffer_bytes constants constant_bytes frozen
    code_devices random mobile readable_since has_forward legacy""".split()  # noqa: SIM905 - a list of 24 lines says no more
)
OF_SCRIPTS = {
    "particular", "seen_changes", "tvm_calls", "mixed_calls", "cast_inputs", "readable_since",
    "has_forward", "legacy",
}  # fmt: skip


def info(name: str) -> ModelInfo:
    with FileSource(FIXTURES / name) as source:
        return read_source(source)


def of_bytes(data: bytes, limits: Limits | None = None) -> ModelInfo:
    return read_source(BytesSource("given", data), limits or Limits())


def zipped(contents: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in contents.items():
            archive.writestr(zipfile.ZipInfo(name), content)
    return buffer.getvalue()


def records(name: str) -> dict[str, bytes]:
    with zipfile.ZipFile(FIXTURES / name) as archive:
        return {entry: archive.read(entry) for entry in archive.namelist()}


# --- recognizing ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "words", "form"),
    [
        ("cnn-traced.pt", "TorchScript archive", "torchscript"),
        ("branches-scripted.pt", "TorchScript archive", "torchscript"),
        ("mobile.ptl", "TorchScript archive", "torchscript"),
        ("torch-1.4.0/cnn-traced.pt", "TorchScript archive", "torchscript"),
        ("torch-1.8.1/branches-scripted.pt", "TorchScript archive", "torchscript"),
        ("cnn.pt2", "torch.export program", "pt2"),
        ("state-dict.pt", "torch.save file", "state_dict"),
        ("state-dict-legacy.pt", "torch.save file of torch before 1.6", "state_dict"),
        ("tied-weights.pt", "torch.save file", "state_dict"),
        ("checkpoint.pt", "torch.save file", "checkpoint"),
        ("nested.pt", "torch.save file", "checkpoint"),
        ("pickled-module.pt", "torch.save file", "pickled-module"),
        ("pickled-module-legacy.pt", "torch.save file of torch before 1.6", "pickled-module"),
        ("malicious.pt", "torch.save file", "pickled-module"),
        ("malicious-legacy.pt", "torch.save file of torch before 1.6", "pickled-module"),
        ("cnn.safetensors", "safetensors file", "safetensors"),
    ],
)
def test_every_form_is_told_by_its_bytes(name: str, words: str, form: str) -> None:
    with FileSource(FIXTURES / name) as source:
        assert recognize(source) == words
        found = read_source(source)
    assert (found.framework, found.format) == ("PYTORCH", form)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text, no model",
        b"\x80\x02K\x01.",
        zipped({"other/file": b""}),
        zipped({"arr_0.npy": b""}),
        zipped({}),
        b"\x10" + bytes(7) + b'{"',
        (ONNX / "cnn-opset12.onnx").read_bytes(),
    ],
)
def test_what_is_not_pytorch_is_not_recognized(data: bytes) -> None:
    assert recognize(BytesSource("given", data)) is None
    with pytest.raises((NotRecognized, Malformed)):
        of_bytes(data)


def test_a_cut_archive_is_recognized_and_malformed() -> None:
    data = (FIXTURES / "cnn-traced.pt").read_bytes()[:3000]
    assert recognize(BytesSource("cut", data)) == "PyTorch archive"
    with pytest.raises(Malformed, match="the end of the zip directory is missing") as caught:
        of_bytes(data)
    assert caught.value.where == "given"


# --- TorchScript ----------------------------------------------------------------------------


@pytest.mark.parametrize("lost", ["data/0", "data/4", "constants/0"])
def test_values_that_are_gone_are_told(lost: str) -> None:
    name = "cnn-traced.pt" if lost.startswith("data") else "frozen.pt"
    copy = io.BytesIO()
    with zipfile.ZipFile(FIXTURES / name) as whole, zipfile.ZipFile(copy, "w") as cut:
        for entry in whole.namelist():
            if not entry.endswith(f"/{lost}"):
                cut.writestr(zipfile.ZipInfo(entry), whole.read(entry))
    with pytest.raises(Malformed, match="the values of a tensor are not in the file"):
        of_bytes(copy.getvalue())


def test_traced() -> None:
    found = info("cnn-traced.pt")
    assert found.signature is not None
    assert found.signature.inputs == (
        TensorSpec(name="image", dtype="float32", shape=(1, 3, 8, 8)),
    )
    assert (found.parameters, found.parameter_bytes) == (CNN_PARAMETERS, 4 * CNN_PARAMETERS)
    assert found.dtypes == {"float32": 8, "int64": 1}
    assert found.versions == {"file_format": "3"}
    assert found.operators["aten::_convolution"] == 1
    facts = facts_of(found, ProgramFacts)
    assert set(to_json(facts)) == FACTS
    assert (facts.origin, facts.stored_inputs, facts.output_type) == (
        "traced",
        True,
        "Tensor",
    )
    assert (facts.buffers, facts.buffer_bytes) == (9, 40)
    assert facts.root_class == "__torch__.Cnn"
    assert facts.training_attribute is False
    for none in ("training", "devices", "control_flow", "custom_ops", "globals", "nested_inputs"):
        assert getattr(facts, none) == ()


def test_two_integer_inputs() -> None:
    found = info("tokens-traced.pt")
    assert found.signature is not None
    assert [(s.name, s.dtype, s.shape) for s in found.signature.inputs] == [
        ("input_ids", "int64", (1, 6)),
        ("attention_mask", "int64", (1, 6)),
    ]


def test_scripted() -> None:
    found = info("branches-scripted.pt")
    assert found.signature is None
    facts = facts_of(found, ProgramFacts)
    assert facts.origin == "scripted"
    assert facts.stored_inputs is False
    assert facts.input_types == {"x": "Tensor", "steps": "int"}
    assert facts.nested_inputs == ("steps",)
    assert "code/__torch__.py: Branches.forward (if, for, raise)" in facts.control_flow
    assert {"prim::If", "prim::Loop", "prim::RaiseException"} <= set(found.operators)


def test_dict_outputs() -> None:
    facts = facts_of(info("dict-output.pt"), ProgramFacts)
    assert (facts.dict_outputs, facts.output_type) == (True, "Dict[str, Tensor]")


def test_nested_inputs() -> None:
    found = info("nested-inputs.pt")
    facts = facts_of(found, ProgramFacts)
    assert facts.nested_inputs == ("past",)
    assert facts.output_type == "Tuple[Tensor, Tuple[Tensor, Tensor]]"
    assert found.signature is not None
    assert [spec.name for spec in found.signature.inputs] == ["x"]


def test_training_mode() -> None:
    facts = facts_of(info("training-mode.pt"), ProgramFacts)
    assert [place.partition(": ")[2] for place in facts.training] == [
        "dropout in Dropout.forward",
        "batch_norm in BatchNorm1d.forward",
    ]
    assert facts.training_attribute is True


def test_devices_of_the_tensors_and_in_the_code() -> None:
    facts = facts_of(info("cuda.pt"), ProgramFacts)
    assert (facts.devices, facts.code_devices) == (("cuda:0",), ("cuda:0",))
    facts = facts_of(info("refused/on-meta.pt"), ProgramFacts)
    assert (facts.devices, facts.code_devices) == (("meta",), ())


def test_frozen_weights_are_constants() -> None:
    found = info("frozen.pt")
    facts = facts_of(found, ProgramFacts)
    assert facts.frozen is True
    assert found.parameters == facts.constants == 137  # batch norm is folded in
    assert "frozen" in found.notes[0]


def test_mobile() -> None:
    found = info("mobile.ptl")
    assert facts_of(found, ProgramFacts).mobile is True
    assert "(lite) interpreter" in found.notes[0]


@pytest.mark.parametrize(("version", "file_format"), [("1.4.0", "1"), ("1.8.1", "3")])
def test_old_versions(version: str, file_format: str) -> None:
    found = info(f"torch-{version}/cnn-traced.pt")
    assert found.versions["file_format"] == file_format
    facts = facts_of(found, ProgramFacts)
    assert (found.parameters, facts.buffers) == (CNN_PARAMETERS, 9)
    assert facts.origin == "traced"
    assert facts.stored_inputs is False
    scripted = info(f"torch-{version}/branches-scripted.pt")
    assert facts_of(scripted, ProgramFacts).origin == "scripted"
    assert facts_of(scripted, ProgramFacts).control_flow


def test_the_version_record_may_lie_in_data() -> None:
    contents = records("cnn-traced.pt")
    contents["cnn-traced/.data/version"] = contents.pop("cnn-traced/version").replace(b"3", b"10")
    assert of_bytes(zipped(contents)).versions == {"file_format": "10"}


def test_a_torchscript_file_with_a_malicious_pickle_says_so() -> None:
    contents = records("cnn-traced.pt")
    contents["cnn-traced/constants.pkl"] = b"\x80\x02cposix\nsystem\nX\x02\0\0\0ls\x85R\x85."
    facts = facts_of(of_bytes(zipped(contents)), PickleFacts)
    assert facts.globals == facts.executing == ("posix.system",)


def test_tensor_data_is_never_read() -> None:
    contents = records("cnn-traced.pt")
    contents = {n: (b"\xee" * len(c) if "/data/" in n else c) for n, c in contents.items()}
    data = zipped(contents)
    touched: list[tuple[int, int]] = []

    class Watched(BytesSource):
        def read(self, offset: int, length: int) -> bytes:
            touched.append((offset, length))
            return super().read(offset, length)

    found = read_source(Watched("w", data + b""))
    assert found.parameters == CNN_PARAMETERS
    assert len(touched) == 2  # the magic, and the tail that holds all of this small file


def test_code_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="code bytes"):
        of_bytes((FIXTURES / "cnn-traced.pt").read_bytes(), Limits(code_bytes=100))


# --- torch 1.0 to 1.3 -----------------------------------------------------------------------

JSON_MODEL = {
    "protoVersion": "2",
    "producerName": "pytorch",
    "producerVersion": "1.0",
    "mainModule": {
        "torchscriptArena": {"key": "code/net.py"},
        "name": "net",
        "submodules": [
            {
                "name": "conv",
                "parameters": [
                    {"tensorId": "0", "name": "weight"},
                    {"tensorId": "1", "name": "mean", "isBuffer": True},
                ],
            }
        ],
    },
    "tensors": [
        {"dims": ["4", "3"], "strides": ["3", "1"], "dataType": "FLOAT", "data": {"key": "t/0"}},
        {"dims": ["2"], "dataType": "INT64", "data": {"key": "t/1"}, "device": "cuda:0"},
    ],
}
JSON_CODE = b"""op_version_set = 0
def forward(self,
    input_1: Tensor) -> Tensor:
  input_2 = torch._convolution(input_1, self.conv.weight, None, [1, 1])
  return torch.dropout(input_2, 0.5, True)
"""


def json_form(model: Any = JSON_MODEL) -> bytes:
    contents = {"version": b"1\n", "model.json": json.dumps(model).encode()}
    contents["code/net.py"] = JSON_CODE
    return zipped({f"net/{name}": content for name, content in contents.items()})


def test_the_json_form() -> None:
    data = json_form()
    assert recognize(BytesSource("n", data)) == "TorchScript archive of torch 1.0 to 1.3"
    found = of_bytes(data)
    assert (found.format, found.producer) == ("torchscript", "pytorch 1.0")
    assert found.versions == {"file_format": "1", "op_version_set": "0"}
    assert (found.parameters, found.parameter_bytes, facts_of(found, ProgramFacts).buffers) == (
        12,
        48,
        2,
    )
    assert facts_of(found, ProgramFacts).input_names == ("input_1",)
    assert facts_of(found, PickleFacts).devices == ("cuda:0",)
    assert facts_of(found, TorchScriptFacts).legacy
    assert len(facts_of(found, ProgramFacts).training) == 1
    assert set(to_json(found.facts)) == FACTS


@pytest.mark.parametrize("model", [[], 1, {"mainModule": {"parameters": [{"tensorId": "9"}]}}])
def test_a_broken_json_form(model: Any) -> None:
    with pytest.raises(Malformed, match=r"model\.json"):
        of_bytes(json_form(model))


def test_deep_json_is_malformed() -> None:
    contents = {"n/version": b"1", "n/model.json": b"[" * 200_000, "n/code/net.py": b""}
    with pytest.raises(Malformed, match="not JSON"):
        of_bytes(zipped(contents))


# --- torch.save -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["state-dict.pt", "state-dict-legacy.pt", "cnn.safetensors"])
def test_a_state_dict(name: str) -> None:
    found = info(name)
    assert (found.parameters, found.parameter_bytes) == (CNN_PARAMETERS, 4 * CNN_PARAMETERS)
    assert found.dtypes == {"float32": 8, "int64": 1}
    facts = found.facts
    assert isinstance(facts, SavedFacts | SafetensorsFacts)
    assert sorted(facts.keys)[:2] == ["conv.bias", "conv.weight"]
    assert found.signature is None


def test_a_checkpoint_counts_the_weights_alone() -> None:
    found = info("checkpoint.pt")
    facts = facts_of(found, SavedFacts)
    assert facts.weights_key == "model_state_dict"
    assert facts.keys == (
        "epoch",
        "model_state_dict",
        "optimizer_state_dict",
    )
    assert found.parameters == CNN_PARAMETERS


def test_shared_storages_count_once() -> None:
    found = info("tied-weights.pt")
    assert (found.parameters, found.parameter_bytes) == (258, 258 * 4)
    assert facts_of(found, SavedFacts).tensors == 4


@pytest.mark.parametrize("name", ["pickled-module.pt", "pickled-module-legacy.pt"])
def test_a_pickled_module(name: str) -> None:
    found = info(name)
    assert found.parameters == CNN_PARAMETERS
    facts = facts_of(found, PickleFacts)
    assert "__main__.Cnn" in facts.globals
    assert facts.executing == ()


@pytest.mark.parametrize("name", ["malicious.pt", "malicious-legacy.pt"])
def test_a_malicious_pickle_is_named_and_not_run(
    name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert facts_of(info(name), PickleFacts).executing == ("os.system",)
    assert capfd.readouterr().out == ""


@pytest.mark.parametrize("cut", [1, 100, 1000])
def test_a_legacy_file_without_all_its_storages_is_malformed(cut: int) -> None:
    data = (FIXTURES / "state-dict-legacy.pt").read_bytes()
    with pytest.raises(Malformed):
        of_bytes(data[:-cut])


def test_the_tar_form() -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in {
            "sys_info": b"\x80\x02}.",
            "pickle": pickle.dumps({"a": 1}, 2),
        }.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    data = buffer.getvalue()
    assert recognize(BytesSource("t", data)) == "torch.save file of torch before 0.2"
    found = of_bytes(data)
    assert (found.format, found.parameters) == ("checkpoint", None)


@pytest.mark.parametrize(
    "tensor",
    [
        b"ctorch._utils\n_rebuild_tensor_v2\n)R",
        b"ctorch._utils\n_rebuild_tensor_v2\n(K\x01K\x00)))tR",
        b"ctorch._utils\n_rebuild_tensor_v2\n(NQK\x00)))tR",
        (
            b"ctorch._utils\n_rebuild_tensor_v2\n((X\x07\0\0\0storagectorch\nFloatStorage\n"
            b"X\x01\0\0\x000X\x03\0\0\0cpuK\x04tQK\x00J\xff\xff\xff\xff\x85K\x01\x85tR"
        ),
    ],
)
def test_tensors_that_are_described_wrongly(tensor: bytes) -> None:
    contents = {"a/data.pkl": b"\x80\x02}X\x01\0\0\0w" + tensor + b"s."}
    with pytest.raises(Malformed):
        of_bytes(zipped(contents))


def test_records_without_a_crc_are_read() -> None:
    data = bytearray((FIXTURES / "state-dict.pt").read_bytes())
    at = -1
    while (at := data.find(b"PK\x01\x02", at + 1)) >= 0:
        data[at + 16 : at + 20] = bytes(4)
    assert of_bytes(bytes(data)).parameters == CNN_PARAMETERS


# --- torch.export and safetensors -----------------------------------------------------------


def test_an_exported_program() -> None:
    found = info("cnn.pt2")
    assert found.signature is not None
    assert found.signature.inputs[0] == TensorSpec(
        name="image", dtype="float32", shape=(None, 3, 8, 8)
    )
    assert found.signature.outputs[0].shape == (None, 5)
    assert found.parameters == CNN_PARAMETERS
    assert found.operators["aten::conv2d"] == 1
    assert found.versions["torch"].startswith("2.13")
    assert set(to_json(found.facts)) == FACTS - OF_SCRIPTS | {"symbolic_dims"}
    assert facts_of(found, ExportedFacts).symbolic_dims["image"][1:] == (None, None, None)


def test_the_older_record_of_an_exported_program() -> None:
    contents = {"serialized_exported_program.json": records("cnn.pt2")["cnn/models/model.json"]}
    contents["version"] = b"1.3"
    found = of_bytes(zipped(contents))
    assert (found.format, found.parameters) == ("pt2", CNN_PARAMETERS)


def test_an_exported_program_without_its_graph() -> None:
    found = of_bytes(zipped({"m/archive_format": b"pt2"}))
    assert (found.format, found.operators) == ("pt2", {})
    assert "no exported graph" in found.notes[0]


@pytest.mark.parametrize("program", [b"{}", b"[]", b"{", b"[" * 100_000, b'{"graph_module": 1}'])
def test_a_broken_exported_program(program: bytes) -> None:
    with pytest.raises(Malformed):
        of_bytes(zipped({"m/archive_format": b"pt2", "m/models/model.json": program}))


@pytest.mark.parametrize(
    "header",
    [
        b'{"a": 1}',
        b'{"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}',
        b'{"a": {"dtype": "F32", "shape": [-2], "data_offsets": [0, 0]}}',
        b'{"a"' + b"[" * 50_000,
    ],
)
def test_a_broken_safetensors_header(header: bytes) -> None:
    with pytest.raises(Malformed):
        of_bytes(len(header).to_bytes(8, "little") + header)


# --- hostile pickles ------------------------------------------------------------------------


def saved_pickle(body: bytes) -> bytes:
    return zipped({"a/data.pkl": b"\x80\x02" + body + b".", "a/version": b"3\n"})


def test_parameters_wrapped_in_parameters_need_no_recursion() -> None:
    made = b"ctorch._utils\n_rebuild_parameter\nq\x000N"
    wrapped = b"".join(b"q\x010h\x00h\x01\x85R" for _ in range(50_000))
    assert of_bytes(saved_pickle(made + wrapped)).parameters == 0


def test_a_state_that_many_objects_share_is_walked_once() -> None:
    keys = b"".join(b"J" + n.to_bytes(4, "little") + b"N" for n in range(20_000))
    state = b"}(" + keys + b"uq\x000"
    objects = b"](" + b"cm\nC\n)\x81h\x00b" * 20_000 + b"e"
    assert of_bytes(saved_pickle(state + objects)).format == "checkpoint"


def test_recognizing_never_raises() -> None:
    for data in (b"\x80\x02X\xff\xff\xff\x7f", b"\x80\x02" + b"(" * 60, b"PK\x03\x04" + bytes(60)):
        assert recognize(BytesSource("given", data)) is None


@pytest.mark.parametrize("version", [b"", b"abc\n", b"-3\n", b"v3", b"\xff", b"0\n"])
def test_a_version_that_is_not_a_number_is_refused(version: bytes) -> None:
    contents = records("cnn-traced.pt")
    (name,) = [name for name in contents if name.endswith("/version")]
    with pytest.raises(Malformed, match="version record"):
        of_bytes(zipped(contents | {name: version}))


def test_a_file_without_a_version_is_refused() -> None:
    contents = records("cnn-traced.pt")
    without = {n: content for n, content in contents.items() if not n.endswith("/version")}
    with pytest.raises(Malformed, match="no version record"):
        of_bytes(zipped(without))


@pytest.mark.parametrize("version", [b"3", b" 3\n", b"+3", b"3.5", b"3abc"])
def test_a_version_is_read_as_torch_reads_it(version: bytes) -> None:
    contents = records("cnn-traced.pt")
    (name,) = [name for name in contents if name.endswith("/version")]
    assert of_bytes(zipped(contents | {name: version})).versions["file_format"] == "3"


@pytest.mark.parametrize(
    ("root", "what"), [(b"N", "nothing"), (b"]", "a list"), (b"}", "a dict"), (b"K\x07", "a int")]
)
def test_data_that_is_not_a_module_is_refused(root: bytes, what: str) -> None:
    contents = records("cnn-traced.pt")
    (name,) = [name for name in contents if name.endswith("/data.pkl")]
    with pytest.raises(Malformed, match=f"holds {what}, not a module"):
        of_bytes(zipped(contents | {name: b"\x80\x02" + root + b"."}))


def test_random_operators_count_outside_of_branches() -> None:
    random = facts_of(info("refused/noise.pt"), ProgramFacts).random
    assert [place.partition(": ")[2] for place in random] == [
        "exponential_ in Noise.forward",
        "randn in Noise.forward",
    ]
    assert not facts_of(info("refused/dropping.pt"), ProgramFacts).random


def test_functions_in_training_mode_are_named() -> None:
    training = facts_of(info("refused/dropping.pt"), ProgramFacts).training
    assert [place.partition(": ")[2] for place in training] == [
        "dropout in Dropping.forward",
        "rrelu in Dropping.forward",
    ]


def test_constants_that_are_objects_need_torch_1_8() -> None:
    assert "1.8" in facts_of(info("refused/mobile.pt"), TorchScriptFacts).readable_since
    assert "1.8" not in facts_of(info("frozen.pt"), TorchScriptFacts).readable_since
