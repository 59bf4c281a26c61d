"""The key of each step: the digest of all that the step reads.

A key is made of named parts, so that a build can say which of them is another one than before.
"""

from __future__ import annotations

import glob
import os
import platform
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import neopack
from neopack import distributions
from neopack.build.cache import KnownReads
from neopack.build.digests import Digests, digest_of
from neopack.formats.codec import to_json
from neopack.frameworks import callables
from neopack.project.model_settings import ModelSettings
from neopack.values.reads import Reads

__all__ = [
    "MODULES",
    "Key",
    "Source",
    "beside",
    "matches",
    "package_key",
    "relative",
    "source_of",
    "with_reads",
]

# the part of a key that is all modules of the project, where nobody heard which are imported
MODULES = "modules"

# what a change of these changes is not the archive
NOT_OF_PACKAGE = frozenset(
    {"name", "group", "where", "targets", "matrix", "exclude", "verify", "compile", "bench",
     "thresholds", "backend", "role", "output", "weights", "example", "code", "reads"}
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    parts: tuple[tuple[str, str], ...]

    @property
    def digest(self) -> str:
        return digest_of(self.parts)

    def changes(self, before: Mapping[str, str]) -> tuple[str, ...]:
        """The names of the parts that are others than ``before``."""
        own = dict(self.parts)
        names = dict.fromkeys([*own, *before])
        return tuple(name for name in names if own.get(name) != before.get(name))


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """Where a model comes from: a callable by its text, or files by their contents."""

    text: str
    path: Path | None


def source_of(settings: ModelSettings, root: Path) -> Source:
    path = root / settings.source
    if path.exists() or not callables.looks_like_callable(settings.source):
        return Source(text=settings.source, path=path)
    return Source(text=settings.source, path=None)


def package_key(settings: ModelSettings, target: str, root: Path, digests: Digests) -> Key:
    """The part of the key that is known before the model was ever exported."""
    own = {k: v for k, v in to_json(settings).items() if k not in NOT_OF_PACKAGE}
    parts = {
        "neopack": neopack_digest(digests),
        "python": f"{platform.python_version_tuple()[:2]} {sys.platform} {platform.machine()}",
        "settings": digest_of(own),
        "name": settings.name,
        "target": target,
        "runtime's use": str(builds_in_runtime(settings)),
        **dict(_contents(settings, root, digests)),
    }
    return Key(parts=tuple(parts.items()))


def builds_in_runtime(settings: ModelSettings) -> bool:
    """Without a proof, a runtime is where a PyTorch callable may be built."""
    return bool(settings.runtime) and settings.verify == "no"


def _contents(settings: ModelSettings, root: Path, digests: Digests) -> Iterator[tuple[str, str]]:
    source = source_of(settings, root)
    if source.path is not None:
        yield "source", digests.tree(source.path)
        others = list(beside(source.path))
        yield "beside the source", digests.of(others, source.path.parent) if others else ""
    if settings.weights:
        yield "weights", digests.tree(weights_file(settings.weights, root))
    if settings.example:
        yield "example", digests.file(root / settings.example)
    if settings.code:
        yield "code", digests.tree(root / settings.code)
    if settings.reads:
        yield "reads", digests.of(matches(settings.reads, root, digests), root)
    if builds_in_runtime(settings):  # no hook listens in an old interpreter
        yield MODULES, digests.modules(root)


def weights_file(text: str, root: Path) -> Path:
    """``FILE`` or ``FILE:KEY``."""
    path = root / text
    return path if path.exists() or ":" not in text else root / text.rpartition(":")[0]


def beside(path: Path) -> Iterator[Path]:
    """What may belong to a model file: those beside it whose names begin as its own does. Of an
    archive, its manifest and golden outputs."""
    if not path.is_file():
        return
    first = path.name.partition(".")[0].partition("-")[0]
    names = sorted(each for each in path.parent.iterdir() if each.name.startswith(first))
    yield from (each for each in names if each.is_file() and each != path)


def matches(patterns: Iterable[str], root: Path, digests: Digests) -> list[Path]:
    """What the patterns name, without what the build itself writes."""
    found = {Path(each) for each in patterns}
    for pattern in patterns:
        # Path.glob refuses absolute patterns
        names = glob.glob(pattern, root_dir=root, recursive=True, include_hidden=True)  # noqa: PTH207
        found |= {Path(name) for name in names if not digests.are_outputs(root / name)}
    return [root / each for each in sorted(found)]


# --- what an export read ---------------------------------------------------------------------


def with_reads(key: Key, known: KnownReads, root: Path, digests: Digests) -> Key:
    """``key`` with what an export of it read, as it is now."""
    reads = known.reads
    files = tuple((path, digests.file(_absolute(path, root))) for path in reads.files)
    folders = tuple((f"{path}/", digests.listing(_absolute(path, root))) for path in reads.folders)
    installed = _installed(tuple(sys.path))(known.distributions)
    return Key(
        parts=(
            *key.parts,
            *files,
            *folders,
            *((name, installed.get(name, "absent")) for name in known.distributions),
            ("modules of the project", digest_of(_shadowing(reads, root))),
        )
    )


def relative(reads: Reads, root: Path) -> Reads:
    """With paths inside ``root`` relative to it: another checkout may lie elsewhere."""

    def told(values: Iterable[str]) -> tuple[str, ...]:
        return tuple(_told(value, root) for value in values)

    return Reads(
        files=told(reads.files),
        folders=told(reads.folders),
        roots=told(reads.roots),
        packages=reads.packages,
        names=reads.names,
    )


def _told(path: str, root: Path) -> str:
    inside = path == str(root) or path.startswith(f"{root}/")
    return os.path.relpath(path, root) if inside else path


def _absolute(path: str, root: Path) -> str:
    return path if path.startswith("/") else f"{root}/{path}"


def _shadowing(reads: Reads, root: Path) -> list[str]:
    """The modules of the project that have the name of one that was imported: another one there
    would be imported instead."""
    found = set()
    for folder in reads.roots:
        try:
            names = [each.partition(".")[0] for each in _listed(_absolute(folder, root))]
        except OSError:
            continue
        found |= {f"{folder}/{name}" for name in set(names) & set(reads.names)}
    return sorted(found)


def _listed(folder: str) -> list[str]:
    return [name for name in os.listdir(folder) if _is_importable(Path(folder, name))]  # noqa: PTH208


def _is_importable(path: Path) -> bool:
    return path.suffix in (".py", ".so") or (path / "__init__.py").is_file()


class _Versions:
    """The versions of installed distributions, looked up once for a run."""

    def __init__(self) -> None:
        self._known: dict[str, str | None] = {}

    def __call__(self, names: tuple[str, ...]) -> dict[str, str]:
        absent = tuple(name for name in names if name not in self._known)
        if absent:
            found = distributions.versions(absent)
            self._known |= {name: found.get(name) for name in absent}
        return {name: version for name in names if (version := self._known[name]) is not None}


@cache
def _installed(path: tuple[str, ...]) -> _Versions:  # noqa: ARG001 - what makes it another
    return _Versions()


@cache
def neopack_digest(digests: Digests) -> str:
    """Of neopack itself: its code, its rules and its tables of facts."""
    return digests.tree(Path(neopack.__file__).parent)
