"""The emulator as a proxy for HTTPS: for clients that call AWS by addresses of their own.

The SageMaker Python SDK passes the regional address of STS, which no variable replaces. A client
with HTTPS_PROXY asks the proxy for a tunnel to that address; here it ends in the emulator, with a
certificate that AWS_CA_BUNDLE makes it trust. Tunnels to other hosts are plain ones.
"""

from __future__ import annotations

import base64
import contextlib
import datetime as dt
import re
import selectors
import socket
import ssl
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit

__all__ = ["Proxy", "is_aws"]

AWS = re.compile(r"[a-z0-9.-]+\.(amazonaws\.com(\.cn)?|api\.aws)", re.IGNORECASE)
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
CONNECTING = 20.0
CHUNK = 1 << 16
A_WEEK = dt.timedelta(days=7)


def is_aws(host: str) -> bool:
    return AWS.fullmatch(host) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Signer:
    key: Any
    certificate: Any


class Proxy:
    """Makes certificates in ``folder``; ``bundle`` is the file for AWS_CA_BUNDLE.

    ``upstream`` is the proxy that this machine needs, if any.
    """

    def __init__(self, folder: Path, upstream: str = "") -> None:
        self._folder, self._upstream = folder, urlsplit(upstream) if upstream else None
        self._contexts: dict[str, ssl.SSLContext] = {}
        self._lock = threading.Lock()
        self._signer = _signer()
        self.bundle = folder / "ca.pem"
        self.bundle.write_bytes(_pem(self._signer.certificate))

    def serve(self, handler: BaseHTTPRequestHandler) -> None:
        """Answer CONNECT: what follows on the connection is for the host."""
        host, _, port = handler.path.rpartition(":")
        handler.close_connection = not is_aws(host)
        try:
            if is_aws(host):
                self._secure(handler, host)
            else:
                self._tunnel(handler.connection, host, int(port))
        except (OSError, ValueError) as error:
            handler.close_connection = True
            with contextlib.suppress(OSError):
                handler.send_error(502, f"{host}: {error}".splitlines()[0])

    def _secure(self, handler: BaseHTTPRequestHandler, host: str) -> None:
        """Let the handler read the next request from the encrypted connection."""
        handler.connection.sendall(ESTABLISHED)
        secured = self._context(host).wrap_socket(handler.connection, server_side=True)
        handler.connection = secured
        handler.rfile = secured.makefile("rb")
        handler.wfile = secured.makefile("wb", 0)  # type: ignore[assignment]

    def _tunnel(self, connection: socket.socket, host: str, port: int) -> None:
        with self._connected(host, port) as far:
            connection.sendall(ESTABLISHED)
            _carry(connection, far)

    def _connected(self, host: str, port: int) -> socket.socket:
        proxy = self._upstream
        if proxy is None:
            return socket.create_connection((host, port), CONNECTING)
        far = socket.create_connection((proxy.hostname or "", proxy.port or 80), CONNECTING)
        far.sendall(_ask(proxy, f"{host}:{port}"))
        _refuse_unless_connected(far)
        return far

    def _context(self, host: str) -> ssl.SSLContext:
        with self._lock:
            if host not in self._contexts:
                path = self._folder / f"{len(self._contexts)}.pem"
                path.write_bytes(_certificate(host, self._signer))
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(path)
                self._contexts[host] = context
            return self._contexts[host]


# --- tunnels ----------------------------------------------------------------------------------


def _ask(proxy: SplitResult, place: str) -> bytes:
    words = f"{unquote(proxy.username or '')}:{unquote(proxy.password or '')}"
    token = base64.b64encode(words.encode()).decode()
    allowed = f"Proxy-Authorization: Basic {token}\r\n" if proxy.username else ""
    return f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\n{allowed}\r\n".encode()


def _refuse_unless_connected(far: socket.socket) -> None:
    head = b""
    while b"\r\n\r\n" not in head and (byte := far.recv(1)):
        head += byte
    if head.split(b" ")[1:2] != [b"200"]:
        raise OSError(head.splitlines()[0].decode("latin-1") if head else "no answer")


def _carry(near: socket.socket, far: socket.socket) -> None:
    far.settimeout(None)
    other = {near: far, far: near}
    with selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
        for each in other:
            selector.register(each, selectors.EVENT_READ)
        while selector.get_map():
            for key, _ in selector.select():
                source: Any = key.fileobj
                data = source.recv(CHUNK)
                if not data:
                    return
                other[source].sendall(data)


# --- certificates -----------------------------------------------------------------------------


def _signer() -> _Signer:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    key, name = _key(), _name("neopack's emulator of AWS")
    builder = _builder(name, name, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    )
    return _Signer(key=key, certificate=builder.sign(key, hashes.SHA256()))


def _certificate(host: str, signer: _Signer) -> bytes:
    """The key and the certificate of a host, as one file."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization

    key = _key()
    builder = _builder(_name("emulated"), signer.certificate.subject, key).add_extension(
        x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False
    )
    plain = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return bytes(plain) + _pem(builder.sign(signer.key, hashes.SHA256()))


def _builder(subject: Any, issuer: Any, key: Any) -> Any:
    from cryptography import x509

    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - A_WEEK)
        .not_valid_after(now + 52 * A_WEEK)
    )


def _key() -> Any:
    from cryptography.hazmat.primitives.asymmetric import ec

    return ec.generate_private_key(ec.SECP256R1())


def _name(text: str) -> Any:
    from cryptography import x509

    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


def _pem(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    return bytes(certificate.public_bytes(Encoding.PEM))
