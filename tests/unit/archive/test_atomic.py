"""Output files that exist whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from neopack.errors import OutputError
from neopack.outputs import atomic
from neopack.outputs.atomic import AtomicOutputs, refuse_full, refuse_unwritable, writing


@pytest.fixture(params=["nameless", "named"])
def system(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """Linux's files without a name, and what is done where there are none."""
    if request.param == "named":
        monkeypatch.delattr(os, "O_TMPFILE")
    return str(request.param)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_files_appear_together(tmp_path: Path, system: str) -> None:
    with AtomicOutputs(force=False) as outputs:
        outputs.open(tmp_path / "a").write(b"a")
        outputs.open(tmp_path / "b").write(b"b")
        assert not (tmp_path / "a").exists()
        assert len(names(tmp_path)) == (0 if system == "nameless" else 2)
    assert names(tmp_path) == ["a", "b"]
    assert (tmp_path / "b").read_bytes() == b"b"
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_an_error_leaves_nothing(tmp_path: Path, system: str, error: type[BaseException]) -> None:
    (tmp_path / "old").write_text("old")
    expected = OutputError if error is OSError else error

    def fail() -> None:
        with AtomicOutputs(force=True) as outputs:
            outputs.open(tmp_path / "old").write(b"new")
            outputs.open(tmp_path / "b").write(b"b")
            raise error

    with pytest.raises(expected):
        fail()
    assert names(tmp_path) == ["old"]
    assert (tmp_path / "old").read_text() == "old"


def test_what_exists_stays_unless_forced(tmp_path: Path, system: str) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(OutputError, match="already exists"), AtomicOutputs(force=False) as outputs:
        outputs.open(tmp_path / "a")
    with AtomicOutputs(force=True) as outputs:
        outputs.open(tmp_path / "a").write(b"new")
    assert (tmp_path / "a").read_text() == "new"
    assert names(tmp_path) == ["a"]


def test_what_appears_in_the_meantime_stays_and_takes_the_others_with_it(
    tmp_path: Path, system: str
) -> None:
    def be_late() -> None:
        with AtomicOutputs(force=False) as outputs:
            outputs.open(tmp_path / "a").write(b"a")
            outputs.open(tmp_path / "b").write(b"b")
            (tmp_path / "b").write_text("somebody else's")

    with pytest.raises(OutputError, match="already exists"):
        be_late()
    assert names(tmp_path) == ["b"]
    assert (tmp_path / "b").read_text() == "somebody else's"


def test_an_error_before_any_file_is_opened(tmp_path: Path) -> None:
    with pytest.raises(OutputError), AtomicOutputs(force=False):
        raise OSError(errno.EIO, "Input/output error")


@pytest.mark.parametrize("number", atomic.FULL)
def test_a_full_disk_is_said_with_what_to_do(tmp_path: Path, number: int) -> None:
    with pytest.raises(OutputError) as caught, writing(tmp_path / "a"):
        raise OSError(number, os.strerror(number))
    assert os.strerror(number) in caught.value.message
    assert "another disk" in caught.value.hint
    assert caught.value.where == str(tmp_path / "a")


def test_a_place_is_tried_without_a_trace(tmp_path: Path, system: str) -> None:
    refuse_unwritable(tmp_path / "a", force=False)
    assert not names(tmp_path)


def test_room_is_made_sure_of_without_a_trace(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    refuse_full(tmp_path / "a", tmp_path / "b", size=1000)
    assert names(tmp_path) == ["a"]
    with pytest.raises(OutputError, match="cannot be written"):
        refuse_full(tmp_path / "a", tmp_path / "b", size=1 << 60)
    assert names(tmp_path) == ["a"]
