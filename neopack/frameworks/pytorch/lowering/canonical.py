"""Rewrite a TorchScript file that we just saved so that it does not depend on where it was made,
and so that an older PyTorch reads the container.

torch writes debug records that hold source paths of this machine; loading needs none of them
(``caffe2/serialize`` looks for each and goes on without). Everything else is kept, in a fixed
order, small records first, so that a reader of the archive meets them early.

The container for an older PyTorch: the number of its file format lies in ``version`` (from 6 on
torch writes ``.data/version``, which the old do not look for) and is at most what they read; the
types in the code are those they know. ``lower.py`` rewrites the operators.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

from neopack import facts, versions
from neopack.formats.zip_write import StoredZip

__all__ = ["rewrite"]

CHUNK = 1 << 20
# the type of None, as torch spells it since 1.10; lines with quotes may mean something else
NONE = re.compile(rb"^([^\"'\n]*)\bNoneType\b", re.MULTILINE)
# torch lists the buffers of a class since 1.6; 1.5 crashes on the line, 1.4 refuses it
BUFFERS = re.compile(rb"^  __buffers__ = [^\n]*\n", re.MULTILINE)
LISTS_BUFFERS = "1.6"
# torch writes this attribute of a class since 1.8 or so; one that restores itself, as quantized
# modules do, leaves it unset, and 1.8 and 1.9 refuse that
HOOK = re.compile(rb"^  _is_full_backward_hook : [^\n]*\n", re.MULTILINE)
RESTORING = b"  def __setstate__("
CLASS = re.compile(rb"^(?=class )", re.MULTILINE)


def rewrite(saved: Path, to: Path, version: str = "") -> None:
    """Copy the TorchScript file ``saved`` to ``to`` without debug records, under ``model/``.

    ``version`` is the PyTorch that must be able to read it, "" where that is not known.
    """
    most = facts.torch_file_format(version) if version else None
    with zipfile.ZipFile(saved) as source, to.open("wb") as stream, StoredZip(stream) as target:
        for entry in sorted(source.infolist(), key=_place):
            name = entry.filename.partition("/")[2]
            if _is_local(name):
                continue
            if most is not None and name in (".data/version", "version"):
                number = min(most, int(source.read(entry)))
                data = b"%d\n" % number
                target.add("model/version", len(data), [data])
            elif most is not None and name.startswith("code/"):
                code = _older(source.read(entry), version)
                target.add(f"model/{name}", len(code), [code])
            else:
                target.add(f"model/{name}", entry.file_size, _content(source, entry))


def _older(code: bytes, version: str) -> bytes:
    plain = NONE.sub(rb"\1None", code)
    if RESTORING in plain:
        classes = CLASS.split(plain)
        plain = b"".join(HOOK.sub(b"", each) if RESTORING in each else each for each in classes)
    return plain if versions.at_least(version, LISTS_BUFFERS) else BUFFERS.sub(b"", plain)


def _is_local(name: str) -> bool:
    return name.endswith(".debug_pkl") or name == ".data/serialization_id"


def _place(entry: zipfile.ZipInfo) -> tuple[bool, int, str]:
    name = entry.filename.partition("/")[2]
    folder, _, leaf = name.rpartition("/")
    is_tensor = leaf.isdecimal()
    return is_tensor, int(leaf) if is_tensor else 0, folder + "/" + leaf


def _content(source: zipfile.ZipFile, entry: zipfile.ZipInfo) -> Iterator[bytes]:
    with source.open(entry) as reading:
        while chunk := reading.read(CHUNK):
            yield chunk
