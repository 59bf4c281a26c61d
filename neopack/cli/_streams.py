"""``-`` as a file: a model from standard input, an archive to standard output."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from neopack.cli._console import console
from neopack.errors import NeopackError, OutputError, UsageError

if TYPE_CHECKING:
    from neopack.formats.guard import Limits
    from neopack.values.finding import CheckedModels, CheckResult

__all__ = ["STREAM", "all_named", "delivered", "named", "received", "shown"]

STREAM = Path("-")
# a directory of its own holds what was received under one of these names, by its first bytes
NAMES = {True: "stdin.tar.gz", False: "stdin"}
GZIP = b"\x1f\x8b"
CHUNK = 1 << 20


@contextmanager
def received(path: Path, limits: "Limits", *, archive: bool = False) -> Iterator[Path]:
    """``path``, or for ``-`` a temporary file with what standard input holds.

    Raises ``UsageError`` where that is a terminal, empty, or not the ``archive`` it must be;
    ``LimitExceeded`` past ``archive_bytes``.
    """
    if path != STREAM:
        yield path
        return
    from neopack.outputs.staging import staging_directory

    if sys.stdin is None or sys.stdin.isatty():
        hint = "neopack check - < net.tar.gz"
        raise UsageError("- is standard input, which is a terminal", hint=hint)
    with staging_directory() as folder:
        received = _written(sys.stdin.buffer, folder, limits)
        if archive and not received.name.endswith(".gz"):
            hint = "name the file of a model: its suffix counts"
            raise UsageError("standard input is not a .tar.gz", hint=hint)
        try:
            yield received
        except NeopackError as error:
            error.where = error.where.replace(f"{folder}/", "")
            raise


def _written(stream: BinaryIO, folder: Path, limits: "Limits") -> Path:
    chunk = stream.read(CHUNK)
    if not chunk:
        raise UsageError("standard input is empty")
    path, size = folder / NAMES[chunk.startswith(GZIP)], 0
    try:
        with path.open("wb") as to:
            while chunk:
                size += len(chunk)
                limits.hold("archive_bytes", size, where="standard input")
                to.write(chunk)
                chunk = stream.read(CHUNK)
    except OSError as error:
        what = f"standard input cannot be kept: {error.strerror}"
        raise OutputError(what, where=str(folder.parent)) from None
    return path


def shown(path: str) -> str:
    """How a report names a file: without the temporary directory of what was received."""
    here = Path(path)
    mine = here.name in NAMES.values() and here.parent.name.startswith("neopack-")
    return here.name if mine else path


def named(result: "CheckResult") -> "CheckResult":
    return replace(result, path=shown(result.path))


def all_named(checked: "CheckedModels") -> "CheckedModels":
    return replace(
        checked,
        results=tuple(map(named, checked.results)),
        unchecked=tuple(replace(each, path=shown(each.path)) for each in checked.unchecked),
    )


@contextmanager
def delivered(output: Path, archives: int) -> Iterator[Path]:
    """``output``, or for ``-`` a temporary file that goes to standard output in the end.

    Raises ``UsageError`` where standard output is a terminal or has another use.
    """
    if output != STREAM:
        yield output
        return
    from neopack.outputs.staging import staging_directory

    _refuse(archives)
    with staging_directory() as folder:
        path = folder / "outputs" / "stdout.tar.gz"  # the folder itself is locked
        yield path
        with path.open("rb") as archive:
            console.stream(archive)


def _refuse(archives: int) -> None:
    file = "give -o NAME.tar.gz"
    if archives > 1:
        raise UsageError(f"-o - is for one archive, and there are {archives}", hint=file)
    if console.json:
        raise UsageError("-o - and --format json both write to standard output", hint=file)
    if sys.stdout.isatty():
        raise UsageError("-o - writes an archive to a terminal", hint=f"{file}, or a pipe")
