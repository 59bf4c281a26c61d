"""ModelInfo of PyTorch's files from their bytes: no torch, nothing unpickled, nothing run.

``format`` is ``torchscript``, ``pt2`` (torch.export), ``state_dict``, ``checkpoint``,
``pickled-module`` or ``safetensors``. Only the first two are models.

``versions``: ``file_format`` (the number torch checks on loading: a floor, not the version
that wrote the file), ``op_version_set`` (before 1.6), ``legacy_protocol`` (torch.save before
1.6), and for pt2 ``torch``, ``schema`` and ``opset aten``.

``operators`` counts places in the serialized code, each once however often it runs.
``parameters`` leaves buffers out; what shares a storage is counted once. ``signature`` has
the tensors that tracing stored; it is None where the file stores no inputs, and it has no
outputs (only their type is known).

``facts`` of a torchscript or pt2 model:

=====================  =======================================================================
training               list of "FILE: OP in FUNCTION": dropout or batch norm with a literal
                       True for its training flag
training_attribute     the root module's ``training``; None where it is not stored
devices                devices other than cpu, in code and on tensors: ["cuda:0"]
control_flow           list of "FILE: FUNCTION (if, for, while, raise)"
origin                 a guess: "traced", "scripted", "traced with scripted parts", "exported"
input_names            the arguments of forward, in order, without self
input_types            {name: type as TorchScript spells it}
nested_inputs          names of arguments whose type is not Tensor
output_type            type of forward's result, as spelled ("Tensor", "Dict[str, Tensor]")
dict_outputs           whether that is a dict
stored_inputs          whether the inputs it was traced with are stored (shapes, dtypes)
custom_ops             operators outside of aten, prim and torch: ["torchvision::nms"]
globals                names in the pickles that no such file needs (posix.system, ...)
executing              those of them that are known to run commands or code
generated_files        the records under ``code/``
records                the other records by name, which hint at the version that wrote them
root_class             qualified name of the root module's class
buffers, buffer_bytes, constants, constant_bytes    elements and bytes
readable_since         {version: what in its code an older PyTorch does not read}
frozen                 whether the weights are constants (then they count as parameters)
mobile                 whether there is bytecode for the lite interpreter
symbolic_dims          pt2 only: {input: [symbol or None for each dim]}
=====================  =======================================================================

``facts`` of the other forms: ``keys`` (top-level names, the first 50), ``weights_key`` (where
in a checkpoint the counted weights are), ``tensors`` (how many), ``devices``, ``globals``,
``executing``; of safetensors ``keys``, ``tensors``, ``metadata``.
"""

from __future__ import annotations

from collections.abc import Callable

from neopack.errors import LimitExceeded, Malformed, NotRecognized
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.formats.zip import LOCAL_MAGIC
from neopack.frameworks.pytorch import saved
from neopack.frameworks.pytorch.container import (
    Container,
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
    if saved.is_legacy(source):
        return "torch.save file of torch before 1.6"
    if saved.is_legacy_tar(source):
        return "torch.save file of torch before 0.2"
    return "safetensors file" if saved.is_safetensors(source) else None


def _recognize_zip(source: ByteSource) -> str | None:
    try:
        return _WORDS.get(form(open_container(source, DEFAULT_LIMITS)))
    except (Malformed, LimitExceeded):
        return "PyTorch archive" if looks_like_torch(source) else None


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """The seam's word for it."""
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
    elif saved.is_legacy(source):
        return saved.read_legacy(source, limits)
    elif saved.is_legacy_tar(source):
        return saved.read_legacy_tar(source, limits)
    elif saved.is_safetensors(source):
        return saved.read_safetensors(source, limits)
    raise NotRecognized("is no PyTorch file", where=source.name)


def _zip_reader(kind: str) -> Callable[[Container], ModelInfo] | None:
    """Imported when such a file is there: every command pays for what is imported above."""
    if kind == "saved":
        return saved.read_zip
    if kind == "pt2":
        from neopack.frameworks.pytorch import exported

        return exported.read
    from neopack.frameworks.pytorch import torchscript

    return {"torchscript": torchscript.read, "torchscript-json": torchscript.read_json_form}.get(
        kind
    )
