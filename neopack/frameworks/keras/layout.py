"""How a Keras model goes into Neo's archive and API call: one .h5, channels last, and a
DataInputConfig with channels first, by the names of the InputLayers (SageMaker developer guide,
neo-compilation-preparing-model, 2026; neo-ai/neo-loader@06788c0, 2022-08-17)."""

from __future__ import annotations

from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout, MemberMove
from neopack.values.signature import Shape, Signature
from neopack.values.target import Target

__all__ = ["channels_first", "layout", "model_members", "model_parts", "tidied"]


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    """``.h5``; ``.keras`` and ``.hdf5`` too, which Neo does not see (NEO-KR-001 says so)."""
    return tuple(name for name in names if name.lower().endswith((".h5", ".keras", ".hdf5")))


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file; but for an architecture, whose weights lie beside it."""
    return model_members(names) if model.lower().endswith(".json") else ()


def channels_first(shape: Shape) -> Shape:
    """(N, H, W, C) as (N, C, H, W); other ranks stay."""
    return (shape[0], shape[3], shape[1], shape[2]) if len(shape) == 4 else shape


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    config = {spec.name: list(channels_first(spec.shape)) for spec in signature.inputs}
    return Layout(data_input_config=compact_json(config))


def tidied(names: Sequence[str], model: str) -> tuple[MemberMove, ...]:
    """HDF5 is named ``.h5``; a ``.keras`` file is another format."""
    if not model.endswith(".hdf5"):
        return ()
    to = f"{model.removesuffix('.hdf5')}.h5"
    return (MemberMove(member=model, to=to, rule="NEO-KR-001"),)
