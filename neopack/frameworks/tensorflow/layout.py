"""How a TensorFlow model goes into Neo's archive and API call.

Shapes in NHWC by input name (SageMaker developer guide, neo-compilation-preparing-model, 2026).
For ml_eia2 a SavedModel's by the signature's keys, a frozen graph's by tensor names with ``:0``,
and CompilerOptions that name what to compile (botocore 1.34.0 CompilerOptions). A SavedModel
needs the directory around it as a member of its own: the open loader looks for one that holds
``variables`` (neo-loader@06788c0, tensorflow_model_loader.py, 2022-08-17).
"""

from __future__ import annotations

import posixpath
from collections.abc import Sequence

from neopack.dataconfig.strict_json import compact_json
from neopack.frameworks import Layout, MemberMove
from neopack.frameworks.tensorflow.metagraph import DEFAULT
from neopack.values.json import Json
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = [
    "CHECKPOINT",
    "DIRECTORY",
    "EXTRAS",
    "SAVED_MODELS",
    "VARIABLES",
    "layout",
    "model_members",
    "model_parts",
    "tidied",
]

SUFFIXES = (".pb", ".pbtxt")
SAVED_MODELS = ("saved_model.pb", "saved_model.pbtxt")
# what newer releases put beside saved_model.pb: no model, and in the way of the loader's count
EXTRAS = ("keras_metadata.pb", "fingerprint.pb")
VARIABLES, ASSETS = "variables", "assets"
CHECKPOINT = "checkpoint"
# the open loader wants a directory of its own around a SavedModel
DIRECTORY = "export"


def model_members(names: Sequence[str]) -> tuple[str, ...]:
    """The graphs; not what lies beside one in assets/, nor the protobufs of metadata."""
    return tuple(
        name
        for name in names
        if name.lower().endswith(SUFFIXES)
        and posixpath.basename(name) not in EXTRAS
        and ASSETS not in name.split("/")[:-1]
    )


def model_parts(names: Sequence[str], model: str) -> tuple[str, ...]:
    """A SavedModel's ``variables/`` and ``assets/``; a frozen graph is one file."""
    if posixpath.basename(model) not in SAVED_MODELS:
        return ()
    base = posixpath.dirname(model)
    folders = tuple(posixpath.join(base, folder) + "/" for folder in (VARIABLES, ASSETS))
    return tuple(name for name in names if name.startswith(folders))


def layout(signature: Signature, target: Target, members: Sequence[str]) -> Layout:
    saved = next((n for n in members if posixpath.basename(n) in SAVED_MODELS), None)
    eia = target.kind == "eia"
    suffix = ":0" if eia and saved is None else ""
    config = {f"{spec.name}{suffix}": list(spec.shape) for spec in signature.inputs}
    return Layout(
        data_input_config=compact_json(config),
        compiler_options=compact_json(_options(signature, saved)) if eia else None,
        directories=_directories(saved, members) if saved else (),
    )


def _options(signature: Signature, saved: str | None) -> Json:
    if saved is not None:
        return {"precision_mode": "FP32", "signature_def_key": DEFAULT}
    return {
        "precision_mode": "FP32",
        "output_names": [f"{spec.name}:0" for spec in signature.outputs],
    }


def _directories(saved: str, members: Sequence[str]) -> tuple[str, ...]:
    """The directory around the SavedModel, and its variables/ where no file is in that."""
    base = posixpath.dirname(saved)
    variables = posixpath.join(base, VARIABLES)
    present = any(name.startswith(f"{variables}/") for name in members)
    return tuple(name for name in ((base,) if present else (base, variables)) if name)


def tidied(names: Sequence[str], model: str) -> tuple[MemberMove, ...]:
    """Without protobufs of metadata and a checkpoint's list; a SavedModel in a directory."""
    leaves = {name: posixpath.basename(name) for name in names}
    extras = [MemberMove(member=n, to="", rule="NEO-TF-002") for n in names if leaves[n] in EXTRAS]
    lists = [
        MemberMove(member=n, to="", rule="NEO-TF-006") for n in names if leaves[n] == CHECKPOINT
    ]
    at_root = model in SAVED_MODELS
    whole = (model, *model_parts(names, model)) if at_root else ()
    wrapped = [MemberMove(member=n, to=f"{DIRECTORY}/{n}", rule="NEO-TF-003") for n in whole]
    return (*extras, *lists, *wrapped)
