"""Read a bundle that a stranger may have written: what counts is the lock that neopack has.

A file is taken out only if a lock names its hash. What a bundle says of itself is compared, and
never believed.
"""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack import runtimes
from neopack.errors import Malformed, Missing, NotRecognized, Unsafe, UsageError
from neopack.formats.source import Cursor, FileSource
from neopack.formats.tar import TarEntry, entries
from neopack.outputs.atomic import writing
from neopack.runtimes import Runtime, install
from neopack.runtimes.bundles.distribution_files import read_name, this_platform
from neopack.runtimes.bundles.manifest import MANIFEST, BundledFile, BundleManifest, loads
from neopack.runtimes.requirements import requirements_of
from neopack.spelling import did_you_mean

__all__ = ["names_in", "take_out"]

MOST_MANIFEST = 4 << 20
CHUNK = 1 << 20
BY_SAME = "write it with this version of neopack, on a machine of this platform"


def names_in(bundle: Path) -> tuple[str, ...]:
    """The runtimes of a bundle, by its own word."""
    with _members(bundle) as (manifest, _, _):
        return tuple(each.name for each in manifest.runtimes)


def take_out(bundle: Path, names: Sequence[str], into: Path) -> None:
    """Write the files of those runtimes into ``into``, each with a hash that their locks name.

    Raises ``UsageError`` for a runtime that is not in it, ``Malformed`` for damage, ``Unsafe`` for
    what is not a file beside the others, and ``Missing`` where it is of another version of
    neopack, or for another platform.
    """
    chosen = runtimes.environments(names)
    wanted = {
        digest for each in chosen for need in requirements_of(each) for digest in need.hashes
    }
    with _members(bundle) as (manifest, cursor, members):
        for runtime in chosen:
            _refuse_other(manifest, runtime, bundle)
        left = {file.name: file for file in manifest.files}
        for entry in members:
            file = left.pop(_regular(entry, bundle), None)
            if file is None or file.bytes != entry.size:
                raise Malformed(
                    f"its {MANIFEST} names no such file as its member {entry.name!r:.200}",
                    where=str(bundle),
                )
            if file.sha256 in wanted:
                with writing(into):
                    _copy(cursor, file, into / file.name, bundle)
    if left:
        raise Malformed(f"lacks {min(left)}, which its {MANIFEST} names", where=str(bundle))
    for runtime in chosen:
        _refuse_incomplete(runtime, into, bundle)


@contextlib.contextmanager
def _members(bundle: Path) -> Iterator[tuple[BundleManifest, Cursor, Iterator[TarEntry]]]:
    """The manifest, and the members after it, each with the cursor at the start of its data."""
    try:
        source = FileSource(bundle)
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", where=str(bundle)) from None
    with source:
        cursor = Cursor(source)
        members = entries(cursor)
        try:
            first = next(members, None)
        except Malformed:
            first = None
        if first is None or (first.name, first.kind) != (MANIFEST, "file"):
            raise NotRecognized(
                "is not a bundle of runtimes",
                where=str(bundle),
                hint="neopack runtimes bundle writes one",
            )
        if first.size > MOST_MANIFEST or first.sparse is not None:
            raise Malformed(f"its {MANIFEST} is too large", where=str(bundle))
        yield loads(cursor.take(first.size), str(bundle)), cursor, members


def _regular(entry: TarEntry, bundle: Path) -> str:
    if entry.kind != "file" or entry.sparse is not None:
        raise Unsafe(
            f"its member {entry.name!r:.200} is not a regular file",
            where=str(bundle),
            hint="do not trust where it came from",
        )
    return entry.name


def _refuse_other(manifest: BundleManifest, runtime: Runtime, bundle: Path) -> None:
    named = {each.name: each for each in manifest.runtimes}
    if runtime.name not in named:
        hint = did_you_mean(runtime.name, sorted(named), f"it has {', '.join(sorted(named))}")
        raise UsageError(f"does not have {runtime.name}", where=str(bundle), hint=hint)
    if manifest.platform != this_platform():
        raise Missing(
            f"is for {manifest.platform:.60}, and this machine is {this_platform()}",
            where=str(bundle),
            hint=BY_SAME,
        )
    if named[runtime.name].lock != install.fingerprint(runtime):
        raise Missing(
            f"has {runtime.name} by another lock than this version of neopack",
            where=str(bundle),
            hint=BY_SAME,
        )


def _copy(cursor: Cursor, file: BundledFile, to: Path, bundle: Path) -> None:
    digest, left = hashlib.sha256(), file.bytes
    with to.open("xb") as stream:
        while left:
            data = cursor.take(min(left, CHUNK))
            digest.update(data)
            stream.write(data)
            left -= len(data)
    if digest.hexdigest() != file.sha256:
        raise Malformed(
            f"its {file.name} is not the file whose hash the lock has",
            where=str(bundle),
            hint="copy the bundle again; if that does not help, do not trust where it came from",
        )


def _refuse_incomplete(runtime: Runtime, folder: Path, bundle: Path) -> None:
    """Each package must have a file that can be installed here."""
    distributions = [read_name(path.name) for path in folder.iterdir()]
    files = [each for each in distributions if each is not None]
    for need in requirements_of(runtime):
        of_it = [file for file in files if file.is_of(need)]
        if not any(file.fits(runtime.python, this_platform()) for file in of_it):
            why = " for this platform" if of_it else ""
            raise Missing(
                f"has no file of {need}{why}, which {runtime.name} needs",
                where=str(bundle),
                hint=BY_SAME,
            )
