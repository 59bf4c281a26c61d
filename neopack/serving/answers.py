"""A request to a model, and the answer of its container: the one place that decides both status
and body, for the server and for the emulator's endpoints.

Sources: awslabs/multi-model-server, Job.java, NettyUtils.java and HttpRequestHandler.java;
aws/sagemaker-inference-toolkit, transformer.py (both 2026).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import Protocol

from neopack.errors import NeopackError, UsageError
from neopack.serving.bodies import JSON, LARGEST_BODY, Body, RequestRefused, TimedOut

__all__ = ["TEXT", "Answer", "Answering", "answered", "refusal", "too_large"]

TEXT = "text/plain"


class Answering(Protocol):
    """A loaded model, or a script that was started."""

    def answer(self, request: Body, accept: str) -> Body:
        """Raises ``RequestRefused`` or a ``NeopackError``."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """``late`` where the model took too long, which InvokeEndpoint words otherwise."""

    status: int
    body: Body
    late: bool = False


def answered(model: Answering, request: Body, accept: str) -> Answer:
    """What the container answers, whatever happens in the model."""
    if len(request.data) > LARGEST_BODY:
        return too_large()
    try:
        return Answer(status=200, body=model.answer(request, accept))
    except TimedOut as late:
        return replace(refusal(late.status, late.message, kind=late.kind), late=True)
    except RequestRefused as refused:
        return refusal(refused.status, refused.message, kind=refused.kind)
    except UsageError as error:
        return refusal(400, error.line())
    except NeopackError as error:
        return refusal(500, error.line())
    except OSError as error:  # no space, or no file descriptor
        return refusal(500, f"the server cannot answer: {error.strerror or error}")
    except MemoryError:
        return refusal(507, "the request needs more memory than there is")


def refusal(status: int, message: str, *, kind: str = "") -> Answer:
    """A handler's message as it is; the model server's as JSON, where it has a ``kind``."""
    if not kind:
        return Answer(status=status, body=Body(kind=TEXT, data=message.encode()))
    said = {"code": status, "type": kind, "message": message}
    return Answer(status=status, body=Body(kind=JSON, data=json.dumps(said).encode()))


def too_large() -> Answer:
    message = f"the body is longer than {LARGEST_BODY} bytes"
    return refusal(413, message, kind="RequestEntityTooLargeException")
