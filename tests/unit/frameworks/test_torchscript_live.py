"""The TorchScript reader against torch itself, on real models."""

from __future__ import annotations

import importlib
import io
import warnings
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")
import torch

from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks.pytorch import generators
from neopack.frameworks.pytorch.facts import PickleFacts, ProgramFacts
from neopack.frameworks.pytorch.read import read_source, recognize
from neopack.frameworks.pytorch.torchvision_ops import with_torchvision
from neopack.values.model import ModelInfo, facts_of


@pytest.fixture(scope="module")
def torchvision() -> Any:
    """torchvision, with or without its compiled operators."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return with_torchvision(lambda: importlib.import_module("torchvision"))


@pytest.fixture(scope="module")
def resnet(torchvision: Any, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Path]:
    path = tmp_path_factory.mktemp("live") / "resnet18.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        module = torchvision.models.resnet18().eval()
        torch.jit.trace(module, torch.zeros(2, 3, 64, 64)).save(str(path))
    return module, path


def buffered(made: Any) -> bytes:
    buffer = io.BytesIO()
    torch.jit.save(made, buffer)
    return buffer.getvalue()


def saved(module: Any, inputs: Any = None, **options: Any) -> ModelInfo:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        made = (
            torch.jit.script(module)
            if inputs is None
            else torch.jit.trace(module, inputs, check_trace=False, **options)
        )
        return read_source(BytesSource("live", buffered(made)))


def test_resnet18(resnet: tuple[Any, Path]) -> None:
    module, path = resnet
    with FileSource(path) as source:
        assert recognize(source) == "TorchScript archive"
        found = read_source(source)
    parameters, buffers = list(module.parameters()), list(module.buffers())
    assert found.parameters == sum(p.numel() for p in parameters)
    assert found.parameter_bytes == sum(p.numel() * p.element_size() for p in parameters)
    facts = facts_of(found, ProgramFacts)
    assert facts.buffers == sum(b.numel() for b in buffers)
    assert sum(found.dtypes.values()) == len(parameters) + len(buffers)
    assert found.signature is not None
    assert found.signature.inputs[0].shape == (2, 3, 64, 64)
    assert facts.training == facts.control_flow == ()


def test_operators_of_a_trace_are_those_of_its_graph(resnet: tuple[Any, Path]) -> None:
    _, path = resnet
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        graph = torch.jit.load(str(path)).inlined_graph
    expected: dict[str, int] = {}
    for node in graph.nodes():
        if node.kind().startswith("aten::"):
            expected[node.kind()] = expected.get(node.kind(), 0) + 1
    with FileSource(path) as source:
        found = read_source(source).operators
    assert set(found) == set(expected)
    assert all(found[name] <= expected[name] for name in expected)


def test_operators_of_a_script_are_those_torch_would_export() -> None:
    module = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scripted = torch.jit.script(module)
        exported = {name.partition(".")[0] for name in torch.jit.export_opnames(scripted)}
        found = set(read_source(BytesSource("s", buffered(scripted))).operators)
    assert {name for name in exported if "__getitem__" not in name} <= found


def test_shared_weights_and_views_count_once() -> None:
    class Tied(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.embedding = torch.nn.Embedding(10, 4)
            self.head = torch.nn.Linear(4, 10, bias=False)
            self.head.weight = self.embedding.weight
            self.register_buffer("kept", torch.ones(4, 4).half()[:2])

        def forward(self, ids: Any) -> Any:
            return self.head(self.embedding(ids)) + self.kept.sum()

    found = saved(Tied(), torch.zeros(1, dtype=torch.int64))
    assert (found.parameters, found.parameter_bytes) == (40, 160)
    facts = facts_of(found, ProgramFacts)
    assert (facts.buffers, facts.buffer_bytes) == (
        8,
        16,
    )
    assert found.dtypes == {"float16": 1, "float32": 1}


def test_an_lstm_with_its_flattened_weights() -> None:
    module = torch.nn.LSTM(3, 5, num_layers=2).eval()
    found = saved(module, torch.zeros(4, 1, 3))
    assert found.parameters == sum(p.numel() for p in module.parameters())
    assert facts_of(found, ProgramFacts).output_type == "Tuple[Tensor, Tuple[Tensor, Tensor]]"


def test_custom_operators(torchvision: Any) -> None:
    class Picks(torch.nn.Module):  # type: ignore[misc]
        def forward(self, boxes: torch.Tensor, scores: torch.Tensor) -> torch.Tensor:
            return torch.ops.torchvision.nms(boxes, scores, 0.5)

    found = saved(Picks())
    facts = facts_of(found, ProgramFacts)
    assert facts.custom_ops == ("torchvision::nms",)
    assert facts.input_types == {"boxes": "Tensor", "scores": "Tensor"}


def test_a_dropout_that_is_always_on_in_scripted_code() -> None:
    class Always(torch.nn.Module):  # type: ignore[misc]
        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return torch.nn.functional.dropout(x, 0.5, True)

    assert [p.partition(": ")[2] for p in facts_of(saved(Always()), ProgramFacts).training] == [
        "dropout in Always.forward"
    ]


def test_instance_norm_without_statistics_is_not_training() -> None:
    module = torch.nn.BatchNorm2d(3, track_running_stats=False).eval()
    assert facts_of(saved(module, torch.ones(2, 3, 4, 4)), ProgramFacts).training == ()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float64", "int8", "bool", "complex64"])
def test_dtypes(dtype: str) -> None:
    class Holds(torch.nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("held", torch.zeros(3, dtype=getattr(torch, dtype)))

        def forward(self, x: Any) -> Any:
            return x, self.held

    found = saved(Holds(), torch.ones(1))
    assert found.dtypes == {dtype: 1}
    assert (
        facts_of(found, ProgramFacts).buffer_bytes
        == 3 * torch.zeros(1, dtype=getattr(torch, dtype)).element_size()
    )


def test_newer_storages_of_torch_save(tmp_path: Path) -> None:
    tensors = {
        "f8": torch.zeros(4).to(torch.float8_e4m3fn),
        "u16": torch.zeros(3, dtype=torch.uint16),
        "meta": torch.empty(5, device="meta"),
        "size": torch.zeros(2),
    }
    torch.save(tensors, tmp_path / "new.pt")
    with FileSource(tmp_path / "new.pt") as source:
        found = read_source(source)
    assert found.format == "state_dict"
    assert found.dtypes == {"float32": 2, "float8_e4m3fn": 1, "uint16": 1}
    facts = facts_of(found, PickleFacts)
    assert facts.globals == ()
    assert facts.devices == ("meta",)


def test_a_loaded_file_has_no_generators_of_its_own(tmp_path: Path) -> None:
    torch.jit.trace(torch.nn.Linear(2, 2).eval(), torch.ones(1, 2)).save(tmp_path / "m.pt")
    names = generators.states(torch.jit.load(tmp_path / "m.pt"))
    assert not [name for name in names if "of its own" in name]
