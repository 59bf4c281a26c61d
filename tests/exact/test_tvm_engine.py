"""``compile --engine tvm``: artifacts as Neo hands them back, what computes with them, and what
refuses to."""

from __future__ import annotations

import json
import shutil
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import onnx
import pytest
from desk import Call, Desk
from onnx import TensorProto, helper

import neopack as package
from neopack import facts
from neopack.archive.manifest import golden_path
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.engines import registry, tvm
from neopack.errors import EngineFailed, LoaderRefused, Malformed, Unsupported
from neopack.facts.artifacts import doubled
from neopack.formats.elf import HEADER, SECTION
from neopack.formats.elf_header import read_header
from neopack.formats.source import BytesSource
from neopack.goldens.cases import load_goldens
from neopack.runtimes import loading
from neopack.values.artifact import CompilationRequest
from neopack.values.log import SilentLog
from neopack.values.signature import Signature, TensorSpec

HERE = "linux/x86_64"
GRAPH = ["compiled.meta", "compiled.params", "compiled.so", "compiled_model.json"]
VIRTUAL = ["compiled.meta", "compiled.ro", "compiled.so"]
OWN = "neopack.manifest"
# of sections in ELF
CODE, EXECUTABLE = 1, 4
ARM = "llvm -device=arm_cpu -mtriple=aarch64-linux-gnu -mattr=+neon"


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory, fixtures: Path) -> Path:
    """An ONNX model compiled for this machine; nobody writes here."""
    path = tmp_path_factory.mktemp("tvm") / "net.tar.gz"
    package.package(fixtures / "onnx/cnn-opset12.onnx", path=path, target=HERE)
    return package.compile(path, engine="tvm").path or path


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {each.name: tar.extractfile(each).read() for each in tar}  # type: ignore[union-attr]


def changed(
    path: Path, to: Path, change: Callable[[dict[str, bytes]], Mapping[str, bytes]]
) -> Path:
    with tarfile.open(to, "w:gz") as tar:
        for name, data in change(members(path)).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, BytesIO(data))
    return to


def archived(folder: Path, nodes: list[onnx.NodeProto], y: onnx.ValueInfoProto) -> Path:
    """An archive of a graph from x, of two rows of two numbers, to y."""
    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, (2, 2))
    model = helper.make_model(
        helper.make_graph(nodes, "graph", [x], [y]),
        opset_imports=[helper.make_opsetid("", 12)],
        ir_version=7,
    )
    onnx.save(model, folder / "model.onnx")
    path = folder / "net.tar.gz"
    package.package(folder / "model.onnx", path=path, target=HERE, ignore=["NEO-TV-001"])
    return path


def test_an_artifact_has_the_files_that_dlr_loads(compiled: Path) -> None:
    names = list(members(compiled))
    assert names == [*GRAPH, OWN]
    assert doubled(names, "DLR") == {}
    meta = json.loads(members(compiled)["compiled.meta"])
    assert meta["Requirements"] == {"TargetDevice": "LINUX_X86_64", "TargetDeviceType": "cpu"}
    assert meta["Model"]["Inputs"] == [
        {"name": "image", "dtype": "float32", "shape": [1, 3, 8, 8]}
    ]
    assert meta["Model"]["Outputs"] == [{"name": "scores", "dtype": "float32", "shape": [1, 4]}]
    assert "not a Neo job" in meta["Compilation"]["Compiler"]


def test_it_computes_what_the_source_does(compiled: Path) -> None:
    model = package.load(compiled, threads=1)
    inputs, golden = load_goldens(golden_path(compiled.with_name("net.tar.gz")))
    outputs = model.predict(inputs)
    assert outputs.keys() == golden.keys()
    assert np.allclose(outputs["scores"], golden["scores"], rtol=1e-5)
    assert (model.engine, model.precision) == ("tvm", "fp32")


def test_the_command_line_compiles_runs_and_measures(
    neopack: Call, refused: Call, compiled: Path, desk: Desk
) -> None:
    for path in compiled.parent.glob("net.*"):
        shutil.copy(path, desk.path)
    answer = neopack("compile", "net.tar.gz", "--engine", "tvm", "-o", "again.tar.gz")
    assert "a local compilation with tvm 0.9 (hhb-tvm 2.4.5)" in answer.err
    assert "compiled by     tvm 0.9 (hhb-tvm 2.4.5) in fp32, here" in answer.out
    assert (desk.path / "again.tar.gz").read_bytes() == compiled.read_bytes()
    assert "again.tar.gz in tvm fp32" in neopack("run", "again.tar.gz", "--random").out
    assert "tvm 0.9 (hhb-tvm 2.4.5)" in neopack("bench", "again.tar.gz", "--seconds", "0.1").out
    refused(3, "tvm takes precisions fp32", "compile", "net.tar.gz", "--engine", "tvm",
            "--precision", "bf16", "-o", "other.tar.gz")  # fmt: skip


def test_control_flow_becomes_a_program_of_the_virtual_machine(tmp_path: Path) -> None:
    """Neo and DLR call it Relay VM."""
    y = helper.make_tensor_value_info("y", TensorProto.INT64, ("axes", "count"))
    path = archived(tmp_path, [helper.make_node("NonZero", ["x"], ["y"])], y)
    artifact = package.compile(path, engine="tvm")
    assert artifact.difference == 0
    assert list(members(Path(artifact))) == [*VIRTUAL, OWN]
    model = package.load(artifact)
    for numbers in ([[0, 5], [0, 7]], [[1, 1], [1, 0]]):
        rows = np.array(numbers, np.float32)
        assert np.array_equal(model.predict({"x": rows})["y"], np.nonzero(rows))


# --- what does not run here -----------------------------------------------------------------


def of_another_machine(held: dict[str, bytes]) -> dict[str, bytes]:
    """With a manifest that fits the bytes, as whoever makes such an artifact would write it."""
    library = bytearray(held["compiled.so"])
    library[18:20] = (183).to_bytes(2, "little")
    return with_manifest(held | {"compiled.so": bytes(library)}, ARM)


def with_manifest(held: dict[str, bytes], code: str) -> dict[str, bytes]:
    manifest = json.loads(held[OWN])
    manifest["options"]["code"] = code
    manifest["digests"] = {}
    return held | {OWN: json.dumps(manifest).encode()}


def test_code_of_another_machine_is_refused_by_name(compiled: Path, tmp_path: Path) -> None:
    path = changed(compiled, tmp_path / "net-jetson_nano.tar.gz", of_another_machine)
    with pytest.raises(
        Unsupported, match=r"its code is for AArch64 .* and this is x86_64"
    ) as told:
        package.load(path)
    assert told.value.where == path.name
    assert "linux/x86_64" in told.value.hint


def test_a_library_that_its_manifest_does_not_describe_is_refused(
    compiled: Path, tmp_path: Path
) -> None:
    path = changed(compiled, tmp_path / "a.tar.gz", lambda held: with_manifest(held, ARM))
    with pytest.raises(Malformed, match=r"is a shared library for x86-64, not .* for AArch64"):
        package.load(path)
    cut = changed(
        compiled,
        tmp_path / "b.tar.gz",
        lambda held: with_manifest(held | {"compiled.so": b"\x7fELF"}, "llvm"),
    )
    with pytest.raises(Malformed, match="no known size or byte order"):
        package.load(cut)


@pytest.mark.parametrize("name", ["compiled.so", "compiled.params", "compiled.meta"])
def test_a_changed_member_is_refused_by_name(compiled: Path, tmp_path: Path, name: str) -> None:
    def change(held: dict[str, bytes]) -> dict[str, bytes]:
        return held | {name: held[name][:-1] + b"\1"}

    path = changed(compiled, tmp_path / "net.tar.gz", change)
    with pytest.raises(Malformed, match=f"'{name}' is not what tvm compiled"):
        package.load(path)


def test_options_that_no_engine_wrote_are_refused(compiled: Path, tmp_path: Path) -> None:
    manifest = ArtifactManifest.loads(members(compiled)[OWN], OWN)
    assert set(manifest.options) == {"runtime", "code"}
    path = changed(compiled, tmp_path / "net.tar.gz", lambda held: with_manifest(held, "cuda"))
    with pytest.raises(package.NeopackError, match="code='cuda'"):
        package.load(path)


def with_traps(held: dict[str, bytes]) -> dict[str, bytes]:
    """Every instruction of the library traps."""
    library = bytearray(held["compiled.so"])
    _, _, _, _, _, _, at, _, _, _, _, size, count, _ = HEADER.unpack(library[: HEADER.size])
    for section in SECTION.iter_unpack(library[at : at + size * count]):
        _, kind, flags, _, start, length, *_ = section
        if kind == CODE and flags & EXECUTABLE:
            library[start : start + length] = b"\xcc" * length
    return with_manifest(held | {"compiled.so": bytes(library)}, "llvm")


def test_code_that_crashes_ends_its_worker_alone(
    refused: Call, compiled: Path, desk: Desk
) -> None:
    path = changed(compiled, desk.path / "net.tar.gz", with_traps)
    refused(6, ("net.tar.gz", "was ended by SIGTRAP while running"), "run", path, "--random")


# --- what cannot be built -------------------------------------------------------------------


def test_without_a_linker_its_package_is_named(
    refused: Call, compiled: Path, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = shutil.copy(compiled.with_name("net.tar.gz"), desk.path)
    monkeypatch.setenv("PATH", str(desk.path))
    for target, name in {HERE: "gcc", "rasp3b": "gcc-arm-linux-gnueabihf"}.items():
        words = ("nothing here links code", f"apt-get install {name};", "[cross]")
        refused(4, words, "compile", archive, "-t", target, "--engine", "tvm")


def test_what_the_loader_refuses_is_in_its_words(tmp_path: Path) -> None:
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, (2, 2))
    nodes = [helper.make_node("Det", ["x"], ["d"]), helper.make_node("Add", ["x", "d"], ["y"])]
    path = archived(tmp_path, nodes, y)
    with pytest.raises(LoaderRefused, match="for frontend ONNX: Det"):
        package.compile(path, engine="tvm")
    assert not list(tmp_path.glob("net-*"))


def test_a_compiler_that_hangs_is_ended(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Importing the framework takes longer than this."""
    archive = compiled.with_name("net.tar.gz")
    (tmp_path / "model.onnx").write_bytes(members(archive)["model.onnx"])
    request = CompilationRequest(
        framework="ONNX",
        model=tmp_path / "model.onnx",
        target=facts.target(HERE),
        signature=package.load(compiled).signature,
    )
    monkeypatch.setattr(loading, "LOAD_WITHIN", 0.001)
    with pytest.raises(EngineFailed, match=r"neo-loader-onnx-1.7.0 load took longer than 0.001 s"):
        registry.get("tvm").compile(request, tmp_path, SilentLog())


def test_a_compiler_that_wants_all_memory_is_told_so(
    compiled: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """4 GB of a constant that is folded."""
    size = helper.make_tensor("size", TensorProto.INT64, [1], [1 << 30])
    nodes = [
        helper.make_node("ConstantOfShape", ["size"], ["zeros"]),
        helper.make_node("ReduceSum", ["zeros"], ["sum"], axes=[0], keepdims=0),
        helper.make_node("Add", ["x", "sum"], ["y"]),
    ]
    x, y = (helper.make_tensor_value_info(name, TensorProto.FLOAT, (2, 2)) for name in "xy")
    graph = helper.make_graph(nodes, "graph", [x], [y], [size])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 12)], ir_version=7)
    onnx.save(model, tmp_path / "model.onnx")
    spec = TensorSpec(name="x", dtype="float32", shape=(2, 2))
    request = CompilationRequest(
        framework="ONNX",
        model=tmp_path / "model.onnx",
        target=facts.target(HERE),
        signature=Signature(inputs=(spec,), outputs=(replace(spec, name="y"),)),
    )
    monkeypatch.setattr(tvm, "MOST_MEMORY", 3 << 30)
    with pytest.raises(EngineFailed, match="needs more memory than it may have") as caught:
        registry.get("tvm").compile(request, tmp_path, SilentLog())
    assert "\n" not in caught.value.line()
    assert not (tmp_path / "compiled.so").exists()


def test_the_options_of_a_job_choose_the_code(refused: Call, compiled: Path, desk: Desk) -> None:
    archive = shutil.copy(compiled.with_name("net.tar.gz"), desk.path)
    target = facts.target("linux/arm64")
    stated = tvm.compiled_code(
        "ONNX", target, '{"mcpu": "cortex-a72", "mattr": ["+neon", "+crc"]}'
    )
    assert stated.name == (
        "llvm -device=arm_cpu -mtriple=aarch64-linux-gnu -mcpu=cortex-a72 -mattr=+neon,+crc"
    )
    here = tvm.compiled_code("ONNX", facts.target(HERE), '{"mattr": ["+sse4.1"]}')
    assert here.needs == frozenset({"sse4_1"})
    for options, engine, words in (
        ('{"float_abi": "hard"}', "tvm", "tvm does not read float_abi of CompilerOptions"),
        ('{"mcpu": "core-avx2"}', "openvino", "openvino reads no CompilerOptions"),
    ):
        command = ("compile", archive, "--engine", engine, "--compiler-options", options)
        refused(3, words, *command, "-t", HERE, "-o", "other.tar.gz")
    words = "mcpu is 'core avx2'"
    refused(2, words, "compile", archive, "--engine", "tvm", "--compiler-options",
            '{"mcpu": "core avx2"}', "-t", HERE, "-o", "other.tar.gz")  # fmt: skip


LINKER = shutil.which("zig") or shutil.which("aarch64-linux-gnu-gcc")


@pytest.mark.skipif(not LINKER, reason="no linker for AArch64 is installed")
def test_code_for_a_device_is_linked_and_compared_in_code_for_this_cpu(
    neopack: Call, refused: Call, compiled: Path, desk: Desk
) -> None:
    for path in compiled.parent.glob("net.*"):
        shutil.copy(path, desk.path)
    answer = neopack("compile", "net.tar.gz", "-t", "jetson_nano")
    assert "code for the CPU only: none is generated for NVIDIA" in answer.err
    assert "compared was the same model compiled for this CPU" in answer.err
    assert "difference      9" in answer.out
    path = desk.path / "net-jetson_nano.tar.gz"
    header = read_header(BytesSource("compiled.so", members(path)["compiled.so"]))
    assert (header.machine, header.is_library) == ("AArch64", True)
    refused(3, (path.name, "its code is for AArch64"), "run", path.name, "--random")
