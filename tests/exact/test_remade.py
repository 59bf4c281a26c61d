"""``package --runtime pytorch-1.8.1 module:callable``: built and traced in that version where it
does not take today's export, and only there."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from desk import Call, Desk
from old_models import Scored

import neopack as package
from neopack.errors import VerificationFailed
from neopack.goldens.cases import load_goldens
from neopack.values.artifact import Array, NeoArchive
from neopack.values.log import LineLog

OLD = Path(__file__).parents[1] / "old_models.py"
RUNTIME = "pytorch-1.8.1"
INPUTS = {"mask": (1, 1, 1), "words": (1, 4, 8)}


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    torch.manual_seed(7)
    model = Scored()
    model.norm.running_mean.normal_()
    torch.save({"state_dict": model.state_dict()}, tmp_path / "weights.pth")
    return tmp_path / "weights.pth"


def expected(weights: Path, goldens: Path) -> dict[str, Array]:
    """Today's model with those weights, on the golden inputs."""
    model = Scored().eval()
    model.load_state_dict(torch.load(weights)["state_dict"])
    given, _ = load_goldens(goldens)
    with torch.no_grad():
        found = model(torch.from_numpy(given["words"]), torch.from_numpy(given["mask"]))
    return {name: tensor.numpy() for name, tensor in found.items()}


def manifest(made: NeoArchive) -> Any:
    return json.loads(made.manifest.read_text())


@pytest.mark.parametrize("name", ["Scored", "of_its_time"])
def test_it_is_built_and_traced_there_with_the_weights(
    name: str, weights: Path, tmp_path: Path
) -> None:
    made = package.package(
        f"{OLD}:{name}",
        inputs=INPUTS,
        weights=weights,
        runtime=RUNTIME,
        path=tmp_path / "m.tar.gz",
    )
    _, golden = load_goldens(made.goldens)
    for output, array in expected(weights, made.goldens).items():
        np.testing.assert_allclose(golden[output], array, atol=1e-6)
    (evidence,) = made.report.evidence
    assert (evidence.runtime, evidence.exact, evidence.difference) == (RUNTIME, True, 0)
    told = manifest(made)
    assert told["framework_version"] == "1.8"
    assert told["versions"]["torch"] == "1.8.1"
    (rewrite,) = told["rewrites"]
    assert rewrite.startswith(f"built and traced in {RUNTIME}, since today's export was refused: ")
    assert package.check(made.path).clean


def test_it_is_the_same_archive_again_and_names_no_path(weights: Path, tmp_path: Path) -> None:
    made = [
        package.package(
            f"{OLD}:of_its_time", inputs=INPUTS, runtime=RUNTIME, path=tmp_path / f"{n}.tar.gz"
        )
        for n in range(2)
    ]
    assert made[0].sha256 == made[1].sha256
    with tarfile.open(made[0].path) as archive:
        member = archive.extractfile("model.pth")
        assert member is not None
        assert str(OLD.parent).encode() not in member.read()


def test_today_s_export_is_kept_where_it_loads_there(tmp_path: Path) -> None:
    inputs = {"input0": (1, 8)}
    anew, plain = (
        package.package(
            f"{OLD}:plain",
            inputs=inputs,
            framework_version="1.8",
            runtime=runtime,
            path=tmp_path / f"{name}.tar.gz",
        )
        for name, runtime in (("anew", RUNTIME), ("plain", None))
    )
    assert anew.sha256 == plain.sha256
    assert manifest(anew)["versions"] == manifest(plain)["versions"]
    assert [evidence.runtime for evidence in anew.report.evidence] == [RUNTIME]


def test_what_the_trace_chose_is_said_and_not_proven(tmp_path: Path) -> None:
    """Another input is answered as the first one was."""
    lines: list[str] = []
    with pytest.raises(VerificationFailed, match="for the golden case 'another'"):
        package.package(
            f"{OLD}:chosen",
            inputs={"x": (1, 3)},
            runtime=RUNTIME,
            path=tmp_path / "m.tar.gz",
            log=LineLog(lines.append),
        )
    assert any("old_models.py" in warning for warning in lines)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("raises", (RUNTIME, "ValueError: no such width")),
        ("no_module", ("is a int, not a torch.nn.Module",)),
        ("in_need", ("transformers_of_tomorrow", "this runtime has torch 1.8.1", "NumPy alone")),
        ("nothing", ("has no 'nothing'",)),
    ],
)
def test_a_callable_that_gives_no_model_is_refused(
    refused: Call, desk: Desk, name: str, words: tuple[str, ...]
) -> None:
    refused(
        1, (str(OLD), *words), "package", f"{OLD}:{name}", "-i", "x=1,8", "-o", "m.tar.gz",
        "--runtime", RUNTIME,
    )  # fmt: skip


def of_its_time(refused: Call, code: int, words: tuple[str, ...], *more: str | Path) -> None:
    refused(
        code, words, "package", f"{OLD}:of_its_time", "-o", "m.tar.gz", "--runtime", RUNTIME, *more
    )


def test_weights_that_do_not_fit_are_refused(
    refused: Call, desk: Desk, weights: Path, tmp_path: Path
) -> None:
    given = ("-i", "words=1,4,8", "-i", "mask=1,1,1", "--weights")
    state = torch.load(weights)["state_dict"]
    torch.save({n: t for n, t in state.items() if n != "mix.bias"}, tmp_path / "less.pth")
    of_its_time(refused, 1, ("less.pth", "lacks 'mix.bias'"), *given, tmp_path / "less.pth")
    torch.save({**state, "mix.bias": torch.zeros(3)}, tmp_path / "other.pth")
    words = ("weights do not fit", "size mismatch for mix.bias")
    of_its_time(refused, 1, words, *given, tmp_path / "other.pth")
    of_its_time(refused, 1, ("gone.pth", "no such file"), *given, tmp_path / "gone.pth")


def test_inputs_that_forward_does_not_take_are_refused(refused: Call, desk: Desk) -> None:
    of_its_time(refused, 2, ("input shapes are not known",))
    of_its_time(refused, 2, ("forward has no input 'image'",), "-i", "words=1,8", "-i", "image=1")
    words = ("its forward raised RuntimeError", "words=[1, 4, 3]")
    of_its_time(refused, 1, words, "-i", "words=1,4,3", "-i", "mask=1,1,1")


@pytest.mark.parametrize(
    ("runtime", "words"),
    [
        ("pytorch-9", ("no runtime 'pytorch-9'", "did you mean pytorch-")),
        ("xgboost-1.3.3", ("xgboost-1.3.3 runs XGBOOST", "PYTORCH")),
    ],
)
def test_a_runtime_that_is_none_is_refused_at_once(
    refused: Call, desk: Desk, runtime: str, words: tuple[str, ...]
) -> None:
    refused(
        2, words, "package", f"{OLD}:raises", "-i", "x=1,8", "-o", "m.tar.gz", "--runtime", runtime
    )


def test_a_file_is_proven_and_never_built_anew(
    refused: Call, desk: Desk, tmp_path: Path, fixtures: Path
) -> None:
    made = package.package(
        fixtures / "pytorch/cnn-traced.pt", runtime=RUNTIME, path=tmp_path / "m.tar.gz"
    )
    assert [evidence.runtime for evidence in made.report.evidence] == [RUNTIME]
    assert manifest(made)["rewrites"] == []
