"""Answers in AWS's protocols: JSON 1.1, REST JSON, query XML, S3's XML."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

__all__ = ["QUERY", "AwsError", "Reply", "answer", "refusal"]

# services that answer in XML of the query protocol
QUERY = frozenset({"sts", "iam"})


class AwsError(Exception):
    """An error of a service: code, message, HTTP status."""

    def __init__(self, code: str, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    status: int
    headers: Mapping[str, str]
    body: bytes


def answer(data: Mapping[str, Any]) -> Reply:
    """Return a reply in JSON 1.1, in which timestamps are numbers."""
    headers = {"Content-Type": "application/x-amz-json-1.1"}
    return Reply(status=200, headers=headers, body=json.dumps(data).encode())


def refusal(service: str, error: AwsError) -> Reply:
    """Return an error in the service's own protocol."""
    if service == "s3":
        return _xml(error, "<Error><Code>{code}</Code><Message>{message}</Message></Error>")
    if service in QUERY:
        return _xml(
            error,
            "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code>"
            "<Message>{message}</Message></Error></ErrorResponse>",
        )
    headers = {"Content-Type": "application/x-amz-json-1.1", "x-amzn-ErrorType": error.code}
    body = json.dumps({"__type": error.code, "message": error.message}).encode()
    return Reply(status=error.status, headers=headers, body=body)


def _xml(error: AwsError, form: str) -> Reply:
    text = form.format(code=escape(error.code), message=escape(error.message))
    body = f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()
    return Reply(status=error.status, headers={"Content-Type": "application/xml"}, body=body)
