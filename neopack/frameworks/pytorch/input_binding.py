"""Bind the inputs a user asked for to the parameters of ``forward``.

Names that ``forward`` has are bound by name, in its own order; names that it lacks are bound by
position, and then none may be one of its names.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.errors import UsageError
from neopack.frameworks.pytorch import flat_outputs
from neopack.values.signature import InputRequest

__all__ = ["Binding", "Parameters", "bind", "order"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """A module, its inputs in ``forward``'s order, and how to call it with them."""

    module: Any
    requests: tuple[InputRequest, ...]
    by_name: bool

    def call(self, *tensors: Any) -> Any:
        """The module's own output, whatever its nesting."""
        if not self.by_name:
            return self.module(*tensors)
        return self.module(**dict(zip((r.name for r in self.requests), tensors, strict=True)))

    def program(self, *, flat: bool) -> Any:
        """What to trace: the module itself where it takes and gives flat tensors, else an
        adapter around it."""
        if flat and not self.by_name:
            return self.module
        return _adapter(self.module, self.call)


def _adapter(module: Any, call: Callable[..., Any]) -> Any:
    import torch

    class Flattened(torch.nn.Module):  # type: ignore[misc, unused-ignore]
        """Takes tensors by position and returns a flat tuple of tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, *tensors: Any) -> Any:
            return flat_outputs.flatten(call(*tensors))

    return Flattened().eval()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What a ``forward`` takes: the names it can be given, those it must be, and whether it takes
    any number beside them."""

    names: tuple[str, ...]
    required: tuple[str, ...]
    variadic: bool


def bind(module: Any, requests: Sequence[InputRequest], where: str) -> Binding:
    """Raises ``UsageError`` for names or a number of inputs that ``forward`` does not take."""
    ordered, by_name = order(_parameters(module), requests, where)
    return Binding(module=module, requests=ordered, by_name=by_name)


def order(
    takes: Parameters, requests: Sequence[InputRequest], where: str
) -> tuple[tuple[InputRequest, ...], bool]:
    """The inputs in ``forward``'s order, and whether they must be given by name."""
    names = takes.names
    requested = [request.name for request in requests]
    matching = [name for name in requested if name in names]
    if matching and len(matching) < len(requested):
        wrong = sorted(set(requested) - set(matching))
        raise UsageError(f"forward has no input {wrong[0]!r}", where=where, hint=_takes(names))
    if not matching:
        most = None if takes.variadic else len(names)
        _refuse_count(len(requested), len(takes.required), most, where, names)
        return tuple(requests), False
    missing = [name for name in takes.required if name not in requested]
    if missing:
        raise UsageError(f"input {missing[0]!r} is not given", where=where, hint=_takes(names))
    ordered = tuple(sorted(requests, key=lambda request: names.index(request.name)))
    leading = names[: len(ordered)] == tuple(request.name for request in ordered)
    return ordered, not leading


def _refuse_count(
    count: int, least: int, most: int | None, where: str, names: Sequence[str]
) -> None:
    if count < least or (most is not None and count > most):
        expected = f"{least}" if least == most else f"{least} to {most}"
        raise UsageError(
            f"forward takes {expected} inputs and {count} were given",
            where=where,
            hint=_takes(names),
        )


def _takes(names: Sequence[str]) -> str:
    return f"forward takes {', '.join(names) or 'no named inputs'}"


def _parameters(module: Any) -> Parameters:
    """For eager modules and ScriptModules."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        arguments = module.forward.schema.arguments[1:]
        return Parameters(
            names=tuple(a.name for a in arguments),
            required=tuple(a.name for a in arguments if not a.has_default_value()),
            variadic=False,
        )
    parameters = list(inspect.signature(module.forward).parameters.values())
    positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
    return Parameters(
        names=tuple(p.name for p in positional),
        required=tuple(p.name for p in positional if p.default is p.empty),
        variadic=any(p.kind is p.VAR_POSITIONAL for p in parameters),
    )
