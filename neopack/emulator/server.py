"""The server: neopack's SageMaker and moto's services on one port of 127.0.0.1."""

from __future__ import annotations

import logging
import os
import socket
import tempfile
import threading
import urllib.request
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.emulator.address import Address
from neopack.emulator.app import Front, Wsgi
from neopack.emulator.clock import Clock
from neopack.emulator.control import Control
from neopack.emulator.faults import Faults
from neopack.emulator.proxy import Proxy
from neopack.emulator.sagemaker import SageMaker
from neopack.emulator.script import EmulatorScript
from neopack.emulator.storage import Storage
from neopack.errors import Missing, UsageError
from neopack.values.log import Log, SilentLog

__all__ = ["HOST", "Server"]

HOST = "127.0.0.1"
Connect = Callable[[BaseHTTPRequestHandler], None]
HEARTBEAT = 0.05
BACKLOG = 128


class Server:
    """Binds its port on creation; answers from ``start`` to ``close``."""

    def __init__(
        self, *, port: int = 0, script: EmulatorScript | None = None, log: Log | None = None
    ) -> None:
        self._script = script or EmulatorScript()
        upstream = _upstream()
        self._server = _bound(port, self._respond, self._connect)
        self._folder = tempfile.TemporaryDirectory(
            prefix="neopack-emulator-", ignore_cleanup_errors=True
        )
        self._proxy = Proxy(Path(self._folder.name), upstream)
        self.url = f"http://{HOST}:{self._server.server_address[1]}"
        self.clock = Clock(manual=self._script.clock == "manual")
        self._storage = Storage(self.url)
        log = log or SilentLog()
        self._sagemaker = SageMaker(
            self.clock, self._storage, self._script, Path(self._folder.name), log
        )
        self.front = Front(
            sagemaker=self._sagemaker,
            control=Control(self),
            moto=_moto(),
            faults=Faults(self._script.faults),
            role=_caller(self._script),
            log=log,
        )
        self._closed = threading.Event()
        self._threads = [
            threading.Thread(target=self._server.serve_forever, daemon=True),
            threading.Thread(target=self._beat, daemon=True),
        ]

    def start(self) -> Address:
        for thread in self._threads:
            thread.start()
        self._storage.furnish(self._script.buckets, self._script.roles)
        return Address.of(self.url, self._script, self._proxy.bundle)

    def wait(self) -> None:
        """Wait until the server is closed."""
        self._closed.wait()

    def close(self) -> None:
        self._closed.set()
        self._sagemaker.clear()
        self._server.shutdown()
        self._server.server_close()
        self._folder.cleanup()

    # --- for Control

    def follow(self, script: EmulatorScript) -> None:
        """Use a new script from now on; running jobs keep their timeline."""
        self._script = script
        if self.clock.manual != (script.clock == "manual"):
            self.clock = Clock(manual=script.clock == "manual")
        self._sagemaker.follow(self.clock, script)
        self.front.faults, self.front.role = Faults(script.faults), _caller(script)

    def advance(self, seconds: float) -> None:
        self.clock.advance(seconds)
        self._sagemaker.tick()

    def reset(self, script: EmulatorScript) -> None:
        """Return to the state after the start, including buckets."""
        self.clock = Clock(manual=script.clock == "manual")
        self.follow(script)
        self._sagemaker.clear()
        self.front.reset()
        self._storage.furnish(script.buckets, script.roles)

    def _respond(self, environ: dict[str, Any], start: Any) -> Any:
        return self.front(environ, start)

    def _connect(self, handler: BaseHTTPRequestHandler) -> None:
        self._proxy.serve(handler)

    def _beat(self) -> None:
        """Advance states with a real clock, even without calls."""
        while not self._closed.wait(HEARTBEAT):
            if not self.clock.manual:
                self._sagemaker.tick()


def _upstream() -> str:
    """The proxy of this machine, which is not another emulator whose variables are set here."""
    proxy = urllib.request.getproxies().get("https", "")
    return "" if proxy == os.environ.get("AWS_ENDPOINT_URL") else proxy


def _caller(script: EmulatorScript) -> str:
    """The role that the caller has assumed."""
    return next(iter(script.roles), "")


def _bound(port: int, app: Wsgi, connect: Connect) -> Any:
    """A threaded werkzeug server with moto's request handler, and a proxy on the same port."""
    _quiet()
    try:
        from moto.server import MotoRequestHandler
        from werkzeug.serving import make_server
    except ImportError as error:
        raise Missing(
            f"the emulator needs moto and boto3 ({error})", hint=install_hint("emulator")
        ) from None

    class RequestHandler(MotoRequestHandler):  # type: ignore[misc]
        protocol_version = "HTTP/1.1"

        def log(self, *_: object) -> None:
            pass

        def do_CONNECT(self) -> None:  # noqa: N802 - the name of http.server
            connect(self)

        def finish(self) -> None:
            super().finish()
            self.connection.close()

        def connection_dropped(self, error: BaseException, environ: Any = None) -> None:
            """Ignore the end of a connection, which may be a cut on purpose."""
            self.close_connection = True

    with _listening(port) as listener:  # werkzeug would end the process if the port is in use
        return make_server(
            HOST, port, app, threaded=True, request_handler=RequestHandler, fd=listener.fileno()
        )


def _listening(port: int) -> socket.socket:
    listening = socket.socket()
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((HOST, port))
        listening.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listening.close()
        why = getattr(error, "strerror", None) or error
        raise UsageError(
            f"cannot listen on port {port}: {why}", hint="--port 0 chooses a free one"
        ) from None
    return listening


def _moto() -> Any:
    from moto.server import DomainDispatcherApplication, create_backend_app

    def service(name: str) -> Any:
        made = create_backend_app(name)
        made.config["PROPAGATE_EXCEPTIONS"] = True  # to the front, which answers in AWS's form
        return made

    return DomainDispatcherApplication(service)


def _quiet() -> None:
    """Keep the service from using a metadata service or the user's configuration."""
    os.environ["AWS_EC2_METADATA_DISABLED"] = "true"
    os.environ["AWS_CONFIG_FILE"] = os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "AWS_CA_BUNDLE"):
        os.environ.pop(name, None)
    os.environ["NO_PROXY"] = os.environ["no_proxy"] = HOST
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
