"""Every rewrite computes what its operator does, in operators that the old version has."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch_cases import traced
from torch_functions import CASES, ROWS, SCRIPTED

from neopack import facts
from neopack.frameworks.pytorch import syntax
from neopack.frameworks.pytorch.lowering import canonical, functions, graphs, lower

# what today's torch says of what old ones do
pytestmark = pytest.mark.filterwarnings("ignore")
OLDEST = "1.4"
VERSIONS = (OLDEST, "1.5", "1.6", "1.7", "1.8", "1.9", "1.12", "1.13", "2.0")


@dataclass(frozen=True)
class Tried:
    """The cases that ran in this process, and the rewrites that took part."""

    cases: set[str] = field(default_factory=set)
    rewrites: set[str] = field(default_factory=set)


@pytest.fixture(scope="module")
def tried() -> Iterator[Tried]:
    record, find = Tried(), functions.key_of

    def seen(node: Any, folder: str) -> str | None:
        key = find(node, folder)
        record.rewrites.update([key] if key else [])
        return key

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(functions, "key_of", seen)
        yield record


@pytest.fixture(autouse=True)
def no_layer_is_one_operator() -> Iterator[None]:
    torch.backends.mha.set_fastpath_enabled(False)
    yield
    torch.backends.mha.set_fastpath_enabled(True)


@pytest.mark.parametrize("name", CASES)
def test_what_is_lowered_computes_the_same(name: str, tried: Tried) -> None:
    tried.cases.add(name)
    case = CASES[name]
    today = traced(case.function, *case.inputs)
    ways = {lower.foreign(today, version): version for version in VERSIONS}
    ways[lower.foreign(today, OLDEST)] = OLDEST  # which wants the most rewrites
    for lacking, version in ways.items():
        module = traced(case.function, *case.inputs)
        rewritten = lower.lower(module, version)
        assert rewritten or not lacking or lower.foreign(module, version) == lacking
        if lower.foreign(module, version):
            continue
        assert name in SCRIPTED or not {"prim::If", "prim::Loop"} & {
            node.kind() for node in nodes(module)
        }
        with torch.no_grad():
            torch.testing.assert_close(
                module(*case.inputs), case.function(*case.inputs), equal_nan=True
            )


def nodes(module: Any) -> Iterator[Any]:
    for graph in graphs.graphs(module):
        yield from graphs.nodes(graph)


def test_every_rewrite_is_tried(tried: Tried) -> None:
    if not tried.cases >= set(CASES):
        pytest.skip("the cases above tell, all of them")
    assert functions.rewrites(lower.REWRITES) - tried.rewrites == set()


def test_what_the_version_has_is_left_alone() -> None:
    module = traced(functional.silu, ROWS)
    assert lower.lower(module, "1.8") == ()
    small = traced(lambda x: torch.einsum("abc,adc->abd", x, x), ROWS)
    assert lower.lower(small, "1.8") == ()
    assert lower.foreign(module, "2.1") == ()


@pytest.mark.parametrize("dims", [1, 2, 3])
@pytest.mark.parametrize("transposed", [False, True])
def test_convolutions_of_before_1_7(dims: int, *, transposed: bool) -> None:
    kind = f"Conv{'Transpose' if transposed else ''}{dims}d"
    made = getattr(torch.nn, kind)(4, 6, 3, stride=2, padding=1, groups=2)
    given = torch.randn(1, 4, *[7] * dims)
    module = torch.jit.trace(torch.nn.Sequential(made), (given,), check_trace=False)
    assert lower.lower(module, "1.6") == ("aten::_convolution",)
    assert "_convolution" not in str(module.inlined_graph)
    torch.testing.assert_close(module(given), made(given))
    assert lower.lower(torch.jit.trace(made, (given,), check_trace=False), "1.7") == ()


@pytest.mark.parametrize(
    ("function", "operators"),
    [
        (lambda x: (x * 10).round() * 0.1, ("aten::round",)),
        (lambda x: (x != x) | (x > 0), ("aten::ne",)),
        (lambda x: x.not_equal(0.5), ("aten::not_equal",)),
        (lambda x: (x * 3).frac(), ("aten::frac",)),
        (lambda x: (x * 3).clone().round_() + 1, ("aten::round_",)),
        (lambda x: x.long() != 0, ()),
        (lambda x: x.round(decimals=1), ()),
    ],
)
def test_what_cpus_fuse_otherwise_is_left_to_others(
    function: Callable[[Tensor], Tensor], operators: tuple[str, ...]
) -> None:
    given = torch.tensor([0.05, 0.25, -0.25, 0.5, -0.5, -1.25, float("nan"), 1.0])
    module = traced(function, given)
    assert lower.otherwise(module, "1.10") == ()
    assert lower.otherwise(module, "2.0") == operators
    assert lower.lower(module, "2.0") == operators
    torch.testing.assert_close(module(given), function(given), equal_nan=True, atol=0, rtol=0)
    assert lower.lower(module, "2.0") == ()


def test_what_has_no_rewrite_stays_and_is_named() -> None:
    module = traced(lambda x: torch.special.bessel_j0(functional.mish(x)), ROWS)
    assert lower.lower(module, "1.8") == ("aten::mish",)
    assert lower.foreign(module, "1.8") == ("aten::special_bessel_j0",)


def test_what_has_no_rewrite_says_where_it_is_used() -> None:
    module = traced(torch.special.bessel_j0, ROWS)
    (name, place), *_ = lower.places(module, "1.8").items()
    assert name == "aten::special_bessel_j0"
    assert re.fullmatch(r"torch_cases\.py:\d+", place)
    assert lower.places(module, "2.0") == {}


def test_what_to_write_instead_of_it() -> None:
    assert "matrix" in facts.torch_instead("aten::fft_rfft")
    assert facts.torch_instead("aten::linalg_eigh") != facts.torch_instead("aten::linalg_solve")
    assert facts.torch_instead("aten::relu") == ""
    assert "aten::mish" in lower.rewritten()


def test_operators_grow_from_version_to_version() -> None:
    assert facts.torch_schemas("aten::silu", "1.7.1")
    assert not facts.torch_schemas("aten::silu", "1.6")
    assert facts.torch_schemas("aten::scaled_dot_product_attention", "2.0.1")
    assert not facts.torch_schemas("aten::rms_norm", "2.0.1")
    assert facts.torch_schemas_today("aten::rms_norm")
    # what went away is gone
    assert "int[] -> int[]" not in " ".join(facts.torch_schemas("aten::slice", "1.8"))
    assert facts.torch_schemas("aten::unflatten", "1.7") == ("Tensor,str,int[],str[]",)
    known = [v for v in ("1.4", "1.11", "2.0.1", "2.1", "latest") if facts.torch_is_known(v)]
    assert known == ["1.4", "1.11", "2.0.1"]


def test_the_container_is_one_that_the_old_version_opens(tmp_path: Path) -> None:
    class Nothing(torch.nn.Module):
        def forward(self) -> None:
            return None

    class Outer(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.nothing = Nothing()

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.nothing()
            return functional.gelu(x)

    torch.jit.trace(Outer(), (ROWS,)).save(str(tmp_path / "saved.pth"))
    canonical.rewrite(tmp_path / "saved.pth", tmp_path / "model.pth", "1.8")
    with zipfile.ZipFile(tmp_path / "model.pth") as file:
        assert file.read("model/version") == b"5\n"
        assert "model/.data/version" not in file.namelist()
        assert not [n for n in file.namelist() if b"NoneType" in file.read(n)]
    loaded = torch.jit.load(str(tmp_path / "model.pth"))
    torch.testing.assert_close(loaded(ROWS), functional.gelu(ROWS))


def test_code_says_since_when_it_can_be_read() -> None:
    newest = """class Net(Module):
  __buffers__ = []
  def forward(self, x: Tensor) -> NoneType:
      ops.prim.RaiseException(torch.format("{} (\\"x\\")", _0), "builtins.ValueError")
"""
    assert list(syntax.readable_since(newest)) == ["1.6", "1.12", "1.9"]
    oldest = """class Net(Module):
  __parameters__ = ["NoneType", ]
  def forward(self, x: Tensor) -> Tensor:
      ops.prim.RaiseException("Exception, of old")
"""
    assert syntax.readable_since(oldest) == {}


class Checked(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        if x.dim() != 3:
            raise ValueError("three dimensions are wanted")
        return x * 2


def test_an_exception_has_no_class_for_an_older_version() -> None:
    module = torch.jit.script(Checked())
    assert lower.lower(module, "1.12") == ()
    assert lower.lower(module, "1.9") == ("prim::RaiseException",)
    assert "builtins.ValueError" not in module.code
    torch.testing.assert_close(module(ROWS), ROWS * 2)


class Chosen(torch.nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        found = x[x > 0]
        return torch.nn.functional.mish(found) + found.new_zeros(found.size(0))


def test_the_sizes_of_the_example_are_no_constants() -> None:
    found = torch.jit.trace(Chosen(), torch.tensor([1.0, -1.0]), check_trace=False)
    assert lower.lower(found, "1.8") == ("aten::mish",)
    buffer = io.BytesIO()
    torch.jit.save(found, buffer)
    buffer.seek(0)
    assert torch.jit.load(buffer)(torch.ones(5)).shape == (5,)
