"""Call a module as the tracer can follow it: without torch.compile, and with the forward of an
autograd.Function in place of the function, which TorchScript cannot hold; and so that every
version computes the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from types import MethodType
from typing import Any

__all__ = ["choices_as_tensors", "distances_by_differences", "plain_calls", "unwrapped"]

# torch.cdist's "donot_use_mm_for_euclid_dist"
DIFFERENCES = 2


@contextmanager
def plain_calls(module: Any) -> Iterator[None]:
    """While it lasts, ``module`` and those in it compile nothing."""
    import torch

    with ExitStack() as stack:
        stack.enter_context(_replaced(torch.autograd.Function, "apply", classmethod(_forward)))
        for part in list(module.modules()):
            for name, child in part.named_children():
                stack.enter_context(_in_place_of(part, name, unwrapped(child)))
            if part._compiled_call_impl is not None:  # noqa: SLF001 - no public one
                stack.enter_context(_replaced(part, "_compiled_call_impl", None))
            plain = getattr(type(part).forward, "_torchdynamo_orig_callable", None)
            if plain is not None:
                stack.callback(vars(part).pop, "forward")
                part.forward = MethodType(plain, part)
        yield


@contextmanager
def distances_by_differences() -> Iterator[None]:
    """While it lasts, torch.cdist computes so, if nothing else was chosen. By products of
    matrices, short distances lose their digits, and other ones in each version."""
    import torch

    functions: Any = torch._VF  # noqa: SLF001 - no public one
    cdist = functions.cdist

    def call(first: Any, second: Any, p: float, mode: int | None) -> Any:
        return cdist(first, second, p, DIFFERENCES if mode is None else mode)

    functions.cdist = call  # the module has no attribute of that name: it asks another
    try:
        yield
    finally:
        del functions.cdist


@contextmanager
def choices_as_tensors() -> Iterator[None]:
    """While it lasts, torch.where takes two booleans as tensors: the tracer has no operator for
    them. Scripts do not take this function."""
    import torch

    where = torch.where

    def call(condition: Any, *choices: Any) -> Any:
        if choices and all(isinstance(each, bool) for each in choices):
            choices = tuple(torch.tensor(each) for each in choices)
        return where(condition, *choices)

    with _replaced(torch, "where", call):
        yield


@contextmanager
def _in_place_of(part: Any, name: str, child: Any) -> Iterator[None]:
    before = part._modules[name]  # noqa: SLF001 - as it was, without what setattr checks
    part._modules[name] = child  # noqa: SLF001
    try:
        yield
    finally:
        part._modules[name] = before  # noqa: SLF001


@contextmanager
def _replaced(owner: Any, name: str, value: Any) -> Iterator[None]:
    before = vars(owner)[name]
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)


def _forward(function: Any, *arguments: Any, **keywords: Any) -> Any:
    from torch.autograd import function as autograd

    if function.setup_context is not autograd.Function.setup_context:
        return function.forward(*arguments, **keywords)
    context = autograd.FunctionCtx()
    context.needs_input_grad = (False,) * len(arguments)
    return function.forward(context, *arguments, **keywords)


def unwrapped(module: Any) -> Any:
    """The module that torch.compile or DataParallel wraps."""
    import torch

    parallel = torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel
    while True:
        if isinstance(module, parallel):
            module = module.module
        elif isinstance(getattr(module, "_orig_mod", None), torch.nn.Module):
            module = module._orig_mod  # noqa: SLF001 - no public one
        else:
            return module
