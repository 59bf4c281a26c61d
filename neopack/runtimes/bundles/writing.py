"""Write a bundle: the files that the locks of some runtimes name, in one tar."""

from __future__ import annotations

import hashlib
import io
import shutil
import tarfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from neopack import runtimes
from neopack.errors import Missing
from neopack.outputs.atomic import AtomicOutputs, refuse_unwritable
from neopack.runtimes import Runtime, install
from neopack.runtimes.bundles.distribution_files import read_name, this_platform
from neopack.runtimes.bundles.downloading import download
from neopack.runtimes.bundles.manifest import (
    MANIFEST,
    BundledFile,
    BundledRuntime,
    BundleManifest,
    dumps,
)
from neopack.runtimes.requirements import Requirement, requirements_of
from neopack.values.log import Log

__all__ = ["WrittenBundle", "write_bundle"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenBundle:
    """``pythons`` are the versions of Python that the other machine needs: a bundle has none."""

    path: Path
    bytes: int
    sha256: str
    platform: str
    runtimes: tuple[str, ...]
    pythons: tuple[str, ...]
    files: int


def write_bundle(path: Path, names: Sequence[str], log: Log, *, force: bool) -> WrittenBundle:
    """Download the files of the runtimes, of all where ``names`` is empty, and write them.

    What was downloaded before a failure stays in ``PATH.parts``, and the next call goes on from
    there. Raises ``UsageError`` for an unknown name, ``OutputError``, and ``Missing`` where a file
    cannot be had.
    """
    chosen = runtimes.environments(names or runtimes.names())
    refuse_unwritable(path, force=force)
    parts = path.with_name(f"{path.name}.parts")
    parts.mkdir(parents=True, exist_ok=True)
    for runtime in chosen:
        with (
            log.step(f"downloading {runtime.name}"),
            install.disk_errors(f"{parts} is not written"),
        ):
            download(runtime, parts, log)
    manifest = _manifest(chosen, parts)
    with AtomicOutputs(force=force) as outputs:
        _write(outputs.open(path), manifest, parts)
    with path.open("rb") as written:
        digest = hashlib.file_digest(written, "sha256").hexdigest()
    shutil.rmtree(parts, ignore_errors=True)
    shutil.rmtree(parts.with_name(f"{parts.name}.pip"), ignore_errors=True)
    return WrittenBundle(
        path=path,
        bytes=path.stat().st_size,
        sha256=digest,
        platform=manifest.platform,
        runtimes=tuple(each.name for each in manifest.runtimes),
        pythons=tuple(sorted({each.python for each in chosen}, key=_minor)),
        files=len(manifest.files),
    )


def _manifest(chosen: Sequence[Runtime], parts: Path) -> BundleManifest:
    needed = {need for runtime in chosen for need in requirements_of(runtime)}
    files = [file for path in sorted(parts.iterdir()) for file in _needed(path, needed)]
    return BundleManifest(
        platform=this_platform(),
        runtimes=tuple(
            BundledRuntime(name=each.name, python=each.python, lock=install.fingerprint(each))
            for each in chosen
        ),
        files=tuple(files),
    )


def _needed(path: Path, needed: Iterable[Requirement]) -> Iterable[BundledFile]:
    """The file, if a lock names it: an earlier call for other runtimes may have left more."""
    distribution = read_name(path.name)
    if distribution is None:
        return
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
    of_it = [need for need in needed if distribution.is_of(need)]
    if any(digest in need.hashes for need in of_it):
        yield BundledFile(name=path.name, sha256=digest, bytes=path.stat().st_size)
    elif of_it:
        path.unlink()
        raise Missing(
            f"{path.name} was cut short or changed while it was downloaded", hint="try again"
        )


def _write(stream: BinaryIO, manifest: BundleManifest, parts: Path) -> None:
    """The same files give the same bytes: no times, no owners."""
    with tarfile.open(fileobj=stream, mode="w", format=tarfile.GNU_FORMAT) as tar:
        data = dumps(manifest)
        tar.addfile(_member(MANIFEST, len(data)), io.BytesIO(data))
        for file in manifest.files:
            with (parts / file.name).open("rb") as source:
                tar.addfile(_member(file.name, file.bytes), source)


def _member(name: str, size: int) -> tarfile.TarInfo:
    member = tarfile.TarInfo(name)
    member.size = size
    return member


def _minor(python: str) -> int:
    return int(python.partition(".")[2])
