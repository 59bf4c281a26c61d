"""Whether ``neopack loadtest --rate`` reports the latencies that another way of counting does.

Goal: at 80 % of a server's capacity, p99 within 10 % of what a generator of its own accounting
measures on the same server, as wrk2 counts: from the moment a request was due. It shares nothing
with the client that it judges: threads with blocking sockets, and all latencies in a list. Both
load the server in turns. It is loaded as it is, and where it stops for 200 ms now and then: there
a client that counts from the moment of sending leaves nearly all of the waiting out.
"""

from __future__ import annotations

import re
import socket
import statistics
import tempfile
import threading
import time
from multiprocessing import get_context
from pathlib import Path
from urllib.parse import urlsplit

from loadtest import served

import neopack

LOAD, GOAL = 0.8, 0.1
# the warm-up has a stop in it: then the connections of those who wait are open already on both
# sides. The server answers a new one after those that it has
ROUNDS, SECONDS, WARM_UP = 5, 5.0, 2.5
# more than ever wait at once, so that none is due while all are busy
CONNECTIONS = 128
BODY = b"[[1, 2, 3]]"
REQUEST = (
    b"POST %s HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
    b"Content-Length: %d\r\n\r\n%s"
)
LENGTH = re.compile(rb"(?i)content-length: *(\d+)")
APP = """
import time
count = 0
async def app(scope, receive, send):
    global count
    while (await receive()).get("more_body"): pass
    count += 1
    stops = scope["path"] == "/stops" and count % 500 == 0
    end = time.perf_counter() + (0.2 if stops else 0.002)
    while time.perf_counter() < end: pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"[]"})
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as name, served(Path(name), APP) as url:
        payload = Path(name, "one.json")
        payload.write_bytes(BODY)
        for path in ("/steady", "/stops"):
            judge(f"{url}{path}", payload)


def judge(url: str, payload: Path) -> None:
    print(urlsplit(url).path)
    pairs = []
    for _ in range(ROUNDS):
        rate = LOAD * capacity(url)  # now: other work on the machine changes it
        pairs.append((by_neopack(url, rate, payload), by_threads(url, rate)))
        ours, apart = pairs[-1]
        print(f"  {rate:.0f}/s: p99 by neopack {ours:.2f} ms, counted apart {apart:.2f} ms")
    ratio = statistics.median(ours / apart for ours, apart in pairs)
    print(f"  {ratio:.3f}x (median of {ROUNDS}); goal 1 within {GOAL:g}")


def by_neopack(url: str, rate: float, payload: Path) -> float:
    """The p99 in milliseconds."""
    (stage,) = neopack.loadtest(
        url, rates=(rate,), arrivals="constant", seconds=SECONDS, warm_up=WARM_UP, payload=payload
    ).stages
    assert not stage.errors, stage.errors
    return stage.latency.p99


def by_threads(url: str, rate: float) -> float:
    """The same, by a process of its own."""
    due = [each / rate for each in range(int(rate * (SECONDS + WARM_UP)))]
    with get_context("spawn").Pool(1) as pool:
        latencies = pool.apply(measured, (url, due))
    counted = sorted(latency for at, latency in latencies if at >= WARM_UP)
    return 1e3 * counted[int(0.99 * len(counted))]


def capacity(url: str) -> float:
    """Answers a second where something is always due."""
    due = [0.0] * 1000
    start = time.perf_counter()
    measured(url, due)
    return len(due) / (time.perf_counter() - start)


def measured(url: str, due: list[float]) -> list[tuple[float, float]]:
    """When each request was due, and the seconds from then to the end of its answer."""
    place = urlsplit(url)
    request = REQUEST % (place.path.encode(), len(BODY), BODY)
    latencies: list[tuple[float, float]] = []
    moments, lock = iter(due), threading.Lock()
    sockets = [socket.create_connection((place.hostname, place.port)) for _ in range(CONNECTIONS)]
    start = time.perf_counter() + 0.1

    def call(connection: socket.socket) -> None:
        while True:
            with lock:
                at = next(moments, None)
            if at is None:
                return
            time.sleep(max(0.0, start + at - time.perf_counter()))
            connection.sendall(request)
            read(connection)
            latencies.append((at, time.perf_counter() - start - at))

    threads = [threading.Thread(target=call, args=(each,)) for each in sockets]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for connection in sockets:
        connection.close()
    return latencies


def read(connection: socket.socket) -> None:
    """An answer to its end."""
    data = b""
    while b"\r\n\r\n" not in data:
        data += connection.recv(1 << 16)
    head, _, body = data.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    assert length is not None, head
    while len(body) < int(length[1]):
        body += connection.recv(1 << 16)


if __name__ == "__main__":
    main()
