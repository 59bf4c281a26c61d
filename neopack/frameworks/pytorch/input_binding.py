"""Bind the inputs a user named to the parameters of ``forward``, and call a module so."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.frameworks import binding
from neopack.frameworks.binding import BindBy, Parameter, Parameters
from neopack.frameworks.pytorch import flat_outputs
from neopack.values.signature import InputRequest

__all__ = ["CALLEE", "Binding", "bind"]

CALLEE = "forward"


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A module, and how its inputs, in ``forward``'s order, are given to it."""

    module: Any
    inputs: binding.Binding

    @property
    def requests(self) -> tuple[InputRequest, ...]:
        return self.inputs.requests

    def call(self, *tensors: Any) -> Any:
        """The module's own output, whatever its nesting."""
        arguments, named = self.inputs.arguments(tensors)
        return self.module(*arguments, **named)

    def program(self, *, flat: bool) -> Any:
        """What to trace: the module itself where it takes and gives flat tensors, else an
        adapter around it."""
        if flat and self.inputs.plain:
            return self.module
        return _adapter(self.module, self.call)


def _adapter(module: Any, call: Callable[..., Any]) -> Any:
    import torch

    class Flattened(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """Takes tensors by position and returns a flat tuple of tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = module
            self.training = False  # an exported program refuses eval(), which asks its parts

        def forward(self, *tensors: Any) -> Any:
            return flat_outputs.flatten(call(*tensors))

    return Flattened()


def bind(
    module: Any, requests: Sequence[InputRequest], where: str, by: BindBy | None = None
) -> Binding:
    """Raises ``UsageError`` for names or a number of inputs that ``forward`` does not take."""
    return Binding(module=module, inputs=binding.bind(_parameters(module), requests, where, by))


def _parameters(module: Any) -> Parameters:
    """For eager modules and ScriptModules."""
    import torch

    if not isinstance(module, torch.jit.ScriptModule):
        return binding.parameters_of(module.forward, CALLEE)
    return Parameters(
        callee=CALLEE,
        parameters=tuple(
            Parameter(
                name=each.name,
                required=not each.has_default_value(),
                annotation=_STRUCTURES.get(each.type.kind()),
            )
            for each in module.forward.schema.arguments[1:]
        ),
    )


# what TorchScript takes in place of a structure of Python's
_STRUCTURES = {"DictType": dict, "ListType": list, "TupleType": tuple}
