"""Archives that attack: one line, the exit code, nothing left on disk."""

from __future__ import annotations

import tarfile
from pathlib import Path

import pytest
from desk import COMMANDS, Call, Desk
from hostile import bomb, entry, pack

UNSAFE = {
    "parent": (entry("../evil.pth"), "NEO-AR-004", "leads outside"),
    "deep parent": (entry("a/../../evil.pth"), "NEO-AR-004", "leads outside"),
    "absolute": (entry("/etc/evil"), "NEO-AR-004", "leads outside"),
    "symlink": (entry("link", tarfile.SYMTYPE, "/etc/passwd"), "NEO-AR-005", "symlink"),
    "hardlink": (entry("link", tarfile.LNKTYPE, "model.pth"), "NEO-AR-005", "hardlink"),
    "device": (entry("null", tarfile.CHRTYPE), "NEO-AR-006", "device"),
    "fifo": (entry("pipe", tarfile.FIFOTYPE), "NEO-AR-006", "fifo"),
    "duplicate": (entry("notes.txt"), "NEO-AR-007", "twice"),
}


CONFIG = '{"input0":[1,3,8,8]}'


@pytest.fixture
def model(fixtures: Path) -> bytes:
    return (fixtures / "pytorch/cnn-traced.pt").read_bytes()


@pytest.mark.parametrize("case", UNSAFE)
def test_check_finds_what_is_unsafe(neopack: Call, desk: Desk, model: bytes, case: str) -> None:
    made, rule, _ = UNSAFE[case]
    pack(desk.path / "a.tar.gz", made, model=model)
    before = desk.seen()
    answer = neopack("check", "a.tar.gz", "-t", "ml_c5")
    assert answer.code == 1
    assert rule in answer.out
    assert not answer.err
    assert desk.seen() == before


@pytest.mark.parametrize("root", ["/", "./", "."])
def test_the_directory_that_it_is_unpacked_in_is_no_danger(
    neopack: Call, desk: Desk, model: bytes, root: str
) -> None:
    """The SageMaker SDK packs a member ``/`` (source directories that it repacks)."""
    pack(desk.path / "a.tar.gz", entry(root, tarfile.DIRTYPE), model=model)
    answer = neopack("check", "a.tar.gz", "-t", "ml_c5", "--data-input-config", CONFIG)
    assert "NEO-AR-004" not in answer.out
    assert answer.code == 0


def test_zeros_after_the_gzip_stream_are_padding(neopack: Call, desk: Desk, model: bytes) -> None:
    pack(desk.path / "a.tar.gz", entry("notes.txt"), model=model)
    path = desk.path / "a.tar.gz"
    path.write_bytes(path.read_bytes() + bytes(700_000))
    assert "after the end" not in neopack("check", "a.tar.gz", "-t", "ml_c5").err
    path.write_bytes(path.read_bytes() + b"more")
    assert "data after the end of the gzip stream" in neopack("check", path, "-t", "ml_c5").err


@pytest.mark.parametrize("command", ["run", "compile"])
@pytest.mark.parametrize("case", UNSAFE)
def test_what_is_unsafe_is_not_run(
    refused: Call, desk: Desk, model: bytes, case: str, command: str
) -> None:
    made, _, words = UNSAFE[case]
    pack(desk.path / "a.tar.gz", made, model=model)
    refused(1, ("a.tar.gz", words), command, "a.tar.gz", *COMMANDS[command])


@pytest.mark.parametrize("command", ["inspect", "check", "run"])
def test_ten_thousand_members(refused: Call, desk: Desk, command: str) -> None:
    pack(desk.path / "many.tar.gz", *(entry(f"file{n}") for n in range(10_000)))
    words = ("many.tar.gz", "members 4097 over the limit", "--limit members=N")
    refused(1, words, command, "many.tar.gz", *COMMANDS[command])


def test_a_raised_limit_lets_them_in(neopack: Call, desk: Desk) -> None:
    pack(desk.path / "many.tar.gz", *(entry(f"file{n}") for n in range(5_000)))
    answer = neopack("inspect", "many.tar.gz", "--limit", "members=5000")
    assert answer.code == 0
    assert "file4999" in answer.out


@pytest.mark.parametrize("command", ["inspect", "check", "compile"])
@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (("ratio_from=1000000", "ratio=50"), ("50 times its size", "--limit ratio=N")),
        (("content_bytes=3000000",), ("content bytes", "--limit content_bytes=N")),
        (("archive_bytes=1000",), ("archive bytes", "--limit archive_bytes=N")),
    ],
)
def test_a_bomb(
    refused: Call,
    desk: Desk,
    command: str,
    limits: tuple[str, ...],
    words: tuple[str, ...],
) -> None:
    bomb(desk.path / "bomb.tar.gz", 8 << 20)
    given = [part for limit in limits for part in ("--limit", limit)]
    refused(1, ("bomb.tar.gz", *words), command, "bomb.tar.gz", *COMMANDS[command], *given)


def test_a_bomb_by_the_limits_that_hold_unasked(refused: Call, desk: Desk) -> None:
    bomb(desk.path / "bomb.tar.gz", 272 << 20)
    refused(1, "200 times its size", "check", "bomb.tar.gz", "-t", "ml_c5")


def test_a_name_with_escape_codes_is_shown_without_them(
    neopack: Call, desk: Desk, model: bytes
) -> None:
    pack(desk.path / "a.tar.gz", entry("\x1b[31mred\udcff"), model=model)
    answer = neopack("inspect", "a.tar.gz")
    assert answer.code == 0
    assert r"\x1b[31mred\udcff" in answer.out
