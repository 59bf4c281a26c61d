"""The zip in which PyTorch keeps all its newer forms: one folder at the root, records in it.

What makes which form is laid down in ``caffe2/serialize/inline_container.h``,
``torch/csrc/jit/serialization/export_module.cpp`` and ``torch/export/pt2_archive/constants.py``.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from neopack.errors import Malformed
from neopack.formats.guard import Limits
from neopack.formats.json_text import read_json
from neopack.formats.pickle import Pickle, read_pickle
from neopack.formats.source import ByteSource, BytesSource, Cursor
from neopack.formats.zip import LOCAL_MAGIC, ZipDirectory, first_name, read_directory

__all__ = ["TorchZip", "form", "looks_like_torch", "open_container"]

EXPORTED_PROGRAM = "serialized_exported_program.json"
_EARLY_RECORDS = ("/data.pkl", "/data/0", "/version", "/model.json", "/constants.pkl")


@dataclass(frozen=True, slots=True)
class TorchZip:
    """Records by their names inside the root folder."""

    name: str
    root: str
    directory: ZipDirectory
    names: frozenset[str]
    limits: Limits

    def read(self, name: str) -> bytes:
        return self.directory.read(self.root + name)

    def read_many(self, names: Iterable[str]) -> dict[str, bytes]:
        records = (self.root + name for name in names)
        contents = self.directory.read_many(records)
        return {name.removeprefix(self.root): content for name, content in contents}

    def under(self, folder: str, suffix: str = "") -> list[str]:
        """Names of the records in ``folder`` that end in ``suffix``, in the zip's order."""
        kept = (name.removeprefix(self.root) for name in self.directory.records)
        return [name for name in kept if name.startswith(folder) and name.endswith(suffix)]

    def text(self, name: str) -> str:
        """A short text record, stripped; empty where there is none."""
        if name not in self.names:
            return ""
        return self.read(name).decode("utf-8", "replace").strip()[:100]

    def version(self) -> str:
        """The number of the file's format. It is read as torch does: leading digits count."""
        name = ".data/version" if ".data/version" in self.names else "version"
        if name not in self.names:
            raise Malformed("there is no version record", where=self.name)
        text = self.text(name)
        number = re.match(r"\s*\+?0*([1-9]\d*)", text)
        if number is None:
            what = f"is {text[:20]!r}, not a number from 1 on"
            raise Malformed(f"the version record {what}", where=self.name)
        return number[1]

    def pickle(self, name: str) -> Pickle:
        source = BytesSource(f"{self.name}: {name}", self.read(name))
        return read_pickle(Cursor(source), self.limits)

    def json(self, name: str) -> Any:
        return read_json(self.read(name), f"{self.name}: {name}", self.limits)


def open_container(source: ByteSource, limits: Limits) -> TorchZip:
    """Open a zip; the root folder is that of its first record, as torch has it."""
    directory = read_directory(source, limits)
    first = next(iter(directory.records), "")
    root = first[: first.find("/") + 1] if EXPORTED_PROGRAM not in directory.records else ""
    names = (name.removeprefix(root) for name in directory.records if name.startswith(root))
    return TorchZip(source.name, root, directory, frozenset(names), limits)


def form(container: TorchZip) -> str:
    """``torchscript``, ``torchscript-json`` (1.0 to 1.3), ``pt2``, ``saved``; or empty."""
    names = container.names
    if EXPORTED_PROGRAM in names or "archive_format" in names:
        return "pt2"
    code = any(name.startswith("code/") for name in names)
    if "model.json" in names and code:
        return "torchscript-json"
    if "constants.pkl" in names and (code or "bytecode.pkl" in names):
        return "torchscript"
    return "saved" if "data.pkl" in names else ""


def looks_like_torch(source: ByteSource) -> bool:
    """Whether a zip without its end was torch's, by the record that comes first."""
    return source.read(0, 4) == LOCAL_MAGIC and first_name(source).endswith(_EARLY_RECORDS)
