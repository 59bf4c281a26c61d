"""Find the one model file at a path: a file, or a directory that holds one."""

from __future__ import annotations

from pathlib import Path

from neopack.errors import SourceError
from neopack.formats.files import FolderFiles
from neopack.formats.source import FileSource
from neopack.frameworks import Framework, registry
from neopack.spelling import nearest_file

__all__ = ["find_model"]


def find_model(path: Path) -> tuple[Path, Framework]:
    """The model file at ``path``, or the one model in that directory, and whose it is."""
    if path.is_dir():
        return _in_directory(path)
    if not path.is_file():
        if path.exists():
            raise SourceError("is neither a file nor a directory", where=str(path))
        hint = "" if path.suffix else "a callable is named module:callable"
        hint = nearest_file(path, hint)
        raise SourceError("no such file or directory", where=str(path), hint=hint)
    with FileSource(path) as source:
        return path, registry.recognize(source)[0]


def _in_directory(path: Path) -> tuple[Path, Framework]:
    files = FolderFiles(path)
    names, candidates = files.names(), tuple(registry.find(files))
    parts = {part for file in candidates for part in file.framework.parts(names, file.model)}
    whole = [file for file in candidates if file.model not in parts]
    # what was converted from a model does not stand in its way
    whole = [file for file in whole if not registry.is_converted(file.framework.name)] or whole
    # what Neo would not take by its name is taken up to be refused with the way out of it
    models = [file for file in whole if file.packaged] or whole[:1]
    if not models:
        raise registry.nothing_found(files, str(path))
    if len(models) > 1:
        raise SourceError(
            f"holds {len(models)} models: {', '.join(file.model for file in models[:5])}",
            where=str(path),
            hint=f"name one of them, such as {path / models[0].model}",
        )
    return path / models[0].model, models[0].framework
