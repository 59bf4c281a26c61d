"""TorchServe's model archives: a zip whose manifest names the model and the code that serves it.

Format: pytorch/serve model-archiver, README.md, "Artifact Details" (MAR-INF/MANIFEST.json).
"""

from __future__ import annotations

from dataclasses import dataclass

from neopack.errors import Malformed
from neopack.formats.json_text import read_json
from neopack.formats.source import ByteSource
from neopack.formats.zip import LOCAL_MAGIC, read_directory

__all__ = ["MarModel", "is_mar", "read_mar"]

MANIFEST = "MAR-INF/MANIFEST.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class MarModel:
    """Names of records: ``serialized`` is the model or its weights, ``code`` the Python file of an
    eager model; each is "" where the archive has none."""

    serialized: str
    code: str


def is_mar(source: ByteSource) -> bool:
    if source.read(0, len(LOCAL_MAGIC)) != LOCAL_MAGIC:
        return False
    try:
        return MANIFEST in read_directory(source).records
    except Malformed:
        return False


def read_mar(source: ByteSource) -> MarModel:
    """Raises ``Malformed`` where the manifest is not one, or names a file that is not there."""
    directory = read_directory(source)
    manifest = read_json(directory.read(MANIFEST), f"{source.name}: {MANIFEST}")
    model = manifest.get("model") if isinstance(manifest, dict) else None
    if not isinstance(model, dict):
        raise Malformed("its manifest does not describe a model", where=source.name)
    names = [str(model.get(key) or "") for key in ("serializedFile", "modelFile")]
    for name in filter(None, names):
        if name not in directory.records:
            raise Malformed(f"its manifest names {name!r}, which is not in it", where=source.name)
    return MarModel(serialized=names[0], code=names[1])
