"""A registry on a loopback port, by OCI's distribution-spec 1.1.

It has blobs, uploads in parts and manifests, can ask for credentials, answer by faults, and send
readers elsewhere. The variable REGISTRY has one test push to a real registry instead.
"""

from __future__ import annotations

import base64
import hashlib
import re
import socket
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

USER = base64.b64encode(b"user:secret").decode()
TOKEN = "token-of-the-user"  # noqa: S105
_PATH = re.compile(r"/v2/(?P<name>.+)/(?P<kind>blobs/uploads|blobs|manifests)/(?P<what>.*)")


@dataclass
class Registry:
    """``asks`` is "", "Basic" or "Bearer". ``faults`` are by method and kind, used up in order:
    a status, or "cut". ``elsewhere`` is the origin that blobs are read from, ``uploads_at``
    that they are sent to."""

    blobs: dict[str, bytes] = field(default_factory=dict)
    manifests: dict[str, bytes] = field(default_factory=dict)
    uploads: dict[str, bytes] = field(default_factory=dict)
    asks: str = ""
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    elsewhere: str = ""
    uploads_at: str = ""
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    origin: str = ""

    @property
    def host(self) -> str:
        return self.origin.removeprefix("http://")

    def count(self, method: str, part: str) -> int:
        return sum(each == method and part in path for each, path, _ in self.requests)


@contextmanager
def serving(registry: Registry | None = None) -> Iterator[Registry]:
    registry = registry or Registry()
    handler = type("Handler", (_Handler,), {"registry": registry})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        registry.origin = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield registry
        finally:
            server.shutdown()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    registry: Registry

    def log_message(self, format: str, *arguments: object) -> None:  # noqa: A002 - its own
        """Nothing on standard error."""

    def do_HEAD(self) -> None:
        self._route()

    do_GET = do_POST = do_PUT = do_PATCH = do_HEAD  # noqa: N815 - their names in http.server

    def _route(self) -> None:
        registry, url = self.registry, urlsplit(self.path)
        said = self.headers.get("Authorization", "")
        registry.requests.append((self.command, self.path, said))
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if url.path == "/token":
            allowed = said == f"Basic {USER}"
            return self._answer(200 if allowed else 401, f'{{"token": "{TOKEN}"}}'.encode())
        if not self._is_allowed(said):
            realm = f'Bearer realm="{registry.origin}/token",service="s",scope="pull"'
            ask = {"WWW-Authenticate": realm if registry.asks == "Bearer" else 'Basic realm="r"'}
            return self._answer(401, headers=ask)
        match = _PATH.fullmatch(url.path)
        assert match is not None, self.path
        kind, what = match["kind"], match["what"]
        faults = registry.faults.get(f"{self.command} {kind}", [])
        fault = faults.pop(0) if faults else ""
        if isinstance(fault, int):
            return self._answer(fault, b'{"errors": [{"code": "FAULT", "message": "no luck"}]}')
        answers = {"blobs": self._blobs, "manifests": self._manifests}
        return answers.get(kind, self._blobs_uploads)(what, url.query, str(fault))

    def _is_allowed(self, said: str) -> bool:
        return said == {"": said, "Basic": f"Basic {USER}", "Bearer": f"Bearer {TOKEN}"}.get(
            self.registry.asks
        )

    def _blobs(self, digest: str, query: str, fault: str) -> None:
        if self.registry.elsewhere and self.command == "GET":
            return self._answer(307, headers={"Location": self.registry.elsewhere + self.path})
        data = self.registry.blobs.get(digest)
        if data is None:
            return self._answer(404)
        start = re.fullmatch(r"bytes=(\d+)-", self.headers.get("Range", ""))
        rest = data[int(start[1]) :] if start else data
        return self._answer(206 if start else 200, rest, cut=fault == "cut")

    def _blobs_uploads(self, session: str, query: str, fault: str) -> None:
        uploads = self.registry.uploads
        if self.command == "POST":
            session = uuid.uuid4().hex
            uploads[session] = b""
        elif self.command == "PATCH":
            start = int(self.headers["Content-Range"].partition("-")[0])
            if start != len(uploads[session]):
                return self._answer(416)
            kept = self.body[: len(self.body) // 2] if fault == "cut" else self.body
            uploads[session] += kept
            if fault == "cut":
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return None
        elif self.command == "PUT":
            data = uploads.pop(session) + self.body
            (digest,) = parse_qs(query)["digest"]
            if digest != f"sha256:{hashlib.sha256(data).hexdigest()}":
                return self._answer(400, b'{"errors": [{"code": "DIGEST_INVALID"}]}')
            self.registry.blobs[digest] = data
            return self._answer(201, headers={"Location": f"/v2/x/blobs/{digest}"})
        place = self.registry.uploads_at
        place += f"{self.path.partition('/uploads/')[0]}/uploads/{session}"
        reached = f"0-{max(0, len(uploads[session]) - 1)}"
        status = 204 if self.command == "GET" else 202
        return self._answer(status, headers={"Location": place, "Range": reached})

    def _manifests(self, name: str, query: str, fault: str) -> None:
        named = self.registry.manifests
        if self.command == "PUT":
            digest = f"sha256:{hashlib.sha256(self.body).hexdigest()}"
            named[name] = named[digest] = self.body
            return self._answer(201, headers={"Docker-Content-Digest": digest})
        data = named.get(name)
        if data is None:
            message = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "unknown"}]}'
            return self._answer(404, message)
        digest = f"sha256:{hashlib.sha256(data).hexdigest()}"
        return self._answer(200, data, {"Docker-Content-Digest": digest})

    def _answer(
        self,
        status: int,
        data: bytes = b"",
        headers: dict[str, str] | None = None,
        *,
        cut: bool = False,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data[: len(data) // 2] if cut else data)
        if cut:
            self.close_connection = True
