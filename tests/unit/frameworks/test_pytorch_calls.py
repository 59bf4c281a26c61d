"""With what the code of a TorchScript file calls operators, and which PyTorch takes that."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack.frameworks.pytorch import schemas
from neopack.frameworks.pytorch.schemas import OperatorCall
from neopack.frameworks.pytorch.script_code import ScriptSummary, read_code

KINDS = st.sampled_from(["Tensor", "int", "float", "bool", "str", "None", "Device", "_"])
NAMES = st.sampled_from(["dim", "keepdim", "dtype", "alpha"])
CALLS = st.builds(
    lambda given, named: OperatorCall(tuple(given), tuple(named.items())),
    st.lists(st.one_of(KINDS, KINDS.map(lambda kind: f"{kind}[]")), max_size=4),
    st.dictionaries(NAMES, KINDS, max_size=3),
)


def calls(*lines: str) -> dict[str, list[str]]:
    script = ScriptSummary()
    body = "".join(f"    {line}\n" for line in lines)
    head = "class Net(Module):\n  weight : Tensor\n  sizes : List[int]\n"
    define = (
        "  def forward(self: __torch__.Net,\n    x: Tensor,\n    n: Optional[int]) -> Tensor:\n"
    )
    read_code(script, "code/__torch__.py", head + define + body)
    return {name: list(map(str, found)) for name, found in script.calls.found.items()}


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("return torch.relu(x)", {"relu": "Tensor"}),
        ("_0 = torch.add(x, self.weight, alpha=1)", {"add": "Tensor, Tensor, alpha=int"}),
        ("_0 = torch.add(x, -1.5)", {"add": "Tensor, float"}),
        ("_0 = torch.sum(x, [-2], True, dtype=None)", {"sum": "Tensor, int[], bool, dtype=None"}),
        ("_0 = torch.view(x, self.sizes)", {"view": "Tensor, int[]"}),
        ("_0 = torch.arange(n)", {"arange": "int?"}),
        ("_0 = torch.cat([x, torch.relu(x)], 1)", {"cat": "Tensor[], int", "relu": "Tensor"}),
        ("_0 = torch.cat([x, y], 1)", {"cat": "_, int"}),
        ("_0 = torch.relu((self.inner).forward(x, ))", {"relu": "_"}),
        ("_0 = torch.relu(_9[0])", {"relu": "_"}),
        ("_0 = torch.to(x, torch.device(\"cpu\"), 6)", {"to": "Tensor, Device, int"}),
        ("_0 = torch.view(x, annotate(List[int], []))", {"view": "Tensor, int[]"}),
        ("_0 = torch.view(x, [int(_8), 3])", {"view": "Tensor, int[]"}),
        ("_0 = torch.mul(ops.prim.NumToTensor(_7), x)", {"mul": "Tensor, Tensor"}),
        ("_0 = torch.einsum(\"a(b,c=d\", [x])", {"einsum": "str, Tensor[]"}),
        ("_0, _1, = torch.max(x, 1)", {"max": "Tensor, int"}),
        ("_0 = torch.mul(x, 1e-05)", {"mul": "Tensor, float"}),
        ("_0 = torch.mul(x, n - 1)", {"mul": "Tensor, _"}),
    ],
)  # fmt: skip
def test_a_call_is_the_types_of_its_arguments(line: str, found: dict[str, str]) -> None:
    assert calls(line) == {f"aten::{name}": [call] for name, call in found.items()}


def test_a_name_is_what_was_assigned_to_it() -> None:
    found = calls(
        "a = torch.size(x, 0)", "b = [a, 2]", "c = torch.view(x, b)", "d = torch.relu(c)"
    )
    assert found["aten::view"] == ["Tensor, int[]"]
    assert found["aten::relu"] == ["Tensor"]


@pytest.mark.parametrize(
    ("lines", "folded"),
    [
        (["a = torch.add(3, -2)", "b = ops.prim.max(a, 1)"], ["aten::add", "prim::max"]),
        (["a = torch.floordiv(torch.size(x, 0), 2)"], []),
        (["a = torch.size(x, 0)", "b = torch.mul(a, 2)"], []),
        (["a = torch.eye(3)"], []),  # torch folds numbers, and no tensors
        (["a = torch.len([1, 2])"], []),  # nor lists
        (["a = torch.add(1, 2)", "b = torch.add(x, 2)"], []),  # one of the two remains
        (["a = torch.neg(n)"], []),
    ],
)
def test_what_is_computed_from_constant_numbers_is_folded(
    lines: list[str], folded: list[str]
) -> None:
    script = ScriptSummary()
    body = "".join(f"    {line}\n" for line in lines)
    define = (
        "class Net(Module):\n  def forward(self: __torch__.Net, x: Tensor, n: int) -> Tensor:\n"
    )
    read_code(script, "code/__torch__.py", define + body)
    assert list(script.calls.folded) == folded


def test_what_forward_does_not_reach_is_told() -> None:
    script = ScriptSummary()
    read_code(
        script,
        "code/__torch__.py",
        """class Net(Module):
  def forward(self: __torch__.Net, x: Tensor) -> Tensor:
    y = (self.packed).apply(torch.relu(x), )
    return y
  def apply(self: __torch__.Net, x: Tensor) -> Tensor:
    return torch.neg((self).twice(x, ))
  def twice(self: __torch__.Net, x: Tensor) -> Tensor:
    return torch.mul(x, 2)
  def __setstate__(self: __torch__.Net, x: Tensor) -> None:
    y = ops.quantized.linear_prepack(torch.relu(x), None)
    z = (self).unpacked(x, )
  def unpacked(self: __torch__.Net, x: Tensor) -> Tensor:
    return ops.quantized.linear_unpack(x)
""",
    )
    assert script.reachable.unreached() == (
        "quantized::linear_prepack",
        "quantized::linear_unpack",
    )


ORDERED = """
class Inner(Module):
  def forward(self: __torch__.Inner,
    x: Tensor) -> Tensor:
    return torch.relu(torch.mul(x, 2))
class Net(Module):
  a : __torch__.Inner
  rest : __torch__.Rest
  def forward(net: __torch__.Net,
    x: Tensor) -> Tensor:
    a = net.a
    _0 = getattr(net.rest, "0")
    y = (a).forward((_0).forward(torch.abs(x), ), )
    return torch.add(__torch__.helper(y, ), (net).extra(y, ))
  def extra(self: __torch__.Net,
    x: Tensor) -> Tensor:
    return (unknown).forward(torch.neg(x), )
class Rest(Module):
  __annotations__["0"] = __torch__.Inner
def helper(x: Tensor) -> Tensor:
  return torch.sin(x)
def endless(x: Tensor) -> Tensor:
  return __torch__.endless(__torch__.endless(x, ), )
"""


def test_operators_come_in_the_order_in_which_they_compute() -> None:
    script = ScriptSummary()
    read_code(script, "code/__torch__.py", ORDERED)
    names = [
        n.removeprefix("aten::") for n in script.order.operators("__torch__.Net", script.classes)
    ]
    assert names == ["abs", "mul", "relu", "mul", "relu", "sin", "neg", "add"]


def test_functions_that_call_themselves_are_left() -> None:
    script = ScriptSummary()
    loop = "  def forward(self: __torch__.L, x: Tensor) -> Tensor:\n"
    call = "    return __torch__.endless(x, )\n"
    read_code(script, "code/__torch__.py", f"class L(Module):\n{loop}{call}{ORDERED}")
    assert script.order.operators("__torch__.L", script.classes) == ()


def test_names_end_with_their_function() -> None:
    script = ScriptSummary()
    one = "def one(x: Tensor) -> Tensor:\n  y = torch.relu(x)\n  return y\n"
    two = "def two(x: Tensor) -> Tensor:\n  return torch.relu(y)\n"
    read_code(script, "code/__torch__.py", one + two)
    assert list(map(str, script.calls.found["aten::relu"])) == ["Tensor", "_"]


@given(CALLS)
def test_a_call_is_read_as_it_is_written(call: OperatorCall) -> None:
    assert OperatorCall.parse(str(call)) == call


@given(st.text(alphabet="torch.relu(),=[]\"' x1-\n", max_size=200))
def test_any_text_can_be_read(text: str) -> None:
    script = ScriptSummary()
    read_code(script, "code/__torch__.py", text)
    for found in script.calls.found.values():
        for call in found:
            assert isinstance(str(call), str)


@pytest.mark.parametrize(
    ("version", "operator", "call", "lack"),
    [
        ("1.8", "relu", "Tensor", ""),
        ("1.8", "mish", "Tensor", "aten::mish"),
        ("1.9", "mish", "Tensor", ""),
        ("1.9", "meshgrid", "Tensor[], indexing=str", "aten::meshgrid(Tensor[], indexing=str)"),
        ("1.12", "meshgrid", "Tensor[], indexing=str", ""),
        ("1.8", "meshgrid", "_", ""),
        ("1.8", "gelu", "Tensor, approximate=str", "aten::gelu(Tensor, approximate=str)"),
        ("1.8", "sum", "Tensor, int[], bool, dtype=int", ""),
        ("1.8", "sum", "Tensor, None, bool", "aten::sum(Tensor, None, bool)"),
        ("1.8", "add", "Tensor, Tensor, alpha=int", ""),
        ("1.8", "add", "Tensor, Tensor, int, int", "aten::add(Tensor, Tensor, int, int)"),
        ("1.8", "conv2d", "Tensor, Tensor, None, int[], int[], int[], int", ""),
        ("1.6", "_convolution", ", ".join("_" * 13), "aten::_convolution(13 arguments)"),
        ("1.8", "format", "str, int, Tensor, _", ""),
        ("1.8", "where", "Tensor, Tensor, float", "aten::where(Tensor, Tensor, float)"),
        ("1.12", "where", "Tensor, Tensor, float", ""),
        ("2.1", "anything", "Tensor", ""),
        ("latest", "anything", "Tensor", ""),
    ],
)
def test_what_a_version_lacks(version: str, operator: str, call: str, lack: str) -> None:
    assert schemas.lacks(version, f"aten::{operator}", [OperatorCall.parse(call)]) == lack


def test_types_are_spelled_alike() -> None:
    spelled = {
        "Tensor": "Tensor",
        "Optional[Tensor]": "Tensor?",
        "List[int]": "int[]",
        "Optional[List[int]]": "int[]?",
        "List[Optional[Tensor]]": "Tensor?[]",
        "NoneType": "None",
        "number": "Scalar",
        "Dict[str, Tensor]": "_",
        "__torch__.Net": "_",
    }
    assert {text: schemas.kind_of_type(text) for text in spelled} == spelled
