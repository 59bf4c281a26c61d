"""``neopack serve`` from outside: what clients send, and what they get."""

from __future__ import annotations

import io
import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from servers import JSON, ServerProcess

from neopack.goldens.cases import load_goldens
from neopack.serving.bodies import LARGEST_BODY

NPY, NPZ = "application/x-npy", "application/x-npz"


@pytest.fixture(scope="module")
def server(shelf: Path) -> Iterator[ServerProcess]:
    with ServerProcess(shelf / "cnn-ml_c5.tar.gz", "--workers", "2", "--threads", "2") as server:
        yield server


@pytest.fixture(scope="module")
def golden(shelf: Path) -> tuple[np.ndarray, np.ndarray]:
    inputs, outputs = load_goldens(shelf / "cnn.golden.npz")
    return next(iter(inputs.values())), next(iter(outputs.values()))


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def npz(**arrays: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.savez_compressed(stream, **arrays)  # type: ignore[arg-type]
    return stream.getvalue()


def lists(array: np.ndarray) -> str:
    return json.dumps(array.tolist())


SENT: dict[str, tuple[Callable[[np.ndarray], bytes | str], str]] = {
    "JSON": (lambda a: lists(a), JSON),
    "JSON by name": (lambda a: json.dumps({"inputs": {"image": a.tolist()}}), JSON),
    "no content type": (lambda a: lists(a), ""),
    "parameters": (lambda a: lists(a), "Application/JSON; charset=utf-8"),
    "JSON lines": (lambda a: "".join(lists(r) + "\n" for r in a), "application/jsonlines"),
    "npy": (npy, NPY),
    "npy by columns": (lambda a: npy(np.asfortranarray(a)), NPY),
    "npy of doubles": (lambda a: npy(a.astype(np.float64)), NPY),
    "npz": (lambda a: npz(image=a), NPZ),
    "raw": (lambda a: a.tobytes(), "application/octet-stream"),
}


@pytest.mark.parametrize("name", SENT)
def test_every_content_type_is_computed(
    name: str, server: ServerProcess, golden: tuple[np.ndarray, np.ndarray]
) -> None:
    encode, kind = SENT[name]
    reply = server.ask(encode(golden[0]), kind)
    assert (reply.status, reply.headers["content-type"]) == (200, JSON), reply.body
    np.testing.assert_allclose(reply.json(), golden[1], rtol=1e-3, atol=1e-5)


def test_every_accepted_type_is_rendered(
    server: ServerProcess, golden: tuple[np.ndarray, np.ndarray]
) -> None:
    def asked(accept: str) -> bytes:
        reply = server.ask(npy(golden[0]), NPY, Accept=accept)
        assert (reply.status, reply.headers["content-type"]) == (200, accept)
        return reply.body

    shown = [
        np.load(io.BytesIO(asked(NPY))),
        next(iter(np.load(io.BytesIO(asked(NPZ))).values())),
        np.loadtxt(io.StringIO(asked("text/csv").decode()), delimiter=",", ndmin=2),
        np.array([json.loads(line) for line in asked("application/jsonlines").splitlines()]),
    ]
    for array in shown:
        np.testing.assert_allclose(array, golden[1], rtol=1e-3, atol=1e-5)
    assert server.ask(npy(golden[0]), NPY, Accept="image/png").status == 406


SHAPE = (1, 3, 8, 8)
REFUSED: dict[str, tuple[bytes | str, str, int, str]] = {
    "empty": (b"", JSON, 400, "is not application/json"),
    "no JSON": (b"[1,", JSON, 400, "is not application/json"),
    "deep": (b"[" * 5000, JSON, 400, "is not application/json"),
    "text for numbers": (b'[["a"]]', JSON, 400, "could not convert"),
    "too large": (lists(np.full(SHAPE, 1e300)), JSON, 400, "values that float32 cannot hold"),
    "too large in npy": (npy(np.full(SHAPE, -1e39)), NPY, 400, "values that float32 cannot hold"),
    "ragged": (b"[[1], [2, 3]]", JSON, 400, "inhomogeneous"),
    "another shape": (b"[[1, 2]]", JSON, 400, "has shape [1, 2], not [1, 3, 8, 8]"),
    "another name": (b'{"picture": [1]}', JSON, 400, "is not an input of the model"),
    "objects": (npy(np.array([{}])), NPY, 400, "not an array of numbers"),
    "cut": (npy(np.zeros(SHAPE))[:-8], NPY, 400, "are not shape"),
    "a header that lies": (npy(np.zeros((9,))).replace(b"(9,)", b"(1<"), NPY, 400, "x-npy"),
    "a bomb": (npz(image=np.zeros((1 << 26,))), NPZ, 400, "unpacks to more than"),
    "half a float": (b"abc", "application/octet-stream", 400, "octet-stream"),
    "an image": (b"\xff\xd8", "image/jpeg", 415, "a script in code/ can take it"),
    "7 MB": (b" " * (LARGEST_BODY + 1), JSON, 413, "longer than 6291456 bytes"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_wrong_with_a_request_is_said(name: str, server: ServerProcess) -> None:
    data, kind, status, words = REFUSED[name]
    reply = server.ask(data, kind)
    assert reply.status == status
    assert words in reply.body.decode()
    assert b"\n" not in reply.body
    assert b"Traceback" not in reply.body


def test_a_long_body_of_unknown_length_is_refused(server: ServerProcess) -> None:
    parts = (b" " * (1 << 20) for _ in range(7))
    assert server.ask(parts).status == 413


def test_a_body_in_parts_is_one_request(
    server: ServerProcess, golden: tuple[np.ndarray, np.ndarray]
) -> None:
    data = npy(golden[0])
    whole = server.ask(data, NPY)
    parts = (data[at : at + 100] for at in range(0, len(data), 100))
    assert server.ask(parts, NPY).body == whole.body


def test_nan_is_a_number(server: ServerProcess) -> None:
    assert server.ask(lists(np.full(SHAPE, np.nan))).status == 200


def test_other_paths_and_methods_are_refused(server: ServerProcess) -> None:
    assert server.ask(path="/ping").status == 200
    assert server.ask(path="/models").json()["type"] == "ResourceNotFoundException"
    with socket.create_connection(("127.0.0.1", server.port)) as raw:
        raw.sendall(b"GET /invocations HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert raw.recv(99).startswith(b"HTTP/1.1 405 ")


def test_a_request_has_an_id_and_is_counted(server: ServerProcess) -> None:
    assert server.ask(path="/ping", x_request_id="mine").headers["x-request-id"] == "mine"
    assert len(server.ask(path="/ping", x_request_id="\xff").headers["x-request-id"]) == 32
    counts = [server.ask(path="/metrics").body.decode() for _ in range(4)]
    lines = [line for line in counts[-1].splitlines() if 'path="/ping"' in line]
    assert lines
    assert float(lines[0].split()[-1]) >= 2
    assert "neopack_requests_queued 0.0" in counts[-1]
