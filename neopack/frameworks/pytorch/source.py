"""How a user names a PyTorch model: a callable with weights, a file, or an object.

A file is TorchScript or a torch.export .pt2, judged by its bytes. Weights without their module,
and pickles that only code could restore, are refused with the way out.
"""

from __future__ import annotations

from pathlib import Path

from neopack import facts
from neopack.errors import NotRecognized, SourceError, Unsafe
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import FileSource
from neopack.frameworks.pytorch import checkpoint, read
from neopack.frameworks.pytorch.facts import TorchScriptFacts
from neopack.values.model import ModelInfo, ModelSource

__all__ = ["file_form", "require_program"]

WAY_OUT = "give the code and the weights: module:callable --weights FILE"


def file_form(path: Path) -> str:
    """``torchscript`` or ``pt2``; anything else raises with the fix."""
    with FileSource(path) as source:
        if read.recognize(source) is None:
            raise NotRecognized(
                "is not a PyTorch file",
                where=str(path),
                hint="TorchScript and .pt2 files are taken",
            )
        info = read.read_source(source, DEFAULT_LIMITS)
    require_program(info.format, str(path))
    if isinstance(info.facts, TorchScriptFacts):
        _require_whole(info, info.facts, str(path))
    return info.format


def _require_whole(info: ModelInfo, script: TorchScriptFacts, where: str) -> None:
    """Raise for a TorchScript file that no PyTorch loads or calls."""
    if not script.has_forward:
        raise SourceError(
            "has no forward(), which Neo calls",
            where=where,
            hint="export a module whose forward() calls the method that you mean",
        )
    if "meta" in script.devices:
        raise SourceError(
            "has no weights: they are on the device meta, which keeps none",
            where=where,
            hint="load the weights before you export the model",
        )
    gone = sorted(facts.torch_unsaved() & info.operators.keys())
    if gone:
        raise SourceError(
            f"lacks the values of {gone[0]}, which optimize_for_inference made and did not save",
            where=where,
            hint="save the model before optimize_for_inference, and give that",
        )


def require_program(form: str, where: str) -> None:
    """Raise for the forms that hold weights or pickled code rather than a program."""
    weights = {
        "state_dict": "a state_dict",
        "checkpoint": "a training checkpoint",
        "safetensors": "a safetensors file",
    }
    if form in weights:
        raise SourceError(
            f"is {weights[form]}: weights without a model", where=where, hint=WAY_OUT
        )
    if form == "pickled-module":
        raise Unsafe(
            "is a pickled module, which only running its code could restore",
            where=where,
            hint="build it from its source: module:callable --weights FILE; it is never unpickled",
        )


def weights_form(source: ModelSource) -> str:
    """The form of ``--weights``; raises where it holds no plain tensors."""
    assert source.weights is not None  # noqa: S101 - callers ask only where weights were given
    path, _ = checkpoint.split(source.weights)
    if not path.is_file():
        raise SourceError("no such file", where=str(path))
    with FileSource(path) as opened:
        form = read.read_source(opened, DEFAULT_LIMITS).format if read.recognize(opened) else ""
    if form in ("state_dict", "checkpoint", "safetensors"):
        return form
    raise SourceError(
        f"holds no state_dict but {form or 'something else'}",
        where=str(path),
        hint="save one with torch.save(model.state_dict(), FILE)",
    )
