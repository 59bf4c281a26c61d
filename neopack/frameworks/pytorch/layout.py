"""How a TorchScript model goes into Neo's archive and API call.

DataInputConfig: names are free, but the public loader sorts the keys as text and binds them to
``forward`` in that order (neo-ai/neo-loader@06788c0, 2022-08-17), so ``input10`` would come
before ``input2``. CompilerOptions: ``dtype`` is one for all inputs (API reference, OutputConfig).
"""

from __future__ import annotations

from collections.abc import Sequence

from neopack import facts
from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout, MemberMove
from neopack.values.json import Json
from neopack.values.signature import Signature, TensorSpec
from neopack.values.target import Target

__all__ = ["MODEL_FILE", "layout", "model_members", "model_parts", "tidied"]

# neo-troubleshooting names only *.pth, and the public loader looks for nothing else
MODEL_FILE = "model.pth"


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    """``.pth`` anywhere in the archive; ``.pt`` too, which only some of Neo's pages take."""
    return tuple(n for n in names if n.rsplit("/", 1)[-1].lower().endswith((".pth", ".pt")))


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """It is one file."""
    return ()


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    names, remarks = _names(signature.inputs)
    shapes = {n: list(spec.shape) for n, spec in zip(names, signature.inputs, strict=True)}
    config: Json = shapes
    if "shape" in facts.config_objects(target):
        config = {name: {"shape": shape} for name, shape in shapes.items()}
    return Layout(
        data_input_config=compact_json(config),
        compiler_options=_options(signature.inputs, target),
        remarks=remarks,
    )


def _names(specs: Sequence[TensorSpec]) -> tuple[list[str], tuple[str, ...]]:
    names = [spec.name for spec in specs]
    if names == sorted(names):
        return names, ()
    width = len(str(len(names) - 1))
    ordered = [f"input{index:0{width}}" for index in range(len(names))]
    mapping = ", ".join(f"{new} is {old}" for new, old in zip(ordered, names, strict=True))
    return ordered, (f"inputs are renamed for Neo, which sorts them by name: {mapping}",)


def _options(specs: Sequence[TensorSpec], target: Target) -> str | None:
    """float32 is the default and ``{}`` is refused, so only int64 is ever stated; where options
    are a string of flags, as a notebook of AWS's states it (deploy_huggingface_model_on_Inf1)."""
    if not specs or any(spec.dtype != "int64" for spec in specs):
        return None
    if facts.string_form(target) is not None:
        return compact_json("--dtype int64")
    return compact_json({"dtype": "int64"}) if target.kind == "cloud" else None


def tidied(names: Sequence[str], model: str) -> tuple[MemberMove, ...]:
    """The one ``.pt`` is named ``.pth``, which is right on every page of the guide."""
    models = model_members(names)
    if len(models) != 1 or not models[0].endswith(".pt"):
        return ()
    return (MemberMove(member=models[0], to=f"{models[0]}h", rule="NEO-PT-001"),)
