"""Each exit code that docs and help state, reached for real; the rest of 1 and 2 lies beside."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from desk import INPUT, Call, Copied, Desk
from hostile import pack

from neopack import distributions, errors
from neopack.distributions import install_hint
from neopack.processes import forkserver


def test_the_help_states_the_codes_that_errors_have(neopack: Call) -> None:
    kinds = [getattr(errors, name) for name in errors.__all__]
    codes = {kind.exit_code for kind in kinds if hasattr(kind, "exit_code")}
    stated = neopack("--help").out.partition("Exit codes:")[2]
    assert {int(word) for word in stated.split() if word.isdecimal()} == codes | {0}


def test_0_for_the_whole_road(neopack: Call, models: Path, desk: Desk) -> None:
    for arguments in (
        ("inspect", f"{models}:cnn", *INPUT),
        ("package", f"{models}:cnn", *INPUT, "-o", "cnn.tar.gz"),
        ("inspect", "cnn.tar.gz"),
        ("check", "cnn.tar.gz"),
        ("compile", "cnn.tar.gz", "-t", "ml_c5"),
        ("inspect", "cnn-ml_c5.tar.gz"),
        ("run", "cnn-ml_c5.tar.gz", "--random", "-o", "out.npz"),
    ):
        assert neopack(*arguments).code == 0, arguments
    assert {path.name for path in desk.path.iterdir()} == {
        "cnn.tar.gz", "cnn.neopack.json", "cnn.golden.npz", "cnn-ml_c5.tar.gz", "out.npz",
    }  # fmt: skip
    assert not list(desk.temporary.iterdir())


# --- 3: not for this target, or not here ----------------------------------------------------


@pytest.mark.parametrize(
    ("model", "target"),
    [("onnx/cnn-opset12.onnx", "ml_inf1"), ("onnx/cnn-opset12.onnx", "coreml")],
)
def test_3_where_the_target_takes_no_such_framework(
    refused: Call, neopack: Call, shelf: Path, fixtures: Path, model: str, target: str
) -> None:
    refused(3, f"{target} takes no ONNX models", "package", fixtures / model, "-t", target,
            "-o", "out.tar.gz")  # fmt: skip
    answer = neopack("check", shelf / "onnx.tar.gz", "-t", target)
    assert answer.code == 3
    assert "NEO-TG-" in answer.out


def test_3_for_a_version_that_the_target_does_not_take(refused: Call, models: Path) -> None:
    arguments = ("package", f"{models}:cnn", *INPUT, "-o", "out.tar.gz")
    refused(3, ("NEO-TG-", "99"), *arguments, "--framework-version", "99.0")


@pytest.mark.parametrize(("precision", "capability"), [("bf16", "BF16"), ("fp16", "FP16")])
def test_3_for_a_precision_that_this_cpu_has_not(
    neopack: Call, desk: Desk, copied: Copied, precision: str, capability: str
) -> None:
    """What the CPU has is compiled in, and what it has not is refused: whichever it is."""
    import openvino

    copied("cnn", desk.path)
    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    answer = neopack("compile", "cnn.tar.gz", "-t", "ml_c5", "--precision", precision)
    if capability in able:
        assert (answer.code, answer.errors) == (0, [])
    else:
        assert answer.code == 3
        assert f"this CPU does not compute in {precision} (it can: " in answer.errors[0]
        assert not (desk.path / "cnn-ml_c5.tar.gz").exists()


# --- 4: something to install ----------------------------------------------------------------


def test_4_for_an_engine_that_is_not_installed(
    refused: Call, desk: Desk, copied: Copied, monkeypatch: pytest.MonkeyPatch
) -> None:
    copied("cnn", desk.path)
    monkeypatch.setattr(distributions, "version", lambda name: None)
    monkeypatch.setenv("NEOPACK_HOME", str(desk.path))  # without runtimes
    words = ("openvino", "not installed", install_hint("openvino"))
    refused(4, words, "compile", "cnn.tar.gz", "-t", "ml_c5")
    words = ("tvm", "not installed", "neopack runtimes install neo-loader-pytorch-1.8.1")
    refused(4, words, "compile", "cnn.tar.gz", "-t", "rasp3b")


@pytest.fixture
def hidden(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes a package one that cannot be imported, in child processes and in this one."""

    def hide(name: str) -> None:
        folder = tmp_path / "hidden" / name
        folder.mkdir(parents=True)
        (folder / "__init__.py").write_text(f"raise ImportError('No module named {name}')\n")
        monkeypatch.setenv("PYTHONPATH", str(folder.parent))
        monkeypatch.setitem(__import__("sys").modules, name, None)

    return hide


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("torch", "torch", ("package", "{models}:cnn", *INPUT, "-o", "out.tar.gz")),
        ("torch", "torch", ("package", "{fixtures}/pytorch/cnn-traced.pt", "-o", "out.tar.gz")),
        ("onnx", "onnx", ("package", "{fixtures}/onnx/cnn-opset12.onnx", "-o", "out.tar.gz")),
        ("onnxruntime", "onnx", ("package", "{fixtures}/onnx/cnn-opset12.onnx", "-o", "o.tar.gz")),
        ("torch", "torch", ("compile", "{shelf}/cnn.tar.gz", "-t", "ml_c5", "-o", "out.tar.gz")),
        ("openvino", "openvino", ("compile", "{shelf}/onnx.tar.gz", "-t", "ml_c5", "-o", "o.tgz")),
        ("torch", "torch", ("run", "{shelf}/cnn.tar.gz", "--random")),
        ("onnxruntime", "onnx", ("run", "{shelf}/onnx.tar.gz", "--random")),
        ("openvino", "openvino", ("run", "{shelf}/cnn-ml_c5.tar.gz", "--random")),
        ("openvino", "openvino", ("bench", "{shelf}/cnn-ml_c5.tar.gz")),
    ],
)
def test_4_for_a_package_that_cannot_be_imported(
    refused: Call,
    shelf: Path,
    models: Path,
    fixtures: Path,
    hidden: Callable[[str], None],
    package: str,
    extra: str,
    arguments: tuple[str, ...],
) -> None:
    hidden(package)
    places = {"shelf": shelf, "models": models, "fixtures": fixtures}
    refused(4, install_hint(extra), *(a.format(**places) for a in arguments))


@pytest.mark.parametrize("command", ["inspect", "check"])
@pytest.mark.parametrize("package", ["torch", "onnx", "onnxruntime", "openvino", "numpy"])
def test_reading_and_judging_need_nothing(
    neopack: Call, shelf: Path, monkeypatch: pytest.MonkeyPatch, command: str, package: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, package, None)
    for name in ("cnn", "onnx"):
        assert neopack(command, shelf / f"{name}.tar.gz").code == 0


# --- 6: an engine failed --------------------------------------------------------------------


def test_6_for_a_model_that_the_engine_cannot_convert(
    refused: Call, desk: Desk, fixtures: Path
) -> None:
    import io
    import tarfile

    content = (fixtures / "onnx/custom-domain.onnx").read_bytes()
    with tarfile.open(desk.path / "custom.tar.gz", "w:gz") as tar:
        entry = tarfile.TarInfo("model.onnx")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    words = ("custom.tar.gz", "OpenVINO cannot convert", "--backend sagemaker")
    refused(6, words, "compile", "custom.tar.gz", "-t", "ml_c5")


def is_python(process: int) -> bool:
    try:
        return b"python" in Path(f"/proc/{process}/cmdline").read_bytes()
    except OSError:
        return False


def test_6_for_an_engine_that_is_killed(
    refused: Call,
    desk: Desk,
    copied: Copied,
    processes_of: Callable[[str], set[int]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import threading

    # a forked child has the fork server's environment in /proc, which is not what is killed here
    monkeypatch.setattr(forkserver, "fork", lambda *_: None)
    copied("cnn", desk.path)
    before = processes_of(str(desk.temporary))

    def kill_the_child() -> None:
        # a shell beside it only waits to remove the temporary directory
        while not (found := [*filter(is_python, processes_of(str(desk.temporary)) - before)]):
            time.sleep(0.01)
        os.kill(found.pop(), signal.SIGKILL)

    killer = threading.Thread(target=kill_the_child)
    killer.start()
    words = ("cnn.tar.gz", "ended by SIGKILL", "out of memory")
    refused(6, words, "compile", "cnn.tar.gz", "-t", "ml_c5")
    killer.join()


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        ("compiled.xml", "'compiled.xml' is not what openvino compiled"),
        ("compiled.bin", "'compiled.bin' is not what openvino compiled"),
        ("neopack.json", "neopack.json"),
    ],
)
def test_an_artifact_with_a_damaged_member(
    refused: Call, desk: Desk, shelf: Path, damage: str, words: str
) -> None:
    import tarfile

    with (
        tarfile.open(shelf / "cnn-ml_c5.tar.gz") as whole,
        tarfile.open(desk.path / "bad.tar.gz", "w:gz") as tar,
    ):
        for member in whole:
            if member.name == damage:
                member.size //= 2
            tar.addfile(member, whole.extractfile(member.name))
    refused(1, words, "run", "bad.tar.gz", "--random")


@pytest.mark.parametrize("absent", ["compiled.xml", "compiled.bin"])
def test_an_artifact_without_a_member(refused: Call, desk: Desk, shelf: Path, absent: str) -> None:
    import tarfile

    with (
        tarfile.open(shelf / "cnn-ml_c5.tar.gz") as whole,
        tarfile.open(desk.path / "bad.tar.gz", "w:gz") as tar,
    ):
        for member in whole:
            if member.name != absent:
                tar.addfile(member, whole.extractfile(member))
    refused(1, ("bad.tar.gz", f"lacks '{absent}'"), "run", "bad.tar.gz", "--random")


def test_an_archive_of_a_model_with_unknown_shapes(
    refused: Call, desk: Desk, fixtures: Path
) -> None:
    pack(desk.path / "a.tar.gz", model=(fixtures / "pytorch/branches-scripted.pt").read_bytes())
    words = ("a.tar.gz", "shapes of its inputs", ".neopack.json")
    refused(2, words, "run", "a.tar.gz", "--random")
