"""Several files of one folder that change together, whenever the process dies.

New files get hidden names, and so do the old ones, besides their own. Then the journal is
written: from there on the new set holds, and a process that finds the journal moves the new
files to their places. Where a place cannot be taken, the journal is turned and the old files go
back. It is removed last. A process that dies before the journal is there has changed nothing
that anybody reads.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from neopack.errors import Malformed, OutputError
from neopack.formats.codec import from_json, to_json
from neopack.formats.file_names import require_file_name
from neopack.outputs.hidden import JOURNAL, alone_in, create, hidden, name_file, second_name

__all__ = ["Complete", "journal_of", "settle", "settle_alone", "take_places"]

SCHEMA = 1
LARGEST = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Complete:
    """A file that is written and waits for its name."""

    path: Path
    temporary: Path | None
    stream: BinaryIO


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The file ``inode`` comes to ``name``, where there was none if ``fresh``."""

    name: str
    inode: int
    fresh: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """``back``: the old files return to their names."""

    token: str
    changes: tuple[Change, ...]
    back: bool = False
    schema: int = SCHEMA


def take_places(files: Sequence[Complete], main: Path, token: str, *, force: bool) -> None:
    """Give each of ``files`` its name, all or none. The folder must be locked and settled."""
    if len(files) == 1:
        _take_place(files[0], token, force=force)
        return
    try:
        changes = tuple(_prepared(file, token, force=force) for file in files)
        journal = Journal(token=token, changes=changes)
        _write(main, journal)
    except BaseException:
        journal_of(main).unlink(missing_ok=True)
        _drop_hidden(files, token)
        raise
    _follow(main, journal)


def _take_place(file: Complete, token: str, *, force: bool) -> None:
    """One name changes in one step."""
    if not force:
        name_file(file.stream, file.temporary, file.path)
        return
    new = _new(file.path.parent, file.path.name, token)
    name_file(file.stream, file.temporary, new)
    try:
        new.replace(file.path)
    finally:
        new.unlink(missing_ok=True)


def settle(main: Path) -> None:
    """Finish what a process that died had begun for the set of ``main``; wait for one that lives.

    Raises ``OutputError`` where the folder cannot be written: the set is not whole.
    """
    if not os.path.lexists(journal_of(main)):
        return
    try:
        with alone_in(main.parent):
            settle_alone(main)
    except OSError as error:
        raise OutputError(
            f"was being replaced when neopack was ended: {error.strerror}",
            where=str(main),
            hint="run neopack where its folder can be written, which puts it right",
        ) from error


def settle_alone(main: Path) -> None:
    """As ``settle``, in a folder that is locked already."""
    journal = _read(main)
    if journal is None:
        return
    if journal.back:
        _back(main, journal)
        return
    with contextlib.suppress(FileExistsError):  # somebody's since: then the old set holds
        _follow(main, journal)


def journal_of(main: Path) -> Path:
    return main.with_name(f".{main.name}{JOURNAL}")


def _new(folder: Path, name: str, token: str) -> Path:
    return hidden(folder / name, f"{token[:11]}n")


def _old(folder: Path, name: str, token: str) -> Path:
    return hidden(folder / name, f"{token[:11]}o")


def _prepared(file: Complete, token: str, *, force: bool) -> Change:
    folder, name = file.path.parent, file.path.name
    fresh = not os.path.lexists(file.path)
    if not (fresh or force):
        raise FileExistsError(file.path)
    name_file(file.stream, file.temporary, _new(folder, name, token))
    if not fresh:
        second_name(file.path, _old(folder, name, token))
    return Change(name=name, inode=os.fstat(file.stream.fileno()).st_ino, fresh=fresh)


def _write(main: Path, journal: Journal) -> None:
    """Whole or not at all, over one that is there."""
    place = journal_of(main)
    temporary, stream = create(place, journal.token)
    with stream:
        stream.write(json.dumps(to_json(journal)).encode())
        stream.flush()
        os.fsync(stream.fileno())
        if journal.back:
            turned = hidden(place, f"{journal.token[:11]}b")
            name_file(stream, temporary, turned)
            turned.replace(place)
        else:
            name_file(stream, temporary, place)
    if temporary is not None:
        temporary.unlink()
    _sync(main.parent)


def _read(main: Path) -> Journal | None:
    """None where another process was done with it in the meantime."""
    place = journal_of(main)
    try:
        handle = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    with os.fdopen(handle, "rb") as stream:
        data = stream.read(LARGEST)
    try:
        journal = from_json(Journal, json.loads(data), where=str(place))
    except (ValueError, RecursionError) as error:
        raise Malformed(
            f"is not a journal of neopack: {error}",
            where=str(place),
            hint="remove it if neopack did not write it",
        ) from None
    for name in (journal.token, *(change.name for change in journal.changes)):
        require_file_name(name, str(place))
    return journal


def _follow(main: Path, journal: Journal) -> None:
    try:
        _move(main, journal)
    except BaseException:
        _back(main, replace(journal, back=True))
        raise
    _finish(main, journal)


def _move(main: Path, journal: Journal) -> None:
    """What was moved already is passed over."""
    for change in journal.changes:
        new, path = _new(main.parent, change.name, journal.token), main.with_name(change.name)
        if not os.path.lexists(new):
            continue
        if not change.fresh:
            new.replace(path)
            continue
        if not _is(path, change.inode):
            os.link(new, path)
        new.unlink()


def _back(main: Path, journal: Journal) -> None:
    _write(main, journal)
    for change in journal.changes:
        old, path = _old(main.parent, change.name, journal.token), main.with_name(change.name)
        if change.fresh and _is(path, change.inode):
            path.unlink()
        elif os.path.lexists(old):
            old.replace(path)
    _finish(main, journal)


def _finish(main: Path, journal: Journal) -> None:
    _sync(main.parent)
    journal_of(main).unlink(missing_ok=True)
    for change in journal.changes:
        for hidden_name in (_new, _old):
            hidden_name(main.parent, change.name, journal.token).unlink(missing_ok=True)


def _drop_hidden(files: Sequence[Complete], token: str) -> None:
    for file in files:
        for hidden_name in (_new, _old):
            with contextlib.suppress(OSError):
                hidden_name(file.path.parent, file.path.name, token).unlink(missing_ok=True)


def _is(path: Path, inode: int) -> bool:
    with contextlib.suppress(OSError):
        return path.lstat().st_ino == inode
    return False


def _sync(folder: Path) -> None:
    """The names themselves are on disk; some file systems do not sync a folder."""
    handle: Any = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
