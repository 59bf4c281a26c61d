"""Connections go to the worker that has the fewest, and never to one that does not take them."""

from __future__ import annotations

import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest

from neopack.serving.http import reception
from neopack.serving.http.reception import GONE, READY, Reception


@pytest.fixture
def desk(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Reception, socket.socket]]:
    monkeypatch.setattr(reception, "PATIENCE", 0.1)
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listening:
        opened = Reception(listening)
        opened.open()
        yield opened, listening
        opened.close()


def worker(desk: Reception) -> socket.socket:
    channel = desk.expect()
    channel.settimeout(20)
    channel.send(READY)
    return channel


def handed(channel: socket.socket) -> socket.socket:
    said, descriptors, _, _ = socket.recv_fds(channel, 1, 1)
    assert said
    return socket.socket(fileno=descriptors[0])


def test_the_one_with_the_fewest_gets_the_next(
    desk: tuple[Reception, socket.socket],
) -> None:
    opened, listening = desk
    with worker(opened) as one, worker(opened) as two:
        ours = [socket.create_connection(listening.getsockname()) for _ in range(4)]
        taken = [handed(one), handed(one), handed(two), handed(two)]
        two.send(GONE)
        ours.append(socket.create_connection(listening.getsockname()))
        taken.append(handed(two))
    for each in (*ours, *taken):
        each.close()


def test_one_that_does_not_take_its_connections_gets_no_more(
    desk: tuple[Reception, socket.socket],
) -> None:
    opened, listening = desk
    with worker(opened) as stuck:
        ours = [socket.create_connection(listening.getsockname()) for _ in range(400)]
        with worker(opened) as other, handed(other):
            handed(stuck).close()  # those that it was sent are its own
    for each in ours:
        each.close()


class Backwards(selectors.DefaultSelector):
    """Tells of connections before it tells of the end of a worker."""

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        return super().select(timeout)[::-1]


def test_a_worker_that_ends_as_a_connection_arrives_is_survived(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selectors, "DefaultSelector", Backwards)
    with socket.create_server(("127.0.0.1", 0)) as listening:
        opened = Reception(listening)
        worker(opened).close()
        with socket.create_connection(listening.getsockname()) as first:
            opened.open()
            assert not first.recv(1)
        with worker(opened) as other, socket.create_connection(listening.getsockname()):
            handed(other).close()
        opened.close()


# as somebody whom the limit of descriptors on their way binds
CROWDED = """
import encodings.idna, os, resource, socket  # all before it may read no file
from neopack.serving.http import reception
from neopack.serving.http.reception import READY, Reception

reception.PATIENCE = 20.0
if os.geteuid() == 0:
    os.setgid(65534)
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
with socket.create_server(("127.0.0.1", 0)) as listening:
    desk = Reception(listening)
    desk.open()
    channel = desk.expect()
    channel.settimeout(20)
    channel.send(READY)
    one, two = socket.socketpair()
    try:
        for _ in range(100):
            socket.send_fds(one, [b"x"], [0])
        raise SystemExit("there is no such limit here")
    except OSError as error:
        print(error.strerror)
    client = socket.create_connection(listening.getsockname())
    channel.settimeout(0.2)
    try:
        channel.recv(1)
    except TimeoutError:
        print("waits")
    one.close()
    two.close()
    channel.settimeout(20)
    print("descriptors:", len(socket.recv_fds(channel, 1, 1)[1]))
    desk.close()
"""


def test_a_worker_keeps_its_place_while_too_many_descriptors_are_on_their_way() -> None:
    done = subprocess.run(
        [sys.executable, "-c", CROWDED], capture_output=True, text=True, timeout=60, check=False
    )
    if "no such limit" in done.stderr:
        pytest.skip("descriptors on their way are not limited here")
    assert done.stdout.splitlines()[1:] == ["waits", "descriptors: 1"], done.stderr
