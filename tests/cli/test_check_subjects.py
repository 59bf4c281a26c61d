"""What ``check`` takes beside an archive, for how many targets, and what counts as failing."""

from __future__ import annotations

import json
import shutil
import tarfile
from pathlib import Path

import pytest
from desk import Call, Desk

ONNX = "onnx/cnn-opset12.onnx"


@pytest.fixture
def saved_model(fixtures: Path, desk: Desk) -> Path:
    """A SavedModel as TensorFlow writes it: at the root of its directory, with a stray .pb."""
    return Path(shutil.copytree(fixtures / "tensorflow/2/saved-model", desk.path / "net"))


def test_a_bare_model_file(neopack: Call, fixtures: Path) -> None:
    answer = neopack("check", fixtures / ONNX, "-t", "ml_c5", "--format", "json")
    assert answer.code == 0
    assert answer.document["subject"] == "cnn-opset12.onnx"
    assert "no archive: judged as" in answer.document["remark"]


def test_a_bare_file_is_judged_by_its_bytes(neopack: Call, fixtures: Path) -> None:
    answer = neopack("check", fixtures / "pytorch/state-dict.pt", "-t", "ml_c5")
    assert answer.code == 1
    assert "NEO-PT-002" in answer.out


def test_a_directory_is_judged_as_it_would_be_packed(neopack: Call, saved_model: Path) -> None:
    answer = neopack("check", "net", "-t", "ml_c5", "--format", "json")
    found = {finding["id"] for finding in answer.document["findings"]}
    assert not found & {"NEO-TF-002", "NEO-TF-003", "NEO-AR-002"}
    assert "export/saved_model.pb" in answer.document["remark"]


def test_a_directory_of_two_models_is_found_wanting(
    neopack: Call, fixtures: Path, desk: Desk
) -> None:
    for name in ("a.onnx", "b.onnx"):
        shutil.copy(fixtures / ONNX, desk.path / name)
    answer = neopack("check", ".", "-t", "ml_c5")
    assert answer.code == 1
    assert "NEO-AR-003" in answer.out


def test_a_directory_without_a_model(refused: Call, desk: Desk) -> None:
    (desk.path / "notes.txt").write_text("nothing")
    refused(1, "does not hold a model", "check", ".", "-t", "ml_c5")


def test_a_target_must_be_named(refused: Call, fixtures: Path) -> None:
    refused(2, "which target?", "check", fixtures / ONNX)


# --- several targets ------------------------------------------------------------------------


def test_several_targets(neopack: Call, shelf: Path) -> None:
    both = ("-t", "ml_c5", "-t", "linux/arm64/nvidia")
    text = neopack("check", shelf / "cnn.tar.gz", *both)
    assert text.code == 1
    assert "for ml_c5" in text.out
    assert "NEO-CO-004" in text.out
    answer = neopack("check", shelf / "cnn.tar.gz", *both, "--format", "json")
    assert answer.document["kind"] == "checks"
    assert [r["target"] for r in answer.document["reports"]] == ["ml_c5", "linux/arm64/nvidia"]


@pytest.mark.parametrize(
    ("targets", "code"),
    [(("ml_eia2",), 3), (("ml_eia2", "ml_eia2"), 3), (("ml_eia2", "ml_p3"), 3)],
)
def test_what_no_target_takes(
    neopack: Call, shelf: Path, targets: tuple[str, ...], code: int
) -> None:
    given = [word for target in targets for word in ("-t", target)]
    assert neopack("check", shelf / "onnx.tar.gz", *given).code == code


def test_all_targets(neopack: Call, shelf: Path) -> None:
    answer = neopack("check", shelf / "cnn.tar.gz", "--all-targets", "--format", "json")
    assert answer.code == 0
    cells = {(c["target"], c["version"]): c for c in answer.document["cells"]}
    assert cells["ml_c5", "2.0"]["verdict"] == "takes it"
    assert cells["ml_c5", "1.4"]["verdict"] == "after package"
    assert cells["ml_c5", "1.4"]["rule"] == "NEO-PT-021"
    assert cells["ml_eia2", ""]["verdict"] == "no"
    assert cells["ml_c6g", ""]["verdict"] == "not known"
    nvidia = cells["linux/arm64/nvidia", "1.8"]
    assert (nvidia["verdict"], nvidia["rule"]) == ("takes it", "NEO-CO-004")


def test_all_targets_in_text_and_in_markdown(neopack: Call, shelf: Path) -> None:
    text = neopack("check", shelf / "cnn.tar.gz", "--all-targets")
    (row,) = (line for line in text.out.splitlines() if line.startswith("ml_c5 "))
    # written for 2.0: what 1.4 to 1.6 do not read of it, package writes for them
    taken, after = (
        ["1.7", "1.8", "1.12", "1.13", "2.0"],
        ["1.4", "[1]", "1.5", "[2]", "1.6", "[3]"],
    )
    assert row.split() == ["ml_c5", *taken, *after]
    assert "[1] NEO-PT-021" in text.out
    shown = neopack("check", shelf / "cnn.tar.gz", "--all-targets", "--format", "markdown")
    marked = "1.4 \\[1\\] 1.5 \\[2\\] 1.6 \\[3\\]"
    assert f"| ml\\_c5 | {' '.join(taken)} | {marked} |  |  |" in shown.out


def test_all_targets_of_what_none_takes(neopack: Call, fixtures: Path) -> None:
    answer = neopack("check", fixtures / "pytorch/state-dict.pt", "--all-targets")
    assert answer.code == 1
    assert "takes it: 0" in answer.out


def test_all_targets_excludes(refused: Call, shelf: Path) -> None:
    archive = shelf / "cnn.tar.gz"
    refused(2, "--target", "check", archive, "--all-targets", "-t", "ml_c5")
    refused(2, "no form sarif", "check", archive, "--all-targets", "--format", "sarif")


# --- forms ----------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["junit", "sarif", "github", "markdown"])
def test_each_form_goes_to_standard_output_quiet_or_not(
    neopack: Call, fixtures: Path, form: str
) -> None:
    arguments = ("check", fixtures / "pytorch/training-mode.pt", "-t", "ml_c5", "--format", form)
    loud, quiet = neopack(*arguments), neopack(*arguments, "--quiet")
    assert loud.code == 0
    assert loud == quiet
    assert "NEO-PT-003" in loud.out
    assert not loud.err


def test_an_error_in_another_form_is_one_line(refused: Call) -> None:
    refused(1, "gone.tar.gz", "check", "gone.tar.gz", "-t", "ml_c5", "--format", "sarif")


# --- levels and settings --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ((), 0),
        (("--strict",), 1),
        (("--max-level", "info"), 1),
        (("--max-level", "warning"), 0),
        (("--strict", "--max-level", "info"), 2),
    ],
)
def test_warnings_fail_where_that_is_wanted(
    neopack: Call, fixtures: Path, options: tuple[str, ...], code: int
) -> None:
    model = fixtures / "pytorch/training-mode.pt"
    assert neopack("check", model, "-t", "ml_c5", *options).code == code


def test_errors_pass_where_that_is_wanted(neopack: Call, fixtures: Path) -> None:
    model = fixtures / "onnx/cnn-opset18.onnx"
    select = ("--select", "NEO-ON-001")
    assert neopack("check", model, "-t", "ml_c5", *select).code == 1
    answer = neopack("check", model, "-t", "ml_c5", *select, "--max-level", "error")
    assert answer.code == 0
    assert "NEO-ON-001" in answer.out


@pytest.mark.parametrize("name", ["neopack.toml", "pyproject.toml"])
def test_a_project_says_how(neopack: Call, fixtures: Path, desk: Desk, name: str) -> None:
    head = "[tool.neopack]\n" if name == "pyproject.toml" else ""
    settings = 'target = ["ml_c5", "ml_p3"]\nstrict = true\n'
    (desk.path / name).write_text(head + settings)
    model = fixtures / "pytorch/training-mode.pt"
    answer = neopack("check", model, "--format", "json")
    assert answer.code == 1
    assert [r["target"] for r in answer.document["reports"]] == ["ml_c5", "ml_p3"]
    (desk.path / name).write_text(f'{head}{settings}ignore = ["NEO-PT-003"]\n')
    assert neopack("check", model).code == 0
    assert neopack("check", model, "--ignore", "NEO-AR").code == 1
    assert neopack("check", model, "--max-level", "warning", "--ignore", "NEO-AR").code == 0
    one = neopack("check", model, "-t", "ml_g4dn", "--format", "json")
    assert one.document["target"] == "ml_g4dn"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("strict = 1", "strict is not true or false"),
        ("target = 3", "target is not a list of strings"),
    ],
)
def test_a_project_that_says_it_wrong(
    refused: Call, fixtures: Path, desk: Desk, text: str, words: str
) -> None:
    (desk.path / "neopack.toml").write_text(text)
    refused(2, ("neopack.toml", words), "check", fixtures / ONNX)


# --- fix ------------------------------------------------------------------------------------


def packed(path: Path, files: dict[str, Path], *others: tarfile.TarInfo) -> Path:
    with tarfile.open(path, "w:gz") as tar:
        for name, file in files.items():
            tar.add(file, name)
        for other in others:
            tar.addfile(other)
    return path


def names(path: Path) -> list[str]:
    with tarfile.open(path) as tar:
        return [member.name for member in tar]


def test_fix_mends_what_is_packaging(neopack: Call, fixtures: Path, desk: Desk) -> None:
    model = fixtures / "pytorch/cnn-traced.pt"
    link = tarfile.TarInfo("link")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    packed(desk.path / "bad.tar.gz", {"net.PT": model, "._net.PT": model}, link)
    assert neopack("check", "bad.tar.gz", "-t", "ml_c5").code == 1
    answer = neopack("check", "bad.tar.gz", "-t", "ml_c5", "--fix", "good.tar.gz")
    assert answer.code == 0
    for words in (
        "left out  ._net.PT",
        "left out  link",
        "renamed   net.pt to net.pth",
        "0 errors",
    ):
        assert words in answer.out
    with tarfile.open(desk.path / "good.tar.gz") as tar:
        assert tar.getnames() == ["net.pth"]
        inside = tar.extractfile("net.pth")
        assert inside is not None
        assert inside.read() == model.read_bytes()
    assert neopack("check", "good.tar.gz", "-t", "ml_c5").code == 0
    before = (desk.path / "good.tar.gz").read_bytes()
    again = neopack("check", "good.tar.gz", "-t", "ml_c5", "--fix", "again.tar.gz")
    assert "nothing had to change" in again.out
    assert (desk.path / "again.tar.gz").read_bytes() == before


def test_fix_wraps_a_saved_model(neopack: Call, saved_model: Path, desk: Desk) -> None:
    files = {
        p.relative_to(saved_model).as_posix(): p for p in saved_model.rglob("*") if p.is_file()
    }
    packed(desk.path / "bad.tar.gz", files)
    config = ("-t", "rasp4b", "--data-input-config", '{"image":[1,8,8,3]}')
    found = neopack("check", "bad.tar.gz", *config)
    assert {"NEO-TF-002", "NEO-TF-003"} <= set(found.out.split())
    fixed = neopack("check", "bad.tar.gz", *config, "--fix", "good.tar.gz", "--format", "json")
    left = {f["id"] for f in fixed.document["checked"]["reports"][0]["findings"]}
    assert not left & {"NEO-TF-002", "NEO-TF-003"}
    assert names(desk.path / "good.tar.gz")[:2] == ["export", "export/saved_model.pb"]
    assert "NEO-TF-002" in {change["rule"] for change in fixed.document["changes"]}


def test_fix_packs_a_directory(neopack: Call, saved_model: Path, desk: Desk) -> None:
    answer = neopack("check", "net", "-t", "ml_c5", "--fix", "out.tar.gz")
    assert "left out  fingerprint.pb" in answer.out
    assert "export/saved_model.pb" in names(desk.path / "out.tar.gz")


def test_fix_keeps_the_strings_of_the_call(neopack: Call, shelf: Path, desk: Desk) -> None:
    answer = neopack("check", shelf / "cnn.tar.gz", "--fix", "out.tar.gz", "--format", "json")
    assert answer.code == 0
    assert json.loads(answer.document["data_input_config"]) == {"image": [1, 3, 8, 8]}


def test_fix_says_what_it_cannot_mend(neopack: Call, fixtures: Path, desk: Desk) -> None:
    packed(desk.path / "bad.tar.gz", {"a.pt": fixtures / "pytorch/state-dict.pt"})
    answer = neopack("check", "bad.tar.gz", "-t", "ml_c5", "--fix", "out.tar.gz")
    assert answer.code == 1
    assert "NEO-PT-002" in answer.out
    assert names(desk.path / "out.tar.gz") == ["a.pth"]


def test_fix_refuses(refused: Call, neopack: Call, fixtures: Path, desk: Desk) -> None:
    model = fixtures / "pytorch/cnn-traced.pt"
    hidden = packed(desk.path / "hidden.tar.gz", {".net.pth": model})
    fix = ("-t", "ml_c5", "--fix")
    refused(2, "does not end in .tar.gz", "check", model, *fix, "out.zip")
    refused(2, "already exists", "check", model, *fix, "hidden.tar.gz")
    refused(2, "give one --target", "check", model, *fix, "o.tar.gz", "-t", "ml_p3")
    refused(1, "no model would be left", "check", hidden, *fix, "o.tar.gz")
    assert neopack("check", model, *fix, "hidden.tar.gz", "--force").code == 0
