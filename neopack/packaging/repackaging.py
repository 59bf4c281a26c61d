"""``package ARCHIVE``: take the model, its code and golden inputs out of an archive, to package
them for another target or version."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path
from typing import TypeAlias

from neopack.archive.manifest import Manifest, goldens_of, manifest_of
from neopack.archive.other_tars import is_other_tar, write_gzip
from neopack.archive.read import ArchiveFiles, ArchiveScan, scan
from neopack.artifacts.load import extract, find_model, is_compiled, refuse_unsafe
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.formats.compressed import is_packed
from neopack.formats.file_names import require_file_name
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.mar import is_mar, read_mar
from neopack.formats.source import FileSource
from neopack.frameworks import registry
from neopack.goldens.arrays import save_arrays
from neopack.goldens.cases import load_goldens
from neopack.options import PackageOptions
from neopack.outputs.staging import staging_directory
from neopack.packaging.resolving import SourceRequest
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest

__all__ = ["UnpackedSource", "unpacked"]

CODE = "code/"
EXAMPLE = "example.npz"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpackedSource:
    """What to package: as the user named it, or what an archive holds of it, in ``folder``."""

    request: SourceRequest
    inputs: Sequence[InputRequest]
    options: PackageOptions
    folder: Path | None = None
    archive: str = ""

    def named(self, error: NeopackError) -> NeopackError:
        """The error, about the archive and not about the directory that it was unpacked into."""
        if self.folder is not None:
            error.where = error.where.replace(f"{self.folder}/", f"{self.archive}:")
        return error


@contextmanager
def unpacked(source: UnpackedSource) -> Iterator[UnpackedSource]:
    """The parts of an archive, in a directory that is gone when the block ends; any other source
    as it is. Errors name the archive, not the directory.

    What the user gives comes first: ``--input``, ``--example`` and ``--code`` replace the
    archive's.
    """
    path, unpack = _archive(source.request.model)
    if path is None:
        yield source
        return
    with staging_directory() as folder:
        placed = replace(source, folder=folder, archive=path.name)
        try:
            yield unpack(path, placed, folder)
        except NeopackError as error:
            placed.named(error)
            raise


Unpack: TypeAlias = "Callable[[Path, UnpackedSource, Path], UnpackedSource]"


def _archive(model: object) -> tuple[Path | None, Unpack]:
    """The archive that ``model`` names, and how it is unpacked."""
    if not isinstance(model, str | PathLike) or not Path(model).is_file():
        return None, _unpack
    path = Path(model)
    with FileSource(path) as opened:
        if is_packed(opened):
            return path, _unpack
        if is_other_tar(opened):
            return path, _unpack_other_tar
        return (path, _unpack_mar) if is_mar(opened) else (None, _unpack)


def _unpack_mar(path: Path, source: UnpackedSource, folder: Path) -> UnpackedSource:
    """The TorchScript model of a TorchServe archive; its handler serves elsewhere."""
    with FileSource(path) as opened:
        model = read_mar(opened)
    if model.code or not model.serialized:
        raise SourceError(
            f"holds a model that is code, {model.code or 'in its handler'}",
            where=str(path),
            hint="unzip it, and package module:callable --weights FILE",
        )
    to = folder / require_file_name(Path(model.serialized).name, str(path))
    _inflate(path, model.serialized, to)
    return replace(source, request=replace(source.request, model=to))


def _inflate(path: Path, name: str, to: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        size = archive.getinfo(name).file_size
        DEFAULT_LIMITS.hold_ratio(size, path.stat().st_size, where=str(path))
        with archive.open(name) as record, to.open("xb") as out:
            shutil.copyfileobj(record, out)


def _unpack_other_tar(path: Path, source: UnpackedSource, folder: Path) -> UnpackedSource:
    packed = folder / "packed.tar.gz"
    write_gzip(path, packed)
    return _unpacked(path, scan(packed), source, folder)


def _unpack(path: Path, source: UnpackedSource, folder: Path) -> UnpackedSource:
    return _unpacked(path, scan(path), source, folder)


def _unpacked(
    path: Path, scanned: ArchiveScan, source: UnpackedSource, folder: Path
) -> UnpackedSource:
    refuse_unsafe(scanned)
    if is_compiled(scanned):
        raise UsageError(
            "is compiled already", where=str(path), hint="package the archive it was compiled from"
        )
    model = _model(scanned, source.request.framework, folder)
    manifest = manifest_of(path, scanned.content_sha256)
    inputs = source.inputs or _inputs(manifest)
    example = source.options.example or _example(path, scanned, inputs, folder)
    code = source.options.code or _code(scanned, folder)
    return replace(
        source,
        request=replace(source.request, model=model),
        inputs=inputs,
        options=replace(source.options, example=example, code=code),
    )


def _model(scanned: ArchiveScan, framework: str | None, folder: Path) -> Path:
    """The model file and its parts, under their names in the archive."""
    chosen = registry.get(framework).name if framework else None
    found = find_model(scanned, framework=chosen) or find_model(scanned)
    if found is None:
        raise registry.nothing_found(ArchiveFiles(scanned), str(scanned.path))
    owner, name, _ = found
    for member in (name, *owner.parts(scanned.file_names(), name)):
        extract(scanned, member, folder / "model" / member, DEFAULT_LIMITS)
    return folder / "model" / name


def _code(scanned: ArchiveScan, folder: Path) -> Path | None:
    names = [name for name in scanned.file_names() if name.removeprefix("./").startswith(CODE)]
    for name in names:
        extract(scanned, name, folder / name.removeprefix("./"), DEFAULT_LIMITS)
    return folder / CODE if names else None


def _inputs(manifest: Manifest | None) -> tuple[InputRequest, ...]:
    specs = manifest.signature.inputs if manifest else ()
    return tuple(
        InputRequest(
            name=spec.name,
            shape=tuple(dim for dim in spec.shape if dim is not None),
            dtype=spec.dtype,
        )
        for spec in specs
    )


def _example(
    path: Path, scanned: ArchiveScan, inputs: Sequence[InputRequest], folder: Path
) -> Path | None:
    """The first golden inputs beside the archive: ids among them are ones that the model takes."""
    goldens = goldens_of(path, scanned.content_sha256)
    if goldens is None or not inputs:
        return None
    arrays, _ = load_goldens(goldens)
    if not all(_fits(request, arrays.get(request.name)) for request in inputs):
        return None
    with (folder / EXAMPLE).open("wb") as stream:
        save_arrays(stream, arrays)
    return folder / EXAMPLE


def _fits(request: InputRequest, array: Array | None) -> bool:
    return array is not None and array.shape == request.shape
