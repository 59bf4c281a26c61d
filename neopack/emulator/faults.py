"""Injected faults: the calls that they apply to, and their effects."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from neopack.emulator.arns import ACCOUNT
from neopack.emulator.call import HttpCall
from neopack.emulator.replies import QUERY, AwsError
from neopack.emulator.script import Fault

__all__ = ["Faults", "refusal_of", "wait"]


@dataclass(slots=True)
class _Armed:
    fault: Fault
    met: int = 0


class Faults:
    """The faults of a script, counted down with each matching call."""

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self._armed = [_Armed(fault) for fault in faults]
        self._lock = threading.Lock()

    def add(self, faults: Sequence[Fault]) -> None:
        with self._lock:
            self._armed += [_Armed(fault) for fault in faults]

    def meets(self, call: HttpCall) -> Fault | None:
        """Return the first fault that is due for a call; the service's own calls have none."""
        if call.ours:
            return None
        with self._lock:
            for armed in self._armed:
                if _fits(armed.fault, call):
                    armed.met += 1
                    if _due(armed):
                        return armed.fault
        return None


def _fits(fault: Fault, call: HttpCall) -> bool:
    pairs = (
        (call.service, fault.service),
        (call.operation, fault.operation),
        (call.resource, fault.resource),
        (call.access_key, fault.access_key),
    )
    return all(fnmatchcase(word, pattern) for word, pattern in pairs)


def _due(armed: _Armed) -> bool:
    turn = armed.met - armed.fault.after
    return turn > 0 and (armed.fault.times == 0 or turn <= armed.fault.times)


def wait(fault: Fault) -> None:
    time.sleep(fault.seconds)


def refusal_of(fault: Fault, call: HttpCall) -> AwsError | None:
    """Return the error of a fault in the words of the service, or None for other faults."""
    if fault.effect == "throttle":
        return _throttled(call)
    if fault.effect == "expired token":
        return _expired(call)
    if fault.effect == "denied":
        return _denied(call)
    if fault.effect == "skewed clock":
        return _skewed(call)
    if fault.effect == "error":
        code = "InternalError" if call.service == "s3" else "InternalFailure"
        code = code if fault.status != 503 else "ServiceUnavailable"
        return AwsError(code, "We encountered an internal error. Please try again.", fault.status)
    return None


def _throttled(call: HttpCall) -> AwsError:
    if call.service == "s3":
        return AwsError("SlowDown", "Please reduce your request rate.", 503)
    code = "Throttling" if call.service in QUERY else "ThrottlingException"
    return AwsError(code, "Rate exceeded")


def _expired(call: HttpCall) -> AwsError:
    if call.service == "s3":
        return AwsError("ExpiredToken", "The provided token has expired.")
    message = "The security token included in the request is expired"
    if call.service in QUERY:
        return AwsError("ExpiredToken", message, 403)
    return AwsError("ExpiredTokenException", message)


def _denied(call: HttpCall) -> AwsError:
    if call.service == "s3":
        return AwsError("AccessDenied", "Access Denied", 403)
    service = call.service.removesuffix("-runtime")
    message = (
        f"User: arn:aws:iam::{ACCOUNT}:user/emulated is not authorized to perform: "
        f"{service}:{call.operation} because no identity-based policy allows the "
        f"{service}:{call.operation} action"
    )
    if call.service in QUERY:
        return AwsError("AccessDenied", message, 403)
    return AwsError("AccessDeniedException", message)


def _skewed(call: HttpCall) -> AwsError:
    if call.service == "s3":
        message = "The difference between the request time and the current time is too large."
        return AwsError("RequestTimeTooSkewed", message, 403)
    message = "Signature expired: the time of the request is too far from the time of the service"
    code = "SignatureDoesNotMatch" if call.service in QUERY else "InvalidSignatureException"
    return AwsError(code, message, 403 if call.service in QUERY else 400)
