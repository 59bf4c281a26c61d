"""The origin of an archive: the files that its export read, by their digests, and the options."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from dataclasses import fields
from pathlib import Path

from neopack import distributions
from neopack.archive.manifest import golden_path
from neopack.formats.codec import to_json
from neopack.formats.files import FolderFiles
from neopack.frameworks import callables, registry
from neopack.options import PackageOptions
from neopack.packaging.packing import code_members
from neopack.packaging.repackaging import UnpackedSource
from neopack.values.json import AnyJson
from neopack.values.model import ModelSource
from neopack.values.origin import Material, Origin, Use
from neopack.values.reads import Reads

__all__ = ["origin_of"]

# these are told otherwise, or change nothing of the archive
NOT_OPTIONS = frozenset(
    {"target", "framework", "framework_options", "force", "verify", "compiler"}
)
CODE = (".py", ".so", ".pyd")


def origin_of(
    named: UnpackedSource, unpacked: UnpackedSource, source: ModelSource, reads: Reads | None
) -> Origin:
    """Of what the user ``named``; an archive was ``unpacked`` for its model. Paths are relative to
    the working directory."""
    root, request, options = Path.cwd(), named.request, named.options
    materials = _materials(named, unpacked, source, reads)
    placed = {path: _material(path, use, root) for path, use in materials.items()}
    return Origin(
        kind="object" if source.kind == "handed-over" else source.kind,
        source=_source(named, source, root),
        framework=request.framework or "",
        inputs=tuple(unpacked.inputs),
        arguments=to_json(request.arguments),
        weights=_text_of_weights(request.weights, root),
        options=_options(options, root),
        materials=tuple(sorted(placed.values(), key=lambda each: (each.path, each.sha256))),
        packages=_packages(reads),
        complete=_is_complete(reads, options),
    )


def _source(named: UnpackedSource, source: ModelSource, root: Path) -> str:
    if source.kind == "file":
        return _shown(Path(named.request.model), root)
    where, name = callables.split(source.where)
    return f"{_shown(Path(where), root)}:{name}" if where.endswith(".py") else source.where


def _materials(
    named: UnpackedSource, unpacked: UnpackedSource, source: ModelSource, reads: Reads | None
) -> Mapping[Path, Use]:
    """The files, each in its first use; what was unpacked is its archive. One that changed after
    it was read is not what the archive was made from."""
    found: dict[Path, Use] = {}
    changed = reads.changed if reads else ()
    for path, use in (*_named(named, source), *_read(reads)):
        staged = unpacked.folder is not None and path.is_relative_to(unpacked.folder)
        whole = os.path.abspath(path)  # noqa: PTH100 - links stay
        if not staged and path.is_file() and whole not in changed:
            found.setdefault(Path(whole), use)
    return found


def _named(named: UnpackedSource, source: ModelSource) -> Iterator[tuple[Path, Use]]:
    """The files that the user named."""
    options, weights = named.options, named.request.weights
    if source.kind == "file":
        yield from _model(Path(named.request.model), source, packed=_is_packed(named, source))
    elif source.kind == "callable" and callables.split(source.where)[0].endswith(".py"):
        yield Path(callables.split(source.where)[0]), "code"
    if weights is not None:
        yield weights_file(weights), "weights"
    if options.example is not None:
        yield options.example, "example"
    for member in code_members(options.code):
        yield member.path, "handler"
    calibration = dict(options.framework_options).get("calibration")
    if isinstance(calibration, str | os.PathLike):
        yield Path(calibration), "calibration"


def _is_packed(named: UnpackedSource, source: ModelSource) -> bool:
    model = Path(named.request.model)
    return model.is_file() and not Path(source.where).samefile(model)


def _model(path: Path, source: ModelSource, *, packed: bool) -> Iterator[tuple[Path, Use]]:
    if packed:
        yield path, "archive"
        yield golden_path(path), "example"
        return
    main = Path(source.where)
    yield main, "model"
    folder = path if path.is_dir() else main.parent
    framework = registry.get(source.loader or source.framework)
    name = main.relative_to(folder).as_posix()
    if path.is_dir():
        for part in framework.parts(FolderFiles(folder).names(), name):
            yield folder / part, "model"


def weights_file(weights: Path) -> Path:
    """The file of ``FILE`` or ``FILE:KEY``."""
    return weights if weights.exists() else Path(str(weights).rpartition(":")[0] or weights)


def _read(reads: Reads | None) -> Iterator[tuple[Path, Use]]:
    for name in reads.files if reads else ():
        yield Path(name), "code" if name.endswith(CODE) else "data"


def _material(path: Path, use: Use, root: Path) -> Material:
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    elsewhere = not path.is_relative_to(root)
    return Material(path=_shown(path, root), use=use, sha256=sha256, elsewhere=elsewhere)


def _shown(path: Path, root: Path) -> str:
    """Relative to ``root``, or the name alone."""
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - links stay
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else whole.name


def _text_of_weights(weights: Path | None, root: Path) -> str:
    if weights is None:
        return ""
    file = weights_file(weights)
    return _shown(file, root) + str(weights).removeprefix(str(file))


def _options(options: PackageOptions, root: Path) -> Mapping[str, AnyJson]:
    default = PackageOptions()
    own = {
        each.name: getattr(options, each.name)
        for each in fields(options)
        if each.name not in NOT_OPTIONS
        and getattr(options, each.name) != getattr(default, each.name)
    }
    if options.verify:
        own.pop("runtime", None)  # it proves, and builds nothing
    of_framework = dict(options.framework_options).items()
    chosen = {**own, **{name: value for name, value in of_framework if not _is_unset(value)}}
    return {
        name: _shown(Path(value), root) if _is_path(name, value) else to_json(value)
        for name, value in sorted(chosen.items())
    }


def _builds_in_runtime(options: PackageOptions) -> bool:
    """No hook listens in an old interpreter."""
    return options.runtime is not None and not options.verify


def _is_complete(reads: Reads | None, options: PackageOptions) -> bool:
    return reads is not None and not reads.changed and not _builds_in_runtime(options)


def _is_unset(value: object) -> bool:
    return value is None or value is False or value == ()


def _is_path(name: str, value: object) -> bool:
    return isinstance(value, os.PathLike) or (name == "calibration" and isinstance(value, str))


def _packages(reads: Reads | None) -> Mapping[str, str]:
    """Those whose distribution has the name of the package: any other takes a second to look
    up."""
    names = reads.packages if reads else ()
    return dict(sorted(distributions.versions(tuple(names)).items()))
