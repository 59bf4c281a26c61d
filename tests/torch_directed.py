"""Inputs that real data resembles and seeded numbers do not, and what an old PyTorch computes of
them against today's."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch_cases import Case, traced
from torch_functions import CASES

from neopack import runtimes
from neopack.errors import NeopackError
from neopack.frameworks.pytorch import flat_outputs
from neopack.frameworks.pytorch.lowering import canonical, folding, lower, norms

Array = np.ndarray[Any, Any]
INF, NAN = float("inf"), float("nan")
# beyond what float32 and float64 hold exactly, and the ends of 32 and 64 bits
BOUNDARIES = (
    2**24 + 1, -(2**24) - 1, 2**31 - 1, -(2**31), 2**31 + 1, 1099511640345, -1099511640345,
    2**53 + 1, -(2**53) - 1, 2**62 + 3, -(2**62) - 3, 2**63 - 1, -(2**63) + 1,
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Difference:
    """What differs for the input of that name; empty ``what`` for none."""

    on: str
    what: str


def directed(case: Case) -> Iterator[tuple[str, tuple[Tensor, ...]]]:
    """The inputs that the case is traced with, those of its own, and variations of each input."""
    yield "as traced", case.inputs
    for at, inputs in enumerate(case.own):
        yield f"own {at}", inputs
    if case.alone:
        return
    for at, given in enumerate(case.inputs):
        for name, varied in variations(given):
            if name.startswith(case.but or "-"):
                continue
            yield f"{name} as input {at}", (*case.inputs[:at], varied, *case.inputs[at + 1 :])


def variations(given: Tensor) -> Iterator[tuple[str, Tensor]]:
    if given.dtype == torch.bool:
        yield "false", torch.zeros_like(given)
        yield "true", torch.ones_like(given)
        yield "not", ~given
    elif given.is_floating_point():
        yield from _floats(given)
    else:
        yield from _integers(given)


def _floats(given: Tensor) -> Iterator[tuple[str, Tensor]]:
    whole = _cycle(given, range(-4, 5))
    yield "zeros", torch.zeros_like(given)
    yield "negative", -given.abs() - 0.5
    yield "whole", whole
    yield "halves", whole + 0.5
    yield "decimals", _cycle(given, (0.1, 0.3, -0.7, 0.25, 1.15, -2.675, 1.0, 3.0))
    yield "equal", torch.full_like(given, 1.5)
    yield "four times", given * 4
    yield "thousands", given * 1e4
    yield "huge", given * 1e30
    yield "zeros of both signs", _cycle(given, (0.0, -0.0, 1.0, -1.0, -0.0))
    yield "infinite", _with(given, (INF, -INF))
    yield "not a number", _with(given, (NAN,))
    yield "a hidden row", _last_row(given, -INF)


def _integers(given: Tensor) -> Iterator[tuple[str, Tensor]]:
    ends = torch.iinfo(given.dtype)
    yield "zeros", torch.zeros_like(given)
    yield "small", _cycle(given, (0, 1, 0, 2, 2, 1))
    yield "signed", _cycle(given, (0, 1, -1, 2, -2, 3, -3, 7, -7))
    yield "repeated", torch.full_like(given, 3)
    yield "large", _cycle(given, [v for v in BOUNDARIES if ends.min < v <= ends.max] or (100, 7))


def _cycle(given: Tensor, values: Sequence[float]) -> Tensor:
    """Inputs of the same shape, in which the values take turns."""
    turns = torch.arange(given.numel()) % len(values)
    return torch.tensor(tuple(values), dtype=given.dtype)[turns].reshape(given.shape)


def _with(given: Tensor, values: Sequence[float]) -> Tensor:
    """One in seven is replaced."""
    flat = given.clone().reshape(-1)
    places = torch.arange(3, max(flat.numel(), 4), 7) % flat.numel()
    flat[places] = torch.tensor(values, dtype=given.dtype)[torch.arange(len(places)) % len(values)]
    return flat.reshape(given.shape)


def _last_row(given: Tensor, value: float) -> Tensor:
    varied = given.clone()
    varied.reshape(-1, given.shape[-1] if given.dim() else 1)[-1] = value
    return varied


# --- in an old version ------------------------------------------------------------------------


def compared(
    name: str, version: str, worker: runtimes.Worker, folder: Path
) -> Iterator[Difference]:
    """One for each directed input that today's torch computes."""
    case = CASES[name]
    module = traced(case.function, *case.inputs)
    norms.bound_rows(module)
    folding.fold(module)
    lower.lower(module, version)
    lacks = lower.foreign(module, version)
    if lacks:
        yield Difference("", f"lacks {', '.join(lacks)}")
        return
    model = ""
    for on, inputs in directed(case):
        golden = today(case, inputs)
        if golden is None:
            continue
        if not model and _has_changed(module, golden, inputs):
            yield Difference(on, "refused: rewriting changed its outputs")
            return
        model = model or load(worker, saved(module, folder / "model.pth", version), case, golden)
        yield Difference(on, _difference(golden, worker, model, inputs))
    if model:
        worker.call("release", {"model": model})


def today(case: Case, inputs: Sequence[Tensor]) -> tuple[Tensor, ...] | None:
    """None where it refuses the input."""
    with torch.no_grad():
        try:
            return flat_outputs.flatten(case.function(*(given.clone() for given in inputs)))
        except (RuntimeError, IndexError):
            return None


def _has_changed(module: Any, golden: Sequence[Tensor], inputs: Sequence[Tensor]) -> bool:
    """As ``package`` asks the file that it wrote."""
    buffer = io.BytesIO()
    torch.jit.save(module, buffer)
    buffer.seek(0)
    with torch.no_grad():
        found = flat_outputs.flatten(torch.jit.load(buffer)(*inputs))
    pairs = zip(golden, found, strict=True)
    return any(_told(one.numpy(), other.numpy(), finite=True) for one, other in pairs)


def saved(module: Any, to: Path, version: str) -> Path:
    module.save(str(to.with_suffix(".today")))
    canonical.rewrite(to.with_suffix(".today"), to, version)
    return to


def load(worker: runtimes.Worker, path: Path, case: Case, golden: Sequence[Tensor]) -> str:
    inputs = [f"x{at}" for at in range(len(case.inputs))]
    outputs = [str(at) for at in range(len(golden) + 1)]
    answer, _ = worker.call("load", {"path": str(path), "inputs": inputs, "outputs": outputs})
    return str(answer["model"])


def _difference(
    golden: Sequence[Tensor], worker: runtimes.Worker, model: str, inputs: Sequence[Tensor]
) -> str:
    named = {f"x{at}": given.numpy() for at, given in enumerate(inputs)}
    try:
        computed = worker.call("predict", {"model": model}, arrays=named)[1]
    except NeopackError as error:
        return f"fails: {error.message}"
    finite = all(bool(torch.isfinite(given).all()) for given in inputs)
    return difference([tensor.numpy() for tensor in golden], computed, finite=finite)


def difference(golden: Sequence[Array], computed: Mapping[str, Array], *, finite: bool) -> str:
    """Empty where count, dtypes, shapes and values agree: integers exactly."""
    if len(golden) != len(computed):
        return f"{len(computed)} outputs, not {len(golden)}"
    told = (_told(one, computed[str(at)], finite=finite) for at, one in enumerate(golden))
    return next((what for what in told if what), "")


def _told(golden: Array, computed: Array, *, finite: bool) -> str:
    if golden.dtype != computed.dtype:
        return f"{computed.dtype}, not {golden.dtype}"
    if golden.shape != computed.shape:
        return f"{computed.shape}, not {golden.shape}"
    wrong = ~_equal(golden, computed, finite=finite)
    if not wrong.any():
        return ""
    return f"{computed[wrong][0]}, not {golden[wrong][0]} ({wrong.sum()} of {wrong.size})"


def _equal(golden: Array, computed: Array, *, finite: bool) -> Any:
    """What is NaN today may be any; so may infinities, where the inputs are not ``finite``."""
    if golden.dtype.kind != "f":
        return golden == computed
    some = ~np.isnan(golden) if finite else np.isfinite(golden)
    scale = np.max(np.abs(golden), initial=0.0, where=np.isfinite(golden))
    with np.errstate(invalid="ignore", over="ignore"):
        gap = np.abs(golden - computed)
        return ~some | (golden == computed) | (gap <= 1e-4 * np.abs(golden) + 1e-6 * scale + 2e-5)
