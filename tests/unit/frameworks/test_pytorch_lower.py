"""Every rewrite computes what its operator does, in operators that the old version has."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn import functional

from neopack import facts
from neopack.frameworks.pytorch import canonical, lower, spelling

Function = Callable[..., Any]
GIVEN = torch.linspace(-4, 4, 48).reshape(2, 3, 8)
IMAGE = torch.linspace(-4, 4, 96).reshape(2, 3, 4, 4)
MASK = torch.tensor([[True, False, True], [False, True, True], [True, True, False]])


def attention(**more: Any) -> Function:
    return lambda x: functional.scaled_dot_product_attention(x, x + 1, x * 2, **more)


# what is traced, and the newest version that lacks it
CASES: dict[str, tuple[Function, torch.Tensor, str]] = {
    "attention": (attention(), GIVEN, "1.12"),
    "causal": (attention(is_causal=True), GIVEN, "1.12"),
    "scaled": (attention(scale=0.3), GIVEN, "1.12"),
    "masked": (attention(attn_mask=MASK), GIVEN, "1.12"),
    "blind": (attention(attn_mask=MASK & MASK.new_tensor([[1], [0], [1]])), GIVEN, "1.12"),
    "biased": (attention(attn_mask=torch.ones(3, 3) / 3), GIVEN, "1.12"),
    "pad": (lambda x: functional.pad(x, (1, 2, 0, 1)), IMAGE, "1.9"),
    "pad with": (lambda x: functional.pad(x, (1, 2), value=3.0), IMAGE, "1.9"),
    "reflect": (lambda x: functional.pad(x, (1, 2, 1, 1), mode="reflect"), IMAGE, "1.9"),
    "replicate": (lambda x: functional.pad(x, (1, 2, 1, 1), mode="replicate"), IMAGE, "1.9"),
    "concat": (lambda x: torch.concat([x, x], 1), GIVEN, "1.9"),
    "concatenate": (lambda x: torch.concatenate([x, x], 1), GIVEN, "1.12"),
    "mish": (functional.mish, GIVEN, "1.8"),
    "mish in place": (lambda x: functional.mish(x * 1, inplace=True), GIVEN, "1.8"),
    "normalize": (lambda x: functional.normalize(x, dim=-1), GIVEN, "1.8"),
    "norm of all": (lambda x: torch.linalg.vector_norm(x), GIVEN, "1.8"),
    "norm of order": (lambda x: torch.linalg.vector_norm(x, 3.0, (1, 2), True), GIVEN, "1.8"),
    "rms": (lambda x: functional.rms_norm(x, (8,), torch.arange(8.0), 1e-3), GIVEN, "1.12"),
    "rms of two": (lambda x: functional.rms_norm(x, (3, 8)), GIVEN, "1.12"),
    "einsum": (lambda x: torch.einsum("aBC,aDC->aBD", x, x), GIVEN, "1.8"),
    "swapaxes": (lambda x: torch.swapaxes(x, 0, 2) * 1, GIVEN, "1.7"),
    "swapdims": (lambda x: torch.swapdims(x, 0, 2) * 1, GIVEN, "1.7"),
    "tile": (lambda x: torch.tile(x, (2, 1)), GIVEN, "1.7"),
    "broadcast": (lambda x: torch.broadcast_to(x, (2, 2, 3, 8)) * 1, GIVEN, "1.7"),
    "silu": (functional.silu, GIVEN, "1.6"),
    "silu in place": (lambda x: functional.silu(x * 1, inplace=True), GIVEN, "1.6"),
    "hardsigmoid": (functional.hardsigmoid, GIVEN, "1.4"),
    "hardswish": (functional.hardswish, GIVEN, "1.5"),
    "hardswish in place": (lambda x: functional.hardswish(x * 1, inplace=True), GIVEN, "1.5"),
    "square": (torch.square, GIVEN, "1.4"),
    "ones": (lambda x: x + x.new_ones((2, 1, 8)), GIVEN, "1.8"),
    "ones of a type": (lambda x: x * x.new_ones(8, dtype=torch.bool), GIVEN, "1.4"),
}


class Called(torch.nn.Module):
    def __init__(self, function: Function) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: torch.Tensor) -> Any:
        return self.function(x)


def traced(function: Function, given: torch.Tensor) -> Any:
    # inside another module, where torch does not replace one name of an operator by another
    inside = torch.nn.Sequential(Called(function))
    return torch.jit.trace(inside, (given,), check_trace=False)


@pytest.mark.parametrize("name", CASES)
def test_a_rewrite_computes_the_same(name: str) -> None:
    function, given, version = CASES[name]
    module = traced(function, given)
    einsum = "einsum" in name
    assert einsum or lower.foreign(module, version), "there is something to rewrite"
    rewritten = lower.lower(module, version)
    assert rewritten
    assert lower.foreign(module, version) == ()
    torch.testing.assert_close(module(given), function(given))


def test_every_rewrite_is_tried() -> None:
    tried = set()
    for function, given, version in CASES.values():
        tried |= set(lower.lower(traced(function, given), version))
    assert tried == {*lower._ways(), "aten::einsum"}


def test_what_the_version_has_is_left_alone() -> None:
    module = traced(functional.silu, GIVEN)
    assert lower.lower(module, "1.8") == ()
    small = traced(lambda x: torch.einsum("abc,adc->abd", x, x), GIVEN)
    assert lower.lower(small, "1.8") == ()
    assert lower.foreign(module, "2.9") == ()


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


def test_what_has_no_rewrite_stays_and_is_named() -> None:
    module = traced(lambda x: torch.special.bessel_j0(functional.mish(x)), GIVEN)
    assert lower.lower(module, "1.8") == ("aten::mish",)
    assert lower.foreign(module, "1.8") == ("aten::special_bessel_j0",)


def test_operators_grow_from_version_to_version() -> None:
    assert "aten::silu" in (facts.torch_operators("1.7.1") or ())
    assert "aten::silu" not in (facts.torch_operators("1.6") or ())
    assert facts.torch_operators("2.0") is None
    assert facts.torch_operators("latest") is None


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

    torch.jit.trace(Outer(), (GIVEN,)).save(str(tmp_path / "saved.pth"))
    canonical.rewrite(tmp_path / "saved.pth", tmp_path / "model.pth", "1.8")
    with zipfile.ZipFile(tmp_path / "model.pth") as file:
        assert file.read("model/version") == b"5\n"
        assert "model/.data/version" not in file.namelist()
        assert not [n for n in file.namelist() if b"NoneType" in file.read(n)]
    loaded = torch.jit.load(str(tmp_path / "model.pth"))
    torch.testing.assert_close(loaded(GIVEN), functional.gelu(GIVEN))


def test_code_says_since_when_it_can_be_read() -> None:
    newest = """class Net(Module):
  __buffers__ = []
  def forward(self, x: Tensor) -> NoneType:
    _0 = torch._convolution(x, w, b, [1], [0], [1], False, [0], 1, False, False, True, True)
"""
    assert list(spelling.readable_since(newest)) == ["1.6", "1.7", "1.9"]
    oldest = """class Net(Module):
  __parameters__ = ["NoneType", ]
  def forward(self, x: Tensor) -> Tensor:
    _0 = torch._convolution(x, w, b, [1], [0], [1], False, [0], 1, False, False, True)
"""
    assert spelling.readable_since(oldest) == {}
