"""What the client of ``neopack loadtest`` can do, and whether it counts as ``wrk`` does.

Goals: 2,000 requests a second against a server that does nothing, at 16 callers; throughput within
5 % of that of ``wrk`` with 16 connections, where it is installed (Debian's package wrk). Both load
the same server in turns, so that what else the machine does slows both.

``loadtest.py ARCHIVE`` loads what is in an archive for a minute at 16 callers instead, and counts
what was lost or wrong.
"""

from __future__ import annotations

import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import neopack
from neopack.options import LoadOptions

CALLERS, ROUNDS, SECONDS = 16, 3, 4.0
GOAL, APART = 2000.0, 0.05
NOTHING = """
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    headers = [(b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"[]"})
"""
POST = """
wrk.method, wrk.body = "POST", "[[1, 2, 3]]"
wrk.headers["Content-Type"] = "application/json"
"""


def main() -> None:
    if sys.argv[1:]:
        a_minute(sys.argv[1])
        return
    with tempfile.TemporaryDirectory() as name, nothing(Path(name)) as url:
        folder = Path(name)
        (folder / "one.json").write_text("[[1, 2, 3]]")
        ours, theirs = [], []
        for _ in range(ROUNDS):
            ours.append(by_neopack(url, folder / "one.json"))
            if shutil.which("wrk"):
                theirs.append(by_wrk(url, folder))
    best, typical = max(ours), statistics.median(ours)
    print(f"neopack: {typical:,.0f} answers/s, at best {best:,.0f}; goal {GOAL:,.0f}")
    if not theirs:
        print("wrk is not installed: apt-get install wrk")
        return
    ratio = typical / statistics.median(theirs)
    print(
        f"wrk: {statistics.median(theirs):,.0f} answers/s; {ratio:.2f}x; goal 1 within {APART:g}"
    )


def by_neopack(url: str, payload: Path) -> float:
    options = LoadOptions(callers=(CALLERS,), seconds=SECONDS, warm_up=0.5, payload=payload)
    (stage,) = neopack.loadtest(url, options=options).stages
    assert not stage.errors, stage.errors
    limit = "the client is the limit" if stage.is_limited_by_client else "the server is the limit"
    print(f"  {stage.throughput:,.0f} answers/s, client busy {stage.client_busy:.0%}: {limit}")
    return stage.throughput


def by_wrk(url: str, folder: Path) -> float:
    (folder / "post.lua").write_text(POST)
    words = ["wrk", "-t1", f"-c{CALLERS}", f"-d{SECONDS:.0f}", "-s", str(folder / "post.lua")]
    done = subprocess.run(
        [*words, f"{url}/invocations"], capture_output=True, text=True, check=True
    )
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def a_minute(archive: str) -> None:
    options = LoadOptions(callers=(CALLERS,), seconds=60.0)
    (stage,) = neopack.loadtest(archive, options=options).stages
    print(f"{stage.requests:,} requests, {stage.failed} lost or wrong: {dict(stage.errors)}")
    print(f"{stage.throughput:,.1f} answers/s, p50 {stage.latency.p50:.2f} ms")


@contextmanager
def nothing(folder: Path) -> Iterator[str]:
    (folder / "nothing.py").write_text(NOTHING)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    words = ["uvicorn", "nothing:app", "--log-level", "critical", "--lifespan", "off"]
    process = subprocess.Popen([sys.executable, "-m", *words, "--port", str(port)], cwd=folder)
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait()


if __name__ == "__main__":
    main()
