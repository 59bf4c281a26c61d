"""Unpacked members beside an artifact, with what its engine keeps of them: a second load reads
neither the archive nor compiles its graph.

``net-ml_c5.cache/`` beside ``net-ml_c5.tar.gz`` has a folder for each CPU and engine that loaded
it. Its name has the digests of the archive, of the CPU and of the engine's version, so that a
changed archive or another CPU never meets what is not its own. All of it may be deleted.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.own_names import MANIFEST, own_name
from neopack.errors import NeopackError
from neopack.runtimes import this_cpu

__all__ = ["SMALLEST", "CachePlace", "cache_folder", "place_of"]

# smaller artifacts load in less than a tenth of a second
SMALLEST = 8 << 20
FILE = own_name(MANIFEST, [])
DIGITS = 16
PRIVATE = 0o700


@dataclass(frozen=True, slots=True, kw_only=True)
class CachePlace:
    """The folder of one archive on this CPU, there or not."""

    folder: Path
    archive_sha256: str

    def manifest(self) -> ArtifactManifest | None:
        """The manifest of the members in the folder, or None where they are not all there."""
        try:
            manifest = ArtifactManifest.loads((self.folder / FILE).read_bytes(), str(self.folder))
        except (OSError, NeopackError):
            return None
        whole = all((self.folder / name).is_file() for name in manifest.members)
        return manifest if whole else None

    def fill(self, manifest: ArtifactManifest, extract: Callable[[str, Path], None]) -> bool:
        """Unpack the members into the folder, at once or not at all; whether they are there."""
        above = self.folder.parent
        staging = above / f".{secrets.token_hex(8)}"
        try:
            above.mkdir(PRIVATE, exist_ok=True)
            staging.mkdir(PRIVATE)
            for name in manifest.members:
                extract(name, staging / name)
            (staging / FILE).write_bytes(manifest.dumps())
            self._remove_older()
            with contextlib.suppress(OSError):  # another process was faster
                staging.rename(self.folder)
        except (OSError, NeopackError):  # no room, or not ours to write: it loads without
            return False
        finally:
            shutil.rmtree(staging, ignore_errors=True)
        return self.manifest() is not None

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _remove_older(self) -> None:
        """What other bytes of the archive left."""
        for other in self.folder.parent.iterdir():
            if not other.name.startswith((self.archive_sha256[:DIGITS], ".")):  # . is at work
                shutil.rmtree(other, ignore_errors=True)


def cache_folder(archive: Path) -> Path:
    """``dir/net-ml_c5.cache`` for ``dir/net-ml_c5.tar.gz``."""
    return archive.with_name(archive.name.removesuffix(".gz").removesuffix(".tar") + ".cache")


def place_of(archive: Path, keepers: Callable[[], str]) -> CachePlace | None:
    """Where ``archive`` is cached on this machine by ``keepers``, engines with versions; None for
    a small one, and where the cache is somebody else's: it is read without being verified."""
    try:
        if archive.stat().st_size < SMALLEST or not _is_ours(cache_folder(archive)):
            return None
        with archive.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError:
        return None
    machine = hashlib.sha256(f"{this_cpu.identity()}\n{keepers()}".encode()).hexdigest()
    name = f"{digest[:DIGITS]}-{machine[:DIGITS]}"
    return CachePlace(folder=cache_folder(archive) / name, archive_sha256=digest)


def _is_ours(folder: Path) -> bool:
    """Whether this user alone can have written into it, or it is not there."""
    if not os.path.lexists(folder):
        return True
    status = folder.lstat()
    is_directory = folder.is_dir() and not folder.is_symlink()
    return is_directory and status.st_uid == os.getuid() and not status.st_mode & 0o022
