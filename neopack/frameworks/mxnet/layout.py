"""How an MXNet model goes into Neo's archive and API call: one symbol, one parameter file of the
same prefix, no other .json; inputs in NCHW, in the symbol's order (SageMaker developer guide,
neo-compilation-preparing-model, 2026; neo-ai/neo-loader@06788c0, 2022-08-17)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout, MemberMove
from neopack.frameworks.mxnet import file_names
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["layout", "model_members", "model_parts", "tidied"]


def model_members(members: Sequence[str]) -> tuple[str, ...]:
    """What the loader takes for a symbol: every .json but four names, wherever it lies."""
    return file_names.symbols(members)


def model_parts(members: Sequence[str], model: str) -> tuple[str, ...]:
    """The parameters of the last epoch, and SageMaker's own shapes where they are beside."""
    parameters = file_names.parameters_of(model, members)[:1]
    shapes = posixpath.join(posixpath.dirname(model), file_names.SHAPES)
    return (*parameters, *((shapes,) if shapes in members else ()))


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    """Also for ml_inf1: the guide asks for the same there."""
    shapes = {spec.name: list(spec.shape) for spec in signature.inputs}
    return Layout(data_input_config=compact_json(shapes))


def tidied(members: Sequence[str], model: str) -> tuple[MemberMove, ...]:
    """Without another .json outside of code/; the parameters named after their symbol."""
    symbols = file_names.symbols(members)
    extra = [
        n for n in symbols[1:] if not n.endswith(file_names.SYMBOL) and not n.startswith("code/")
    ]
    dropped = tuple(MemberMove(member=name, to="", rule="NEO-MX-002") for name in extra)
    return (*dropped, *_named_after(symbols[0], members)) if symbols else dropped


def _named_after(symbol: str, members: Sequence[str]) -> tuple[MemberMove, ...]:
    parameters = [name for name in members if name.endswith(".params")]
    if len(parameters) != 1:
        return ()
    epoch, there = file_names.epoch(parameters[0]), file_names.parameters_of(symbol, members)
    if there and epoch is not None:
        return ()
    to = posixpath.join(
        posixpath.dirname(symbol), f"{file_names.prefix(symbol)}-{epoch or 0:04}.params"
    )
    return (MemberMove(member=parameters[0], to=to, rule="NEO-MX-005" if there else "NEO-MX-004"),)
