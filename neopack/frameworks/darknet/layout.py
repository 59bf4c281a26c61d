"""How a Darknet network goes into Neo's archive and API call: one .cfg and one .weights, one shape
in NCHW, whose name says nothing (SageMaker developer guide, neo-compilation-preparing-model, 2026;
neo-ai/neo-loader@06788c0, darknet_model_loader.py, 2022-08-17)."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["layout", "model_members", "model_parts", "weights_of"]

CFG, WEIGHTS = ".cfg", ".weights"


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(name for name in names if name.endswith(CFG))


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    weights = weights_of(names, model)
    return (weights,) if weights else ()


def weights_of(names: Sequence[str], model: str) -> str:
    """The .weights of a .cfg among ``names``: that of its name, or the only one beside it; ""
    where that is not known."""
    stem, _ = posixpath.splitext(model)
    folder = posixpath.dirname(model)
    beside = [n for n in names if n.endswith(WEIGHTS) and posixpath.dirname(n) == folder]
    if f"{stem}{WEIGHTS}" in beside:
        return f"{stem}{WEIGHTS}"
    return beside[0] if len(beside) == 1 else ""


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    config = {spec.name: list(spec.shape) for spec in signature.inputs}
    return Layout(data_input_config=compact_json(config))
