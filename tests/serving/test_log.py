"""The log of a server: what is in it, and a reader that stalls or leaves."""

from __future__ import annotations

import re
import signal
import socket
from pathlib import Path

import pytest
from scripts import with_script
from servers import ServerProcess

SCRIPT = """
def model_fn(model_dir): return None
def transform_fn(model, payload, content_type, accept):
    payload = payload if isinstance(payload, str) else payload.decode()
    if payload == "print": print("chatter", flush=True)
    if payload == "flood": print("\\n".join(20_000 * ["x" * 99]), flush=True)
    return payload, "text/plain"
"""


@pytest.fixture(scope="module")
def archive(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("talkative")
    return with_script(shelf / "cnn-ml_c5.tar.gz", folder / "net.tar.gz", SCRIPT)


def test_what_a_script_prints_is_in_the_log(archive: Path) -> None:
    with ServerProcess(archive, "--quiet") as server:
        assert server.ask("print", "text/plain").body == b"print"
        assert "chatter" in server.stop().splitlines()


def test_a_log_that_nobody_reads_holds_nobody_up(archive: Path) -> None:
    with ServerProcess(archive) as server:
        for _ in range(3):
            assert server.ask("flood", "text/plain").body == b"flood"
        assert server.ask("word", "text/plain").body == b"word"
        log = server.stop()
    assert re.search(
        r"^warning: \d+ lines of the log are missing here: nobody read", log, re.MULTILINE
    )
    assert log.count("x" * 99 + "\n") < 60_000
    assert {len(line) for line in log.splitlines() if line.startswith("x")} == {99}


@pytest.mark.parametrize("has_left", [False, True], ids=["stalled", "left"])
def test_a_server_whose_log_nobody_reads_goes_on_and_stops(archive: Path, has_left: bool) -> None:
    server = ServerProcess(archive)
    with server.process as process:
        if has_left:
            assert process.stderr is not None
            process.stderr.close()
        assert server.ask("flood", "text/plain").body == b"flood"
        server.kill_worker()
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0


def test_a_quiet_server_says_nothing_of_bad_clients(archive: Path) -> None:
    with ServerProcess(archive, "--quiet") as server:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", server.port), timeout=20) as raw:
                raw.sendall(b"what is this\r\n\r\n")
                assert raw.recv(99).startswith(b"HTTP/1.1 400 ")
    assert server.log == ""
