"""InvokeEndpoint: REST on the same port; the model behind the endpoint answers."""

from __future__ import annotations

import json
import re
from urllib.parse import unquote

from neopack.emulator.call import HttpCall
from neopack.emulator.endpoints import Endpoints
from neopack.emulator.replies import AwsError, Reply
from neopack.errors import NeopackError
from neopack.serving.bodies import JSON, LARGEST_BODY, Body, RequestRefused

__all__ = ["InvocationApi"]

PATH = re.compile(r"/endpoints/([^/]+)/invocations")
MODEL_ERROR = 424


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
        asked = Body(kind=call.environ.get("CONTENT_TYPE", ""), data=data)
        accept = str(call.environ.get("HTTP_ACCEPT", ""))
        try:
            answer = container.answer(asked, accept)
        except RequestRefused as refused:
            return _model_error(name, refused.status, refused.message)
        except NeopackError as error:
            return _model_error(name, 400, str(error))
        headers = {"Content-Type": answer.kind, "x-Amzn-Invoked-Production-Variant": variant}
        return Reply(status=200, headers=headers, body=answer.data)


def _model_error(name: str, status: int, message: str) -> Reply:
    """The error of the container in the form of the runtime."""
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
