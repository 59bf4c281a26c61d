"""InvokeEndpoint: REST on the same port; the model behind the endpoint answers."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import unquote

from neopack.emulator.call import HttpCall
from neopack.emulator.endpoints import Endpoints
from neopack.emulator.hosting import Hosted
from neopack.emulator.replies import AwsError, Reply
from neopack.serving.answers import Answer, refusal
from neopack.serving.bodies import JSON, LARGEST_BODY, Body
from neopack.serving.script import ATTRIBUTES

__all__ = ["InvocationApi"]

PATH = re.compile(r"/endpoints/([^/]+)/invocations")
# what is signed for AWS does not reach a container
PRIVATE = frozenset({"authorization", "x-amz-security-token"})
TIMED_OUT = (
    "Your invocation timed out while waiting for a response from container primary. Review the "
    "latency metrics for each container in Amazon CloudWatch, resolve the issue, and try again."
)
OK, MODEL_ERROR = 200, 424


class InvocationApi:
    def __init__(self, endpoints: Endpoints) -> None:
        self._endpoints = endpoints

    def __call__(self, call: HttpCall) -> Reply:
        """Answer a call. Raises ``AwsError`` if it does not reach a model."""
        path = PATH.fullmatch(call.path)
        if path is None:
            raise AwsError("ValidationError", f"{call.path} is not a path of an endpoint", 404)
        name = unquote(path[1])
        container, variant = self._endpoints.container(call.region, name)
        data = call.body()
        if len(data) > LARGEST_BODY:
            raise AwsError("ValidationError", f"Body is longer than {LARGEST_BODY} bytes", 413)
        kind = call.environ.get("CONTENT_TYPE", "")
        asked = Body(kind=kind, data=data, headers=_headers(call.environ))
        accept = str(call.environ.get("HTTP_ACCEPT", ""))
        answer = _answer(name, container, asked, accept)
        if answer.status != OK:
            return _model_error(name, answer)
        body = answer.body
        headers = {"Content-Type": body.kind, "x-Amzn-Invoked-Production-Variant": variant}
        headers |= {key: value for key, value in body.headers.items() if key.lower() == ATTRIBUTES}
        return Reply(status=OK, headers=headers, body=body.data)


def _answer(name: str, container: Hosted, asked: Body, accept: str) -> Answer:
    """The container's answer; where it gives none, that of the load balancer before it."""
    try:
        return container.answer(asked, accept)
    except TimeoutError:
        return replace(refusal(504, f"{name} did not answer"), late=True)
    except (OSError, http.client.HTTPException):
        return refusal(502, f"the container of {name} ended the connection")


def _model_error(name: str, answer: Answer) -> Reply:
    """The error of the container in the form of the runtime."""
    status, message = answer.status, answer.body.data.decode("utf-8", "replace")
    if answer.late:
        status, message = 0, TIMED_OUT
    whose = "client" if 400 <= status < 500 else "server"
    text = f'Received {whose} error ({status}) from primary with message "{message}"'
    body = {
        "ErrorCode": "CLIENT_ERROR_FROM_MODEL" if whose == "client" else "SERVER_ERROR_FROM_MODEL",
        "Message": text,
        "OriginalMessage": message,
        "OriginalStatusCode": status,
        "LogStreamArn": f"/aws/sagemaker/Endpoints/{name}",
    }
    headers = {"Content-Type": JSON, "x-amzn-ErrorType": "ModelError"}
    return Reply(status=MODEL_ERROR, headers=headers, body=json.dumps(body).encode())


def _headers(environ: Mapping[str, Any]) -> dict[str, str]:
    named = {
        key.removeprefix("HTTP_").replace("_", "-").lower(): str(value)
        for key, value in environ.items()
        if key.startswith(("HTTP_", "CONTENT_"))
    }
    return {name: value for name, value in named.items() if name not in PRIVATE}
