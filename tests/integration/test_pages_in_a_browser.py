"""Pages that neopack writes, in headless Chromium: nothing is fetched, nothing fails, and every
plot is drawn, on a wide screen and on a phone, light and dark."""

from __future__ import annotations

import http.server
import json
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from measured_models import ROUNDS, result, subject

from neopack.experiments.pricing import Pricing
from neopack.measure.price import Price
from neopack.reports.experiment_page import experiment_page

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
BROWSER = next(filter(None, map(shutil.which, BROWSERS)), "")
# what Chromium itself asks for, whatever the page is and the flags say
ITS_OWN = frozenset({
    "accounts.google.com", "android.clients.google.com", "clients2.google.com",
    "content-autofill.googleapis.com", "mtalk.google.com",
    "optimizationguide-pa.googleapis.com", "update.googleapis.com",
})  # fmt: skip
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--hide-scrollbars",
    "--allow-file-access-from-files", "--enable-logging=stderr", "--window-size=1700,2400",
    "--virtual-time-budget=5000", "--dump-dom",
)  # fmt: skip
# both widths at once, each in a frame, and what the page looks like in it
FRAMES = """\
<body><iframe src="page.html" width="1280" height="2000"></iframe>
<iframe src="page.html" width="400" height="2000"></iframe><pre></pre><script>
const drawn = mark => mark.getBoundingClientRect().width + mark.getBoundingClientRect().height > 0;
const told = frame => {
  const page = frame.contentDocument, root = page.documentElement;
  return {
    width: root.clientWidth,
    overflow: root.scrollWidth - root.clientWidth,
    background: frame.contentWindow.getComputedStyle(page.body).backgroundColor,
    marks: [...page.querySelectorAll("figure")].map(figure =>
      [...figure.querySelectorAll("polyline, circle, rect, .span")].filter(drawn).length),
  };
};
onload = () => document.querySelector("pre").textContent =
  JSON.stringify([...document.querySelectorAll("iframe")].map(told));
</script></body>
"""


@dataclass(frozen=True)
class Shown:
    """``frames`` as the script tells them; ``console`` and ``requests`` are to be empty."""

    frames: list[dict[str, Any]]
    console: list[str]
    requests: list[str]


@contextmanager
def counting() -> Iterator[tuple[int, list[str]]]:
    """A proxy that takes whatever leaves the browser, and answers nothing of it."""
    seen: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def __getattr__(self, name: str) -> Any:
            if name.startswith("do_"):
                return self._refuse
            raise AttributeError(name)

        def _refuse(self) -> None:
            host = urlsplit(self.path if "//" in self.path else f"//{self.path}").hostname
            if host not in ITS_OWN:
                seen.append(self.path)
            self.send_error(404)

        def log_message(self, *_: Any) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_port, seen
    finally:
        server.shutdown()
        server.server_close()


def shown(page: str, folder: Path, scheme: int = 1) -> Shown:
    """``scheme`` 0 is dark."""
    if not BROWSER:
        pytest.skip(f"no browser is installed: none of {', '.join(BROWSERS)}")
    (folder / "page.html").write_text(page, "utf-8")
    (folder / "frames.html").write_text(FRAMES, "utf-8")
    with counting() as (port, requests):
        options = (
            f"--proxy-server=127.0.0.1:{port}", "--proxy-bypass-list=<-loopback>",
            f"--user-data-dir={folder / 'profile'}",
            f"--blink-settings=preferredColorScheme={scheme}",
        )  # fmt: skip
        done = subprocess.run(
            [BROWSER, *FLAGS, *options, f"file://{folder / 'frames.html'}"],
            capture_output=True, text=True, timeout=120, check=True,
        )  # fmt: skip
    told = re.search(r"<pre>(.+?)</pre>", done.stdout, re.DOTALL)
    assert told is not None, done.stdout[-500:] + done.stderr[-500:]
    console = [line for line in done.stderr.splitlines() if "CONSOLE" in line]
    return Shown(json.loads(unescape(told[1])), console, requests)


def page() -> str:
    names = ("net.tar.gz", "net-ml_c5.tar.gz", "a-very-long-name-of-a-model-quantized.tar.gz")
    models = [
        Pricing(instance="ml.c5.xlarge", price=Price(hourly=0.2)).applied(
            subject(name, *[100.0 * (at + 1)] * ROUNDS)
        )
        for at, name in enumerate(names)
    ]
    return experiment_page(replace(result(*models), beside="blog-2021"), ())


def test_every_plot_is_drawn_and_nothing_leaves(tmp_path: Path) -> None:
    text = page()
    light = shown(text, tmp_path)
    assert (light.console, light.requests) == ([], [])
    assert [frame["width"] for frame in light.frames] == [1280, 400]
    for frame in light.frames:
        assert frame["overflow"] == 0
        assert len(frame["marks"]) == text.count("<figure>") == 8
        assert min(frame["marks"]) >= 3
    dark = shown(text, tmp_path, scheme=0)
    assert {frame["background"] for frame in light.frames} == {"rgb(255, 255, 255)"}
    assert {frame["background"] for frame in dark.frames} == {"rgb(15, 19, 24)"}


def test_a_page_that_fetches_and_fails_would_be_noticed(tmp_path: Path) -> None:
    bad = '<img src="http://example.test/a.png"><script>missing()</script>'
    wide = '<p style="width:3000px">wide</p>'
    text = page().replace("</main>", f"{bad}{wide}</main>").replace("<circle", "<g")
    bad_page = shown(text, tmp_path)
    assert bad_page.requests
    assert any("missing is not defined" in line for line in bad_page.console)
    assert bad_page.frames[1]["overflow"] > 0
    assert min(bad_page.frames[0]["marks"]) < 3
