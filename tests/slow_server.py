"""A real server of one thread, in a process of its own, that answers as it is told to."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator

__all__ = ["server"]

SCRIPT = """
import asyncio, json, sys, time
from aiohttp import web

kind = sys.argv[1]
began, count = None, 0

async def invocations(request):
    global began, count
    await request.read()
    began, count = began or time.monotonic(), count + 1
    if kind == "stalls" and 0.5 < time.monotonic() - began < 1.0:
        time.sleep(1.0)                      # nobody is answered meanwhile
    if kind == "slow":
        await asyncio.sleep(0.05)
    if kind == "hangs":
        await asyncio.sleep(60)
    if kind == "endless":
        answer = web.StreamResponse()
        await answer.prepare(request)
        while True:
            await answer.write(bytes(1 << 20))
    if kind == "elsewhere":
        raise web.HTTPTemporaryRedirect(location="http://127.0.0.1:9/invocations")
    if kind == "garbled":
        request.transport.write(b"SSH-2.0-OpenSSH" + bytes(99))
        request.transport.close()
    if kind == "fails" and count % 4 == 0:
        return web.Response(status=500)
    return web.json_response([[0.25]])

async def main():
    app = web.Application()
    app.add_routes([web.post("/invocations", invocations)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    print(site._server.sockets[0].getsockname()[1], flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


@contextlib.contextmanager
def server(kind: str) -> Iterator[str]:
    """Its address. ``kind``: quick, slow (50 ms), stalls (a second, once), fails (each fourth),
    hangs, endless (an answer), elsewhere (a redirect), garbled."""
    process = subprocess.Popen(
        [sys.executable, "-c", SCRIPT, kind], stdout=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        yield f"http://127.0.0.1:{int(process.stdout.readline())}"
    finally:
        process.kill()
        process.communicate()
