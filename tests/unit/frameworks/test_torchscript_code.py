"""neopack.frameworks.pytorch.script_code: what TorchScript's text tells."""

from __future__ import annotations

import pytest

from neopack.errors import LimitExceeded
from neopack.frameworks.pytorch.script_code import Argument, ScriptSummary, read_code

NET = """class Net(Module):
  __parameters__ = ["weight", ]
  __buffers__ = []
  weight : Tensor
  training : bool
  bias : Optional[Tensor]
  size : Final[Tuple[int, int]] = (3, 3)
  __annotations__["0"] = __torch__.torch.nn.Linear
  def forward(self: __torch__.Net,
    x: Tensor,
    past: Tuple[Tensor, Dict[str, Tensor]],
    *,
    scale: float=-1.5) -> Dict[str, Tensor]:
    _0 = __torch__.torch.nn.functional.dropout
    text = "torch.relu(x) if \\"while\\" ops.aten.add("
    y = torch.conv2d(x, self.weight, None, [1, 1])
    if torch.gt(torch.sum(y), 0):
      z = _0(y, 0.5, True, False, )
    else:
      z = torch.zeros([2], dtype=6, device=torch.device("cuda:1"))
    boxes = ops.torchvision.nms(z, z, 0.5)
    return {"a": annotate(Tensor, boxes), "b": (self.head).forward(int(z), )}
"""


def script_of(body: str, file: str = "code/__torch__.py") -> ScriptSummary:
    script = ScriptSummary()
    read_code(script, file, body)
    return script


def calls(line: str) -> ScriptSummary:
    return script_of(f"def f(x: Tensor) -> Tensor:\n  y = {line}\n  return y\n")


def test_classes() -> None:
    found = script_of(NET).classes["__torch__.Net"]
    assert (found.base, found.parameters, found.buffers) == ("Module", ("weight",), ())
    assert found.attributes == {
        "weight": "Tensor",
        "training": "bool",
        "bias": "Optional[Tensor]",
        "size": "Final[Tuple[int, int]]",
        "0": "__torch__.torch.nn.Linear",
    }


def test_functions() -> None:
    forward = script_of(NET).functions["__torch__.Net.forward"]
    assert forward.returns == "Dict[str, Tensor]"
    assert forward.arguments[1:] == (
        Argument(name="x", type="Tensor"),
        Argument(name="past", type="Tuple[Tensor, Dict[str, Tensor]]"),
        Argument(name="scale", type="float", default="-1.5"),
    )


def test_operators_are_those_called_and_not_those_in_strings() -> None:
    assert dict(script_of(NET).operators) == {
        "aten::conv2d": 1,
        "aten::gt": 1,
        "aten::sum": 1,
        "aten::zeros": 1,
        "aten::Int": 1,
        "prim::If": 1,
        "torchvision::nms": 1,
    }


def test_devices_flow_and_training() -> None:
    found = script_of(NET)
    assert found.devices == {"cuda:1"}
    assert found.control_flow == ["code/__torch__.py: Net.forward (if)"]
    assert found.training == ["code/__torch__.py: dropout in Net.forward"]


def test_training_flags() -> None:
    def places(line: str) -> int:
        return len(calls(line).training)

    assert places("torch.dropout(x, 0.5, True)") == 1
    assert places("torch.dropout_(x, 0.5, train=True)") == 1
    assert places("torch.dropout(x, 0.5, False)") == 0
    assert places("torch.dropout(x, 0.5, training)") == 0
    assert places("torch.batch_norm(x, w, b, m, v, True, 0.1, 1e-05, True)") == 1
    assert places("torch.batch_norm(x, w, b, m, v, False, 0.1, 1e-05, True)") == 0
    # without running statistics the batch's own are used in evaluation too
    assert places("torch.batch_norm(x, w, b, None, None, True, 0.1, 1e-05, True)") == 0
    assert places("torch.relu(torch.dropout(torch.f(x, (1, 2)), 0.5, True), True)") == 1
    assert places("torch.dropout(x") == 0


def test_old_code_names_its_operator_set() -> None:
    found = script_of("op_version_set = 1\nclass A(Module):\n  __parameters__ = []\n")
    assert (found.op_version_set, found.classes["__torch__.A"].buffers) == ("1", None)


def test_raising_is_control_flow() -> None:
    found = calls('ops.prim.RaiseException("no")')
    assert found.control_flow == ["code/__torch__.py: __torch__.f (raise)"]


def test_mangled_files_name_their_classes() -> None:
    found = script_of("class A(Module):\n", "code/__torch__/a/___torch_mangle_3.py")
    assert list(found.classes) == ["__torch__.a.___torch_mangle_3.A"]


def test_hostile_text_is_only_text() -> None:
    for body in (
        "(" * 100_000,
        "torch.dropout(" * 20_000,
        '"\\' * 50_000,
        "'" * 99_999,
        "def",
        "def (",
        "class",
        "class A(\n\n",
        "  __annotations__[",
        "x =",
        "def f(,,:=) ->",
    ):
        script_of(body)


def test_definitions_are_bounded() -> None:
    with pytest.raises(LimitExceeded, match="functions"):
        script_of("".join(f"def f{n}():\n" for n in range(100_001)))
