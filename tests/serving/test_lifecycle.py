"""What happens to a server: scripts that fail, workers that end, signals, and bad clients."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import hashlib
import http.client
import itertools
import json
import os
import resource
import select
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from scripts import with_script
from servers import JSON, ServerProcess

from neopack.loadtests.target import preferred_type
from neopack.serving.bodies import NPY
from neopack.serving.http.app import ServingApp
from neopack.serving.http.desk import Desk
from neopack.serving.http.observed import Observer
from neopack.serving.http.protocol import PROBE, TimedProtocol
from neopack.serving.loaded import LoadedContainer

SCRIPT = """
import os, time
def model_fn(model_dir): return None
def transform_fn(model, payload, content_type, accept, context):
    payload = payload if isinstance(payload, str) else payload.decode()
    if payload == "raise": raise KeyError("label")
    if payload == "hang": time.sleep(60)
    if payload == "exit": os._exit(3)
    if payload == "hoard": bytearray(1 << 50)
    if payload == "print": print("chatter", flush=True)
    if payload == "slow": time.sleep(0.2)
    if payload == "slower": time.sleep(1.0)
    if payload == "slowest": time.sleep(3.0)
    if payload.startswith("fork") and not os.fork():
        payload = "the copy of " + payload
    told = context.get_request_header(0, "X-Amzn-SageMaker-Custom-Attributes")
    context.set_response_header(0, "X-Amzn-SageMaker-Custom-Attributes", "from " + str(told))
    return payload, "text/plain"
"""
ATTRIBUTES = "x-amzn-sagemaker-custom-attributes"


@pytest.fixture(scope="module")
def archive(shelf: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("scripted")
    return with_script(shelf / "cnn-ml_c5.tar.gz", folder / "net.tar.gz", SCRIPT)


@pytest.fixture(scope="module")
def scripted(archive: Path) -> Iterator[ServerProcess]:
    with ServerProcess(archive, SAGEMAKER_MODEL_SERVER_TIMEOUT="2") as server:
        yield server


def test_what_is_served_is_named_by_digest(archive: Path, scripted: ServerProcess) -> None:
    digests = [each["sha256"] for each in scripted.subjects]
    assert digests == [hashlib.sha256(archive.read_bytes()).hexdigest()]


def test_a_script_gets_attributes_and_gives_them(scripted: ServerProcess) -> None:
    reply = scripted.ask("word", "text/plain", X_Amzn_SageMaker_Custom_Attributes="here")
    assert (reply.status, reply.body, reply.headers["content-type"]) == (
        200, b"word", "text/plain",
    )  # fmt: skip
    assert reply.headers[ATTRIBUTES] == "from here"


DIED = b'"Worker died."'


def test_a_load_test_sends_a_script_what_most_take(archive: Path, shelf: Path) -> None:
    plain = str(shelf / "cnn-ml_c5.tar.gz")
    assert preferred_type([plain]) == NPY
    assert preferred_type([plain, str(archive)]) == JSON


FAILS = {"raise": b"'label'\nTraceback", "exit": DIED, "hang": DIED, "hoard": b"MemoryError"}


@pytest.mark.parametrize("word", FAILS)
def test_a_script_that_fails_is_answered_for(word: str, scripted: ServerProcess) -> None:
    reply = scripted.ask(word, "text/plain")
    assert reply.status == 500
    assert FAILS[word] in reply.body
    assert b"neopack/" not in reply.body
    assert scripted.ask("print", "text/plain").body == b"print"


def test_the_copy_that_a_script_forked_answers_nobody(scripted: ServerProcess) -> None:
    for number in range(20):
        word = f"fork {number}"
        assert scripted.ask(word, "text/plain").body == word.encode()


def test_ping_answers_while_a_script_hangs(scripted: ServerProcess) -> None:
    hanging = threading.Thread(target=scripted.ask, args=("hang", "text/plain"))
    hanging.start()
    time.sleep(0.2)
    start = time.monotonic()
    assert scripted.ask(path="/ping").status == 200
    assert hanging.is_alive(), time.monotonic() - start
    hanging.join()


def test_a_queued_request_whose_client_left_is_not_computed(archive: Path) -> None:
    with ServerProcess(archive) as server:
        thread = threading.Thread(target=server.ask, args=("slowest", "text/plain"))
        thread.start()
        time.sleep(0.2)
        with socket.create_connection(("127.0.0.1", server.port)) as raw:
            raw.sendall(POST % (b"1.1", 4) + b"hang")
            time.sleep(0.1)
        thread.join()
        assert server.ask("word", "text/plain").status == 200
    assert statuses(server) == Counter({200: 2, 499: 1})


def statuses(server: ServerProcess) -> Counter[int]:
    """Of the requests in its log, which is there when it has ended."""
    return Counter(
        json.loads(line)["status"] for line in server.log.splitlines() if line[0] == "{"
    )


POST = b"POST /invocations HTTP/%s\r\nContent-Length: %d\r\n\r\n"


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
@pytest.mark.parametrize("word", [b"word", b"slower"])
def test_a_client_that_sends_no_more_is_answered(
    word: bytes, version: bytes, scripted: ServerProcess
) -> None:
    """After one that takes long, so that the second waits in the queue."""
    slow = threading.Thread(target=scripted.ask, args=("slower", "text/plain"))
    slow.start()
    with socket.create_connection(("127.0.0.1", scripted.port), timeout=20) as raw:
        raw.sendall(POST % (version, len(word)) + word)
        raw.shutdown(socket.SHUT_WR)
        answer = read_to_the_end(raw)
    slow.join()
    if version == b"1.1":
        answer = answer.replace(PROBE, b"")
    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b"\r\n\r\n" + word)


def test_pipelined_requests_of_a_client_that_sends_no_more_are_answered(
    scripted: ServerProcess,
) -> None:
    words = [b"slower", b"word", b"slow"]
    with socket.create_connection(("127.0.0.1", scripted.port), timeout=20) as raw:
        raw.sendall(b"".join(POST % (b"1.1", len(word)) + word for word in words))
        raw.shutdown(socket.SHUT_WR)
        answers = read_to_the_end(raw).replace(PROBE, b"").split(b"HTTP/1.1 200 OK\r\n")
    assert [answer.rpartition(b"\r\n\r\n")[2] for answer in answers[1:]] == words


def test_all_requests_in_flight_are_answered_at_the_end(archive: Path) -> None:
    """16 at once, half of them by each worker; from SIGTERM on nobody else is let in."""
    with contextlib.ExitStack() as stack, ServerProcess(archive, "--workers", "2") as server:
        place = ("127.0.0.1", server.port)
        callers = [
            stack.enter_context(socket.create_connection(place, timeout=20)) for _ in range(16)
        ]
        for caller in callers:
            caller.sendall(b"POST /invocations HTTP/1.1\r\nContent-Length: 4\r\n\r\nslow")
        assert (
            server.ask(path="/ping").status == 200
        )  # who comes later is answered: all are inside
        server.process.send_signal(signal.SIGTERM)
        until(lambda: is_refused(server.port))
        assert len(select.select(callers, [], [], 0)[0]) < len(callers)
        answers = [read_to_the_end(caller) for caller in callers]
        lines = [json.loads(line) for line in server.stop().splitlines() if line.startswith("{")]
    assert all(a.startswith(b"HTTP/1.1 200 ") and a.endswith(b"slow") for a in answers), answers
    assert server.process.returncode == 0
    answered = Counter(line["pid"] for line in lines if line["path"] == "/invocations")
    assert answered == dict.fromkeys(server.workers, 8)
    with pytest.raises(ProcessLookupError):
        os.kill(server.workers[0], 0)


def test_callers_that_keep_their_connection_lose_no_request(shelf: Path) -> None:
    """Until the server says that it closes the connection, each request is answered."""
    started = threading.Barrier(9)

    def call() -> str:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
        for number in itertools.count():
            connection.request("GET", "/ping")
            answer = connection.getresponse()
            answer.read()
            if number == 20:
                started.wait(20)
            if answer.will_close:
                return f"{answer.status}"
        raise AssertionError

    with ServerProcess(shelf / "cnn-ml_c5.tar.gz") as server, ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(call) for _ in range(8)]
        started.wait(20)
        server.process.send_signal(signal.SIGTERM)
        assert [each.result() for each in calls] == ["200"] * 8


def read_to_the_end(connection: socket.socket) -> bytes:
    return b"".join(iter(lambda: connection.recv(1 << 16), b""))


def until(is_so: Callable[[], bool]) -> None:
    waited = time.monotonic()
    while not is_so():
        assert time.monotonic() - waited < 20
        time.sleep(0.02)


def is_refused(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == errno.ECONNREFUSED


def test_a_worker_that_dies_is_replaced(shelf: Path) -> None:
    with ServerProcess(shelf / "cnn-ml_c5.tar.gz") as server:
        server.kill_worker()
    assert f"worker {server.workers[0]} was ended by SIGKILL, as the system does" in server.log
    assert "; another starts in" in server.log


def test_what_cannot_be_served_is_refused(shelf: Path, tmp_path: Path) -> None:
    (tmp_path / "a.tar.gz").write_bytes(b"text")
    with pytest.raises(AssertionError, match=r"error: .*a\.tar\.gz"):
        ServerProcess(tmp_path / "a.tar.gz")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        with pytest.raises(AssertionError, match=f"cannot listen on 127.0.0.1 port {port}: "):
            ServerProcess(shelf / "cnn-ml_c5.tar.gz", "--port", port)
    with pytest.raises(AssertionError, match="SAGEMAKER_BIND_TO_PORT is 'many'"):
        ServerProcess(shelf / "cnn-ml_c5.tar.gz", SAGEMAKER_BIND_TO_PORT="many")


def ask_once(place: socket.socket) -> None:
    place.sendall(b"GET /ping HTTP/1.1\r\n\r\n")


def test_the_limit_of_open_files_is_raised(archive: Path) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    with (
        ServerProcess(archive, open_files=(100, hard)) as server,
        contextlib.ExitStack() as stack,
    ):
        place = ("127.0.0.1", server.port)
        callers = [
            stack.enter_context(socket.create_connection(place, timeout=20)) for _ in range(200)
        ]
        for caller in callers:
            ask_once(caller)
        assert all(caller.recv(99).startswith(b"HTTP/1.1 200") for caller in callers)
    assert "files open" not in server.log


def test_a_low_limit_of_open_files_is_told(archive: Path) -> None:
    with ServerProcess(archive, open_files=(100, 500)) as server:
        assert server.ask(path="/ping").status == 200
    assert "warning: a worker may have 500 files open, too few for 2048" in server.log


# --- clients that are slow ------------------------------------------------------------------


class Hasty(TimedProtocol):
    receiving = reading = 0.3


async def large(scope: Any, receive: Any, send: Any) -> None:
    """An answer that does not fit into the buffers between it and its reader."""
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"x" * (64 << 20)})


@contextlib.contextmanager
def served(app: Any, protocol: type[TimedProtocol], **more: Any) -> Iterator[uvicorn.Server]:
    config = uvicorn.Config(app, http=protocol, lifespan="off", log_config=None, ws="none", **more)
    server = uvicorn.Server(config)
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            until(lambda: server.started)
            yield server
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="module")
def hasty() -> Iterator[uvicorn.Server]:
    """A server that is patient for 0.3 s."""
    with served(large, Hasty) as server:
        yield server


def connected(server: uvicorn.Server) -> socket.socket:
    return socket.create_connection(server.servers[0].sockets[0].getsockname(), timeout=20)


SLOW = {
    "nothing": b"",
    "half a header": b"POST / HTTP/1.1\r\nHost: x\r\nX-A",
    "half a body": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n1",
}


@pytest.mark.parametrize("name", SLOW)
def test_a_client_that_sends_slowly_is_cut_off(name: str, hasty: uvicorn.Server) -> None:
    with connected(hasty) as raw:
        raw.sendall(SLOW[name])
        with contextlib.suppress(ConnectionResetError):  # an orderly end will do as well
            assert raw.recv(1 << 16) == b""


def test_a_client_that_reads_slowly_is_cut_off(hasty: uvicorn.Server) -> None:
    with connected(hasty) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        waited = time.monotonic()
        while hasty.server_state.total_requests == 0 or hasty.server_state.connections:
            assert time.monotonic() - waited < 20
            time.sleep(0.05)


def test_endless_headers_are_refused(hasty: uvicorn.Server) -> None:
    with connected(hasty) as raw:
        raw.sendall(b"GET / HTTP/1.1\r\n" + b"X: " + b"a" * 70_000 + b"\r\n\r\n")
        assert raw.recv(99).startswith(b"HTTP/1.1 400 ")


def test_a_request_that_never_arrives_is_refused_at_the_end(
    shelf: Path, caplog: pytest.LogCaptureFixture
) -> None:
    model = LoadedContainer.load(shelf / "cnn-ml_c5.tar.gz", None)
    desk = Desk(model, threads=1, answering=None)
    app = ServingApp(desk, Observer(), hung=lambda: None)
    with (
        served(app, TimedProtocol, timeout_graceful_shutdown=1) as server,
        connected(server) as raw,
    ):
        raw.sendall(POST % (b"1.1", 99) + b"1")
        until(lambda: bool(server.server_state.tasks))
        server.should_exit = True
        answer = read_to_the_end(raw)
    assert answer.startswith(b"HTTP/1.1 503 ")
    assert b"The server is stopping" in answer
    assert "Traceback" not in caplog.text
