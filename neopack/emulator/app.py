"""The front: one WSGI application for neopack's SageMaker and moto's services."""

from __future__ import annotations

import http
import io
import socket
import struct
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

from neopack.emulator import integrity
from neopack.emulator.call import Environ, HttpCall, UnreadableBody, read
from neopack.emulator.faults import Faults, refusal_of, wait
from neopack.emulator.identity import identity
from neopack.emulator.parts import too_late
from neopack.emulator.permissions import permissions
from neopack.emulator.regions import Buckets
from neopack.emulator.replies import AwsError, Reply, refusal
from neopack.emulator.script import Fault
from neopack.values.log import Log

__all__ = ["Front", "RecordedCall", "Wsgi"]

StartResponse = Callable[..., Any]
Wsgi = Callable[[Environ, StartResponse], Iterable[bytes]]

OURS = frozenset({"sagemaker", "sagemaker-runtime"})
MOTO = frozenset({"s3", "sts", "iam", "kms", "logs"})
CONTROL = "/_neopack/"
REMEMBERED = 10_000
CHUNK = 1 << 16
# the error that werkzeug expects from a client that disconnects
CUT = "cut on purpose"
# the prefixes of AWS's own access keys (IAM user guide, unique identifiers, 2026)
REAL_KEYS = ("AKIA", "ASIA")


@dataclass(slots=True, kw_only=True)
class RecordedCall:
    """A call from a client; ``status`` is 0 until it is answered."""

    service: str
    operation: str
    resource: str
    region: str
    effect: str = ""
    status: int = 0


class Front:
    """Applies faults, then passes a call to its service. The caller has assumed ``role``."""

    def __init__(
        self,
        *,
        sagemaker: Callable[[HttpCall], Reply],
        control: Callable[[HttpCall], Reply],
        moto: Wsgi,
        faults: Faults,
        role: str,
        log: Log,
    ) -> None:
        self._sagemaker, self._control, self._moto = sagemaker, control, moto
        self._buckets = Buckets(moto)
        self.faults, self.role = faults, role
        self._log, self._warned = log, False
        self.seen: deque[RecordedCall] = deque(maxlen=REMEMBERED)
        self._resets = 0

    def __call__(self, environ: Environ, start: StartResponse) -> Iterable[bytes]:
        call = read(environ)
        if call.path.startswith(CONTROL):
            return _sent(self._control(call), start)
        fault = self.faults.meets(call)
        seen = self._note(call, fault.effect if fault else "")

        def noted(status: str, headers: Any, *rest: Any) -> Any:
            seen.status = int(status[:3])
            self._tell(call, seen)
            return start(status, headers, *rest)

        return self._hurt(fault, call, noted) if fault else self._answer(call, noted)

    def reset(self) -> None:
        """Forget all calls, and all of moto's state (its documented /moto-api/reset)."""
        self._resets += 1
        self.seen.clear()
        self._buckets.forget()
        environ = {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": "/moto-api/reset",
            "SERVER_NAME": "127.0.0.1",
            "SERVER_PORT": "80",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(),
            "CONTENT_LENGTH": "0",
        }
        for _ in self._moto(environ, lambda *_: None):
            pass

    def _answer(self, call: HttpCall, start: StartResponse) -> Iterable[bytes]:
        try:
            return self._answered(call, start)
        except UnreadableBody as error:
            refused = AwsError("IncompleteBody", str(error))
            return _sent(refusal(call.service, refused), start)

    def _answered(self, call: HttpCall, start: StartResponse) -> Iterable[bytes]:
        if call.service in OURS:
            return _sent(self._sagemaker(call), start)
        if call.service not in MOTO:
            message = (
                f"neopack's emulator has sagemaker, s3, sts, iam, kms and logs, not {call.service}"
            )
            return _sent(refusal(call.service, AwsError("NotImplemented", message, 501)), start)
        reply = (
            identity(call, self.role)
            or permissions(call)
            or self._buckets.elsewhere(call)
            or integrity.refused(call)
            or too_late(call, self._moto)
        )
        return _sent(reply, start) if reply else self._ask_moto(call, start)

    def _ask_moto(self, call: HttpCall, start: StartResponse) -> Iterable[bytes]:
        """moto's answer. What it lacks, and its own bugs, are errors in the service's protocol."""
        if call.service != "s3":  # an object may be large
            call.body()
        try:
            return self._moto(call.environ, start)
        except ConnectionError:
            raise
        except (OSError, OverflowError) as why:
            error = AwsError("IncompleteBody", f"the body cannot be read: {why}")
        except NotImplementedError:
            message = f"neopack's emulator has no {call.operation} of {call.service}"
            error = AwsError("NotImplemented", message, 501)
        except Exception as why:  # noqa: BLE001 - any bug of moto's
            error = AwsError("InternalFailure", f"{type(why).__name__}: {why}", 500)
        return _sent(refusal(call.service, error), start)

    def _hurt(self, fault: Fault, call: HttpCall, start: StartResponse) -> Iterable[bytes]:
        refused = refusal_of(fault, call)
        if refused is not None:
            call.body()  # a client that is still sending does not read the answer
            return _sent(refusal(call.service, refused), start)
        if fault.effect == "slow":
            resets = self._resets
            wait(fault)
            if self._resets != resets:  # the call belongs to the state before the reset
                _shut(call)
            return self._answer(call, start)
        if fault.effect == "cut request":
            _drop(call, min(fault.bytes, int(call.environ.get("CONTENT_LENGTH") or 0)))
            _abort(call)
        if fault.effect == "lose reply":
            for _ in self._answer(call, lambda *_: None):
                pass
            _shut(call)
        return _cut(self._answer(call, start), call, fault.bytes)

    def _tell(self, call: HttpCall, seen: RecordedCall) -> None:
        if call.ours:
            return
        effect = f" ({seen.effect})" if seen.effect else ""
        request = f"{seen.service} {seen.operation} {seen.resource}".rstrip()
        self._log.note(f"{request}: {seen.status}{effect}")
        if call.access_key.startswith(REAL_KEYS) and not self._warned:
            self._warned = True
            self._log.warn(f"the key {call.access_key[:4]}... may be a real one: it is not needed")

    def _note(self, call: HttpCall, effect: str) -> RecordedCall:
        seen = RecordedCall(
            service=call.service,
            operation=call.operation,
            resource=call.resource,
            region=call.region,
            effect=effect,
        )
        if not call.ours:
            self.seen.append(seen)
        return seen


def _sent(reply: Reply, start: StartResponse) -> Iterable[bytes]:
    status = http.HTTPStatus(reply.status)
    length = reply.headers.get("Content-Length", str(len(reply.body)))
    headers = [*reply.headers.items(), ("Content-Length", length)]
    start(f"{status.value} {status.phrase}", list(dict(headers).items()))
    return [reply.body]


def _drop(call: HttpCall, count: int) -> None:
    stream = call.environ["wsgi.input"]
    while count > 0 and (part := stream.read(min(CHUNK, count))):
        count -= len(part)


def _cut(parts: Iterable[bytes], call: HttpCall, count: int) -> Iterator[bytes]:
    """Yield the first ``count`` bytes of an answer, then cut the connection."""
    for part in parts:
        if len(part) >= count:
            if count:
                yield part[:count]
            break
        count -= len(part)
        yield part
    _shut(call)


def _shut(call: HttpCall) -> NoReturn:
    """Shut the socket. If only the handler's end closed, the client would keep waiting."""
    with suppress(OSError):
        call.environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
    raise ConnectionAbortedError(CUT)


def _abort(call: HttpCall) -> NoReturn:
    """Close so that the client's next write fails. A socket that is only shut still takes bytes
    until its buffer is full, and then the client waits."""
    linger = struct.pack("ii", 1, 0)
    call.environ["werkzeug.socket"].setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    raise ConnectionAbortedError(CUT)
