"""What the client of ``neopack loadtest`` can do, and whether it counts as ``wrk`` does.

Goals: 2,000 requests a second against a server that does nothing, at 16 callers; against one that
computes for 2 ms a request, one at a time, throughput within 5 % of that of ``wrk`` with 16
connections, where it is installed (Debian's package wrk). Both load it in turns, so that what else
the machine does slows both.

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
from neopack.loadtests.options import LoadOptions

CALLERS, ROUNDS, SECONDS, WARM_UP = 16, 3, 4.0, 0.5
GOAL, APART = 2000.0, 0.05
APP = """
import time
async def app(scope, receive, send):
    while (await receive()).get("more_body"): pass
    end = time.perf_counter() + (0.002 if scope["path"] == "/slow" else 0)
    while time.perf_counter() < end: pass
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
    with tempfile.TemporaryDirectory() as name, served(Path(name)) as url:
        payload = Path(name, "one.json")
        payload.write_text("[[1, 2, 3]]")
        print("a server that does nothing")
        fastest = [by_neopack(f"{url}/nothing", payload) for _ in range(ROUNDS)]
        print(f"neopack: {statistics.median(fastest):,.0f} answers/s; goal {GOAL:,.0f}")
        if not shutil.which("wrk"):
            print("wrk is not installed: apt-get install wrk")
            return
        print("a server that takes 2 ms")
        pairs = [
            (by_neopack(f"{url}/slow", payload), by_wrk(f"{url}/slow", Path(name)))
            for _ in range(ROUNDS)
        ]
    ratio = statistics.median(ours / theirs for ours, theirs in pairs)
    print(f"neopack and wrk: {', '.join(f'{ours:.0f} {theirs:.0f}' for ours, theirs in pairs)}")
    print(f"{ratio:.3f}x as many as wrk; goal 1 within {APART:g}")


def by_neopack(url: str, payload: Path) -> float:
    options = LoadOptions(callers=(CALLERS,), seconds=SECONDS, warm_up=WARM_UP, payload=payload)
    began = time.process_time()
    (stage,) = neopack.loadtest(url, options=options).stages
    computed = time.process_time() - began
    assert not stage.errors, stage.errors
    limit = "the client is the limit" if stage.is_limited_by_client else "the server is the limit"
    # the warm-up too, which is as fast
    each = computed / (stage.throughput * (SECONDS + WARM_UP))
    print(f"  {stage.throughput:,.0f} answers/s, client busy {stage.client_busy:.0%}: {limit}")
    print(f"  {1e6 * each:.0f} us of a core a request: {1 / each:,.0f} a second on a free one")
    return stage.throughput


def by_wrk(url: str, folder: Path) -> float:
    (folder / "post.lua").write_text(POST)
    words = ["wrk", "-t1", f"-c{CALLERS}", f"-d{SECONDS:.0f}", "-s", str(folder / "post.lua")]
    done = subprocess.run([*words, url], capture_output=True, text=True, check=True)
    found = re.search(r"Requests/sec:\s+([\d.]+)", done.stdout)
    assert found is not None, done.stdout
    return float(found[1])


def a_minute(archive: str) -> None:
    options = LoadOptions(callers=(CALLERS,), seconds=60.0)
    (stage,) = neopack.loadtest(archive, options=options).stages
    print(f"{stage.requests:,} requests, {stage.failed} lost or wrong: {dict(stage.errors)}")
    print(f"{stage.throughput:,.1f} answers/s, p50 {stage.latency.p50:.2f} ms")


@contextmanager
def served(folder: Path, app: str = APP) -> Iterator[str]:
    (folder / "app.py").write_text(app)
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        port = bound.getsockname()[1]
    words = ["uvicorn", "app:app", "--log-level", "critical", "--lifespan", "off"]
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
