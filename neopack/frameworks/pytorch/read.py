"""ModelInfo of PyTorch's files from their bytes: no torch, nothing unpickled, nothing run.

``format`` is ``torchscript``, ``pt2`` (torch.export), ``state_dict``, ``checkpoint``,
``pickled-module`` or ``safetensors``. Only the first two are models.

``versions``: ``file_format`` (the number torch checks on loading: a floor, not the version
that wrote the file), ``op_version_set`` (before 1.6), ``legacy_protocol`` (torch.save before
1.6), and for pt2 ``torch``, ``schema`` and ``opset aten``.

``operators`` counts places in the serialized code, each once however often it runs.
``parameters`` leaves buffers out; what shares a storage is counted once. ``signature`` has
the tensors that tracing stored; it is ``None`` where the file stores no inputs, and it has no
outputs (only their type is known).

``facts`` are of a class for each form: ``facts.py``.
"""

from __future__ import annotations

from collections.abc import Callable

from neopack.errors import LimitExceeded, Malformed, NotRecognized
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.formats.zip import LOCAL_MAGIC
from neopack.frameworks.pytorch import torch_save
from neopack.frameworks.pytorch.container import (
    TorchZip,
    form,
    looks_like_torch,
    open_container,
)
from neopack.values.model import ModelInfo

__all__ = ["read", "read_source", "recognize"]

_WORDS = {
    "torchscript": "TorchScript archive",
    "torchscript-json": "TorchScript archive of torch 1.0 to 1.3",
    "pt2": "torch.export program",
    "saved": "torch.save file",
}


def recognize(source: ByteSource) -> str | None:
    """The form in words, or None where the bytes are not PyTorch's."""
    magic = source.read(0, 4)
    if magic == LOCAL_MAGIC:
        return _recognize_zip(source)
    if torch_save.is_legacy(source):
        return "torch.save file of torch before 1.6"
    if torch_save.is_legacy_tar(source):
        return "torch.save file of torch before 0.2"
    return "safetensors file" if torch_save.is_safetensors(source) else None


def _recognize_zip(source: ByteSource) -> str | None:
    try:
        return _WORDS.get(form(open_container(source, DEFAULT_LIMITS)))
    except (Malformed, LimitExceeded):
        return "PyTorch archive" if looks_like_torch(source) else None


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """As ``ReadModule`` asks."""
    with files.open(model) as source:
        return read_source(source, limits)


def read_source(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """What the bytes tell. ``NotRecognized`` where they are not PyTorch's, ``Malformed`` where
    they break their form, ``LimitExceeded`` where they are more than ``limits`` allow."""
    try:
        return _read(source, limits)
    except Malformed as error:
        error.where = error.where or source.name
        raise


def _read(source: ByteSource, limits: Limits) -> ModelInfo:
    if source.read(0, 4) == LOCAL_MAGIC:
        container = open_container(source, limits)
        reader = _zip_reader(form(container))
        if reader is not None:
            return reader(container)
    elif torch_save.is_legacy(source):
        return torch_save.read_legacy(source, limits)
    elif torch_save.is_legacy_tar(source):
        return torch_save.read_legacy_tar(source, limits)
    elif torch_save.is_safetensors(source):
        return torch_save.read_safetensors(source, limits)
    raise NotRecognized("is not a PyTorch file", where=source.name)


def _zip_reader(kind: str) -> Callable[[TorchZip], ModelInfo] | None:
    """Imported when such a file is there: every command pays for what is imported above."""
    if kind == "saved":
        return torch_save.read_zip
    if kind == "pt2":
        from neopack.frameworks.pytorch import exported_program

        return exported_program.read
    from neopack.frameworks.pytorch import torchscript

    return {"torchscript": torchscript.read, "torchscript-json": torchscript.read_json_form}.get(
        kind
    )
