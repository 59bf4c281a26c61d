"""PyTorch models of every form, packaged, compiled and run for real."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tiny_models
import torch
from desk import INPUT, Call, Desk

import neopack as package
from neopack.errors import EngineFailed, ExportFailed, NeopackError
from neopack.frameworks.pytorch.lowering import lower
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.values.artifact import Array, NeoArchive
from neopack.values.log import SilentLog
from neopack.values.signature import InputRequest

IMAGE = {"image": (1, 3, 8, 8)}
IDS = (
    InputRequest(name="input_ids", shape=(1, 6), dtype="int64", below=30),
    InputRequest(name="attention_mask", shape=(1, 6), dtype="int64"),
)


class Heard(SilentLog):
    """Keeps what was warned of and noted."""

    def __init__(self) -> None:
        self.said: list[str] = []

    def note(self, text: str) -> None:
        self.said.append(text)

    warn = note


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as tar:
        return {entry.name: content(tar, entry) for entry in tar}


def content(tar: tarfile.TarFile, entry: tarfile.TarInfo) -> bytes:
    stream = tar.extractfile(entry)
    return stream.read() if stream else b""


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_bytes())


def tensors(arrays: Mapping[str, Array]) -> list[torch.Tensor]:
    return [torch.from_numpy(array) for array in arrays.values()]


def agrees(made: NeoArchive, module: Any, *, names: list[str]) -> None:
    """The golden outputs are what ``module`` computes, and what the archive computes."""
    inputs, golden = load_goldens(made.goldens)
    with torch.no_grad():
        answer = module(*tensors(inputs))
    flat = list(answer) if isinstance(answer, tuple) else [answer]
    assert list(golden) == names
    expected = dict(zip(names, (tensor.numpy() for tensor in flat), strict=True))
    assert difference(expected, golden) < 1e-6
    assert difference(golden, package.load(made.path).predict(inputs)) < 1e-6


def fixture_module(fixtures: Path) -> Any:
    module = tiny_models.Cnn().eval()
    module.load_state_dict(torch.load(fixtures / "pytorch/state-dict.pt", weights_only=True))
    return module


# --- sources --------------------------------------------------------------------------------


def test_a_callable_of_a_module_and_of_a_file_are_the_same(
    neopack: Call, desk: Desk, models: Path
) -> None:
    shutil.copy(models, desk.path / "my_models.py")
    (desk.path / "elsewhere").mkdir()
    made = {}
    for where in ("my_models:cnn", f"{desk.path}/my_models.py:cnn"):
        output = f"elsewhere/{Path(where).name.replace(':', '-')}.tar.gz"
        answer = neopack(
            "package", where, "--arg", "classes=7", *INPUT, "-o", output, "--format", "json"
        )
        assert answer.code == 0, answer.err
        made[Path(where).name] = answer.document
    assert made["my_models:cnn"]["sha256"] == made["my_models.py:cnn"]["sha256"]
    described = json.loads(Path(made["my_models:cnn"]["manifest"]).read_text())
    assert described["signature"]["outputs"][0]["shape"] == [1, 7]
    assert described["source"] == "my_models:cnn"
    described = json.loads(Path(made["my_models.py:cnn"]["manifest"]).read_text())
    assert described["source"] == "my_models.py:cnn"


@pytest.fixture(scope="module")
def weights(fixtures: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """state-dict.pt of the fixtures as DataParallel and as Lightning save it, beside the rest."""
    folder = tmp_path_factory.mktemp("weights")
    state = torch.load(fixtures / "pytorch/state-dict.pt", weights_only=True)
    torch.save({f"module.{k}": v for k, v in state.items()}, folder / "parallel.pth")
    lightning = {"state_dict": {f"model.{k}": v for k, v in state.items()}, "epoch": 1}
    torch.save(lightning, folder / "lightning.ckpt")
    for name in ("state-dict.pt", "cnn.safetensors"):
        shutil.copy(fixtures / "pytorch" / name, folder)
    shutil.copy(fixtures / "pytorch/state-dict-legacy.pt", folder / "legacy.pth")
    return folder


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("state-dict.pt", ""),
        ("legacy.pth", ""),
        ("cnn.safetensors", ""),
        ("parallel.pth", "dropped the prefix 'module.'"),
        ("lightning.ckpt", "dropped the prefix 'model.'"),
    ],
)
def test_weights_of_every_form(
    tmp_path: Path, models: Path, fixtures: Path, weights: Path, name: str, said: str
) -> None:
    log = Heard()
    made = package.package(
        f"{models}:cnn",
        inputs=IMAGE,
        weights=weights / name,
        path=tmp_path / "m.tar.gz",
        log=log,
    )
    agrees(made, fixture_module(fixtures), names=["output0"])
    assert said in "\n".join(log.said)


def test_a_live_module_and_its_callable_make_the_same_archive(
    tmp_path: Path, models: Path, fixtures: Path
) -> None:
    module = fixture_module(fixtures).train()
    live = package.package(module, inputs=IMAGE, path=tmp_path / "live.tar.gz")
    agrees(live, module.eval(), names=["output0"])
    called = package.package(
        f"{models}:cnn",
        inputs=IMAGE,
        weights=fixtures / "pytorch/state-dict.pt",
        path=tmp_path / "called.tar.gz",
    )
    assert live.content_sha256 == called.content_sha256
    assert live.goldens.read_bytes() == called.goldens.read_bytes()


def test_a_module_that_no_other_process_could_have_is_traced_here(tmp_path: Path) -> None:
    torch.manual_seed(1)
    module = tiny_models.Unpicklable().eval()
    made = package.package(module, inputs=IMAGE, path=tmp_path / "m.tar.gz")
    agrees(made, module, names=["output0"])


def test_a_live_script_module(tmp_path: Path, fixtures: Path) -> None:
    module = torch.jit.load(fixtures / "pytorch/cnn-traced.pt")
    made = package.package(module, inputs=IMAGE, path=tmp_path / "m.tar.gz")
    agrees(made, module.eval(), names=["output0"])


@pytest.mark.parametrize("folder", [".", "torch-1.4.0", "torch-1.8.1"])
def test_a_torchscript_file_is_kept_byte_for_byte(
    tmp_path: Path, fixtures: Path, folder: str
) -> None:
    path = fixtures / "pytorch" / folder / "cnn-traced.pt"
    made = package.package(path, inputs=IMAGE, path=tmp_path / "m.tar.gz")
    assert members(made.path) == {"model.pth": path.read_bytes()}
    assert manifest(made)["source"] == "cnn-traced.pt"
    agrees(made, torch.jit.load(path).eval(), names=["output0"])


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("no-forward", ("has no forward()",)),
        ("optimized", ("lacks the values of prim::ConstantMKLDNNTensor",)),
        ("on-meta", ("has no weights", "device meta")),
    ],
)
def test_a_file_that_nothing_loads_or_calls_is_refused(
    refused: Call, fixtures: Path, name: str, words: tuple[str, ...]
) -> None:
    path = fixtures / "pytorch/refused" / f"{name}.pt"
    refused(1, words, "package", path, "-i", "x=1,3,16,16", "-o", "m.tar.gz")


def test_tensors_stored_on_a_device_are_stored_on_the_cpu(tmp_path: Path, fixtures: Path) -> None:
    source = fixtures / "pytorch/torch-1.8.1/cnn-traced.pt"
    mps = tmp_path / "mps.pth"
    with zipfile.ZipFile(source) as whole, zipfile.ZipFile(mps, "w") as renamed:
        for entry in whole.infolist():
            content = whole.read(entry).replace(b"X\x03\0\0\0cpu", b"X\x05\0\0\0mps:0")
            renamed.writestr(zipfile.ZipInfo(entry.filename), content)
    assert "NEO-PT-029" in {f.id for f in package.check(mps, target="rasp4b").findings}
    made = package.package(mps, inputs=IMAGE, target="rasp4b", path=tmp_path / "m.tar.gz")
    assert package.check(made.path).clean
    agrees(made, torch.jit.load(source).eval(), names=["output0"])


def test_a_torchscript_file_of_today_is_rewritten_for_the_version_asked_for(
    tmp_path: Path, models: Path
) -> None:
    today = tmp_path / "today.pth"
    tokens = {"tokens": (1, 4, 8)}
    made = package.package(f"{models}:attention", inputs=tokens, path=tmp_path / "today.tar.gz")
    today.write_bytes(members(made.path)["model.pth"])
    older = package.package(today, framework_version="1.8", path=tmp_path / "m.tar.gz")
    assert manifest(older)["rewrites"] == [
        "aten::scaled_dot_product_attention in operators of PyTorch 1.8"
    ]
    assert package.check(older.path).clean
    _, golden = load_goldens(tmp_path / "today.golden.npz")
    _, again = load_goldens(tmp_path / "m.golden.npz")
    assert difference(golden, again) == 0
    newer = package.package(today, framework_version="2.0", path=tmp_path / "newer.tar.gz")
    assert members(newer.path)["model.pth"] == today.read_bytes()


class Floored(torch.nn.Module):  # type: ignore[misc, unused-ignore]
    def forward(self, x: Any) -> Any:
        return torch.floor_divide(x, 2)


def test_a_file_that_is_kept_warns_of_what_computes_otherwise(tmp_path: Path) -> None:
    """floor_divide rounds to zero before 1.13."""
    file = tmp_path / "f.pt"
    torch.jit.trace(Floored(), torch.ones(4)).save(str(file))
    made = {
        version: package.package(
            file,
            inputs={"x": (4,)},
            framework_version=version,
            path=tmp_path / f"{version}.tar.gz",
        )
        for version in ("2.0", "1.12")
    }
    assert not made["2.0"].warnings
    assert "computes aten::floor_divide otherwise" in made["1.12"].warnings[0]


def test_a_torchscript_file_tells_its_own_shapes(tmp_path: Path, fixtures: Path) -> None:
    path = fixtures / "pytorch/cnn-traced.pt"
    made = package.package(path, path=tmp_path / "m.tar.gz")
    assert manifest(made)["signature"]["inputs"][0]["shape"] == [1, 3, 8, 8]


def test_a_torch_export_program(tmp_path: Path, fixtures: Path) -> None:
    made = package.package(fixtures / "pytorch/cnn.pt2", path=tmp_path / "m.tar.gz")
    assert manifest(made)["signature"]["inputs"] == [
        {"name": "image", "dtype": "float32", "shape": [2, 3, 8, 8]}
    ]
    agrees(made, fixture_module(fixtures), names=["output0"])


def test_a_model_of_torchvision(tmp_path: Path) -> None:
    made = package.package(
        "torchvision.models:squeezenet1_1",
        inputs={"x": (1, 3, 64, 64)},
        path=tmp_path / "s.tar.gz",
    )
    assert manifest(made)["signature"]["outputs"][0]["shape"] == [1, 1000]


# --- inputs and outputs ---------------------------------------------------------------------


def test_token_ids_and_two_outputs(tmp_path: Path) -> None:
    torch.manual_seed(2)
    module = tiny_models.Tokens().eval()
    made = package.package(module, inputs=IDS, path=tmp_path / "m.tar.gz")
    agrees(made, module, names=["output0", "output1"])
    inputs, _ = load_goldens(made.goldens)
    assert {str(array.dtype) for array in inputs.values()} == {"int64"}
    assert inputs["input_ids"].max() > 1
    described = manifest(made)
    assert described["compiler_options"] == '{"dtype":"int64"}'
    for_chip = package.package(module, inputs=IDS, path=tmp_path / "i.tar.gz", target="ml_inf1")
    described = json.loads(for_chip.manifest.read_text())
    assert described["compiler_options"] == '"--dtype int64"'
    # Neo sorts names: attention_mask would come first
    assert described["data_input_config"] == '{"input0":[1,6],"input1":[1,6]}'
    assert "input0 is input_ids, input1 is attention_mask" in described["warnings"][0]


def test_dicts_and_nested_tuples_become_named_outputs(tmp_path: Path) -> None:
    torch.manual_seed(3)
    module = tiny_models.Boxes().eval()
    made = package.package(module, inputs=IMAGE, path=tmp_path / "m.tar.gz")

    def flat(image: torch.Tensor) -> tuple[torch.Tensor, ...]:
        answer = module(image)
        return answer["scores"], answer["more"][0], answer["more"][1]["sum"]

    agrees(made, flat, names=["scores", "more.0", "more.1.sum"])


def test_inputs_are_bound_by_name_in_any_order(tmp_path: Path) -> None:
    made = package.package(
        tiny_models.Scaled(),
        inputs={"shift": (1, 4), "image": (1, 4), "scale": (1,)},
        path=tmp_path / "m.tar.gz",
    )
    assert [spec["name"] for spec in manifest(made)["signature"]["inputs"]] == [
        "image", "scale", "shift",
    ]  # fmt: skip
    agrees(made, tiny_models.Scaled(), names=["output0"])


def test_an_optional_input_in_the_middle_may_be_left_out(tmp_path: Path) -> None:
    made = package.package(
        tiny_models.Scaled(),
        inputs={"a": (1, 4), "b": (1,)},
        bind="positional",
        path=tmp_path / "m.tar.gz",
    )
    agrees(made, tiny_models.Scaled(), names=["output0"])


def test_real_inputs_from_a_file(tmp_path: Path, models: Path) -> None:
    image = np.full((1, 3, 8, 8), 0.5, np.float32)
    np.savez(tmp_path / "example.npz", image=image)
    made = package.package(
        f"{models}:cnn", inputs=IMAGE, example=tmp_path / "example.npz", path=tmp_path / "m.tar.gz"
    )
    inputs, _ = load_goldens(made.goldens)
    assert np.array_equal(inputs["image"], image)


# --- modes, control flow, precision ---------------------------------------------------------


def test_dropout_is_packaged_in_eval_mode(tmp_path: Path) -> None:
    module = tiny_models.Dropped().train()
    made = package.package(module, inputs={"x": (1, 4)}, path=tmp_path / "m.tar.gz")
    agrees(made, module.linear, names=["output0"])
    assert module.training, "the user's own module is left as it was"


def test_a_trace_that_depends_on_data_warns_and_a_script_keeps_it(tmp_path: Path) -> None:
    heard = {True: Heard(), False: Heard()}
    made = {
        script: package.package(
            tiny_models.Branching(),
            inputs={"x": (1, 4)},
            script=script,
            path=tmp_path / f"{script}.tar.gz",
            log=heard[script],
        )
        for script in heard
    }
    said = "\n".join(heard[False].said)
    assert "Python decide on data at tiny_models.py:" in said
    assert "for other inputs it computes something else" in said
    assert manifest(made[False])["warnings"]
    assert not manifest(made[True])["warnings"]
    for x in (np.ones((1, 4), np.float32), -np.ones((1, 4), np.float32)):
        answer = package.load(made[True].path).predict({"x": x})
        assert np.array_equal(answer["output0"], -x if x.sum() > 0 else x + 1)


def test_half_precision_is_cast_with_a_warning(tmp_path: Path, models: Path) -> None:
    log = Heard()
    made = package.package(f"{models}:half", inputs=IMAGE, path=tmp_path / "m.tar.gz", log=log)
    assert any("cast to float32" in text for text in log.said)
    _, golden = load_goldens(made.goldens)
    assert golden["output0"].dtype == np.float32


def test_what_cannot_be_scripted_says_so(tmp_path: Path) -> None:
    with pytest.raises(ExportFailed, match="cannot be scripted"):
        package.package(
            tiny_models.Unpicklable(), inputs=IMAGE, script=True, path=tmp_path / "m.tar.gz"
        )
    assert not list(tmp_path.iterdir())


# --- the archive ----------------------------------------------------------------------------


def files_of(made: NeoArchive) -> tuple[bytes, ...]:
    return tuple(path.read_bytes() for path in (made.path, made.manifest, made.goldens))


def test_packaging_twice_gives_the_same_bytes(
    neopack: Call,
    desk: Desk,
    tmp_path: Path,
    models: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Also from another working directory, and from the command line as from Python."""
    source = f"{models}:cnn"
    one = package.package(source, inputs=IMAGE, path=desk.path / "m.tar.gz")
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    two = package.package(source, inputs=IMAGE, path=Path("m.tar.gz"))
    assert files_of(one) == files_of(two)
    assert neopack("package", source, *INPUT, "-o", "m.tar.gz", "--force").code == 0
    assert files_of(one) == files_of(two)


def test_another_seed_gives_other_weights(tmp_path: Path, models: Path) -> None:
    made = [
        package.package(f"{models}:cnn", inputs=IMAGE, seed=n, path=tmp_path / f"{n}.tar.gz")
        for n in (0, 1)
    ]
    assert made[0].content_sha256 != made[1].content_sha256


@pytest.mark.parametrize(
    ("target", "config"),
    [
        ("ml_c5", '{"image":[1,3,8,8]}'),
        ("coreml", '{"image":{"shape":[1,3,8,8]}}'),
        ("jetson_nano", '{"image":[1,3,8,8]}'),
    ],
)
def test_the_archive_exactly(tmp_path: Path, fixtures: Path, target: str, config: str) -> None:
    path = fixtures / "pytorch/torch-1.8.1/cnn-traced.pt"
    made = package.package(path, inputs=IMAGE, target=target, path=tmp_path / "m.tar.gz")
    described = manifest(made)
    with tarfile.open(made.path) as tar:
        (entry,) = tar.getmembers()
    assert (entry.name, entry.mode, entry.mtime, entry.uid, entry.gid, entry.uname) == (
        "model.pth", 0o644, 0, 0, 0, "",
    )  # fmt: skip
    assert described["target"] == target
    assert described["data_input_config"] == config
    raw = made.path.read_bytes()
    recorded = described["archive"]
    assert recorded["sha256"] == made.sha256 == hashlib.sha256(raw).hexdigest()
    assert recorded["bytes"] == made.bytes == len(raw)
    assert recorded["members"] == [
        {
            "name": "model.pth",
            "bytes": path.stat().st_size,
            "sha256": hashlib.sha256(path.read_bytes()).hexdigest(),
        }
    ]
    goldens = hashlib.sha256(made.goldens.read_bytes()).hexdigest()
    assert described["goldens"]["sha256"] == goldens


def test_code_goes_in_without_what_is_no_code(tmp_path: Path, models: Path) -> None:
    code = tmp_path / "code"
    (code / "__pycache__").mkdir(parents=True)
    (code / "package").mkdir()
    for name in ("__pycache__/a.pyc", ".hidden", "package/helper.py", "requirements.txt"):
        (code / name).write_text("")
    (code / "inference.py").write_text("def model_fn(model_dir):\n    return None\n")
    made = package.package(f"{models}:cnn", inputs=IMAGE, code=code, path=tmp_path / "m.tar.gz")
    assert sorted(members(made.path)) == [
        "code/inference.py", "code/package/helper.py", "code/requirements.txt", "model.pth",
    ]  # fmt: skip


def test_a_second_model_in_code_is_found(tmp_path: Path, models: Path) -> None:
    """An error where Neo's open loader is known to count it, a warning elsewhere."""
    code = tmp_path / "code"
    code.mkdir()
    (code / "inference.py").write_text("def model_fn(model_dir):\n    return None\n")
    (code / "second.pth").write_text("weights")
    made = package.package(f"{models}:cnn", inputs=IMAGE, code=code, path=tmp_path / "m.tar.gz")
    assert "NEO-HD-008" in {finding.id for finding in made.report.at("warning")}
    with pytest.raises(NeopackError, match="NEO-"):
        package.package(
            f"{models}:cnn",
            inputs=IMAGE,
            code=code,
            target="jetson_nano",
            path=tmp_path / "n.tar.gz",
        )
    assert not (tmp_path / "n.tar.gz").exists()


# --- the whole road -------------------------------------------------------------------------

ROAD: dict[str, tuple[Any, Any]] = {
    "cnn": (tiny_models.Cnn, IMAGE),
    "tokens": (tiny_models.Tokens, IDS),
    "boxes": (tiny_models.Boxes, IMAGE),
    "scaled": (tiny_models.Scaled, {"shift": (1, 4), "image": (1, 4), "scale": (1,)}),
}


@pytest.mark.parametrize("name", ROAD)
def test_check_compile_and_predict(tmp_path: Path, name: str) -> None:
    kind, inputs = ROAD[name]
    torch.manual_seed(4)
    made = package.package(kind().eval(), inputs=inputs, path=tmp_path / "m.tar.gz")
    assert package.check(made.path).clean
    compiled = package.compile(made.path, target="ml_c5")
    assert compiled.path == tmp_path / "m-ml_c5.tar.gz"
    assert compiled.difference is not None
    assert compiled.difference < 1e-5
    alone = tmp_path / "alone"
    alone.mkdir()
    only = Path(shutil.copy(compiled.path, alone))
    given, golden = load_goldens(made.goldens)
    runner = package.load(only)
    assert [spec.name for spec in runner.signature.outputs] == list(golden)
    assert difference(golden, runner.predict(given)) < 1e-5
    again = runner.predict({key: value * 0 for key, value in given.items()})
    assert difference(golden, runner.predict(given)) < 1e-5, "earlier answers stay as they are"
    assert again.keys() == golden.keys()


def test_scripted_control_flow_survives_compiling(tmp_path: Path) -> None:
    made = package.package(
        tiny_models.Branching(), inputs={"x": (1, 4)}, script=True, path=tmp_path / "m.tar.gz"
    )
    package.compile(made.path, target="ml_c5")
    runner = package.load(tmp_path / "m-ml_c5.tar.gz")
    for x in (np.ones((1, 4), np.float32), -np.ones((1, 4), np.float32)):
        expected = -x if x.sum() > 0 else x + 1
        assert np.array_equal(runner.predict({"x": x})["output0"], expected)


def test_run_and_bench(shelf: Path) -> None:
    inputs, golden = load_goldens(shelf / "cnn.golden.npz")
    answers = [package.run(shelf / name, inputs) for name in ("cnn.tar.gz", "cnn-ml_c5.tar.gz")]
    assert all(difference(golden, answer) < 1e-5 for answer in answers)
    result = package.bench(
        shelf / "cnn-ml_c5.tar.gz", against=shelf / "cnn.tar.gz", seconds=0.1, threads=1
    )
    assert [side.engine for side in result.sides] == ["openvino", "torch"]
    assert all(side.latency.minimum <= side.latency.p50 for side in result.sides)
    assert result.ratio is not None
    assert result.ratio.lowest <= result.ratio.median <= result.ratio.highest
    assert result.difference is not None
    assert result.difference < 1e-5


def test_inputs_given_in_another_type_are_cast(shelf: Path) -> None:
    inputs, golden = load_goldens(shelf / "cnn.golden.npz")
    wide = {name: array.astype(np.float64) for name, array in inputs.items()}
    assert difference(golden, package.run(shelf / "cnn-ml_c5.tar.gz", wide)) < 1e-5


def test_the_packaged_file_loads_in_plain_torch(shelf: Path) -> None:
    (model,) = members(shelf / "cnn.tar.gz").values()
    inputs, golden = load_goldens(shelf / "cnn.golden.npz")
    with torch.no_grad():
        answer = torch.jit.load(io.BytesIO(model))(*tensors(inputs))
    assert difference(golden, {"output0": answer.numpy()}) < 1e-6


def test_a_rewrite_that_changes_the_answer_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Local(torch.nn.Module):  # type: ignore[misc]
        """Traced in this process, where a rewrite can be broken."""

        def __init__(self) -> None:
            super().__init__()
            self.linear = torch.nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.mish(self.linear(x))

    def wrong(module: Any, version: str, *, fixed_sizes: bool) -> tuple[str, ...]:
        with torch.no_grad():
            next(module.parameters()).add_(0.1)
        return ("aten::mish",)

    monkeypatch.setattr(lower, "lower", wrong)
    with pytest.raises(ExportFailed, match=r"aten::mish .* changed its outputs"):
        package.package(Local(), inputs={"x": (1, 4)}, path=tmp_path / "m.tar.gz")


class Masked(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.triu(x, 1) + 1


def test_a_file_is_rewritten_where_tvm_refuses_it(tmp_path: Path) -> None:
    torch.jit.trace(Masked(), torch.rand(1, 4, 4)).save(tmp_path / "net.pth")
    made = package.package(
        tmp_path / "net.pth",
        inputs={"x": (1, 4, 4)},
        target="rasp4b",
        path=tmp_path / "m.tar.gz",
    )
    assert made.report.clean
    rewrites = json.loads(made.manifest.read_text())["rewrites"]
    assert "aten::triu in operators that TVM converts" in rewrites


class Bessel(torch.nn.Module):  # type: ignore[misc]
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.special.i1(x)


def test_what_the_engine_does_not_convert_is_named(tmp_path: Path) -> None:
    made = package.package(
        Bessel(), inputs={"x": (1, 4)}, framework_version="2.0", path=tmp_path / "m.tar.gz"
    )
    with pytest.raises(EngineFailed, match="no rule for aten::special_i1"):
        package.compile(made.path, target="ml_c5")


def test_rewritten_attention_compiles(tmp_path: Path, models: Path) -> None:
    tokens = {"tokens": (1, 4, 8)}
    made = package.package(
        f"{models}:attention", inputs=tokens, framework_version="1.8", path=tmp_path / "m.tar.gz"
    )
    package.compile(made.path, target="ml_c5")
