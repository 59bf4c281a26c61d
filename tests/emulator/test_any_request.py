"""Whatever is asked, the service answers in its own protocol and never with a bug of ours."""

from __future__ import annotations

import http.client
import json
import socket
from typing import Any

import botocore.session
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from orders import order

from neopack.emulator import Emulator, rules, validation
from neopack.emulator.replies import AwsError

OPERATIONS = [
    "CreateCompilationJob", "DescribeCompilationJob", "ListCompilationJobs", "CreateModel",
    "CreateEndpointConfig", "CreateEndpoint", "UpdateEndpoint", "ListEndpoints", "AddTags",
]  # fmt: skip
WORDS = st.sampled_from(
    ["CompilationJobName", "InputConfig", "OutputConfig", "S3Uri", "Tags", "MaxResults", "", "é"]
)
PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=70)
JSON = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4),
    max_leaves=12,
)


@given(operation=st.sampled_from(OPERATIONS), request=st.dictionaries(WORDS, JSON, max_size=5))
def test_the_model_is_never_at_a_loss(operation: str, request: dict[str, Any]) -> None:
    try:
        validation.checked(operation, request)
    except AwsError as error:
        assert error.code in ("ValidationException", "SerializationException")  # noqa: PT017


@example(place="OutputConfig", name="TargetDevice", value=None)
@given(
    place=st.sampled_from(["InputConfig", "OutputConfig", "StoppingCondition", ""]),
    name=st.sampled_from(
        ["S3Uri", "Framework", "TargetDevice", "CompilerOptions", "RoleArn", "VpcConfig"]
    ),
    value=JSON,
)
def test_a_request_with_one_thing_changed(place: str, name: str, value: Any) -> None:
    request = order()
    (request[place] if place else request)[name] = value
    try:
        rules.refuse(validation.checked("CreateCompilationJob", request), "us-west-2")
    except AwsError as error:
        assert error.message  # noqa: PT017


@given(text=st.text(max_size=40))
def test_tags_take_letters_numbers_and_spaces_of_any_script(text: str) -> None:
    """As Java's classes say: L, Z, N and a few signs."""
    import unicodedata

    arn = "arn:aws:sagemaker:us-west-2:123456789012:model/m"
    request = {"ResourceArn": arn, "Tags": [{"Key": "k", "Value": text}]}
    allowed = all(c in "_.:/=+-@" or unicodedata.category(c)[0] in "LZN" for c in text)
    try:
        validation.checked("AddTags", request)
    except AwsError:
        assert not allowed
    else:
        assert allowed


def test_every_operation_of_the_emulator_is_one_of_the_model() -> None:
    model = botocore.session.get_session().get_service_model("sagemaker")
    assert set(OPERATIONS) <= set(model.operation_names)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/", b"[]"),
        ("POST", "/", b"\xff"),
        ("POST", "/endpoints//invocations", b""),
        ("GET", "/nothing", b""),
        ("POST", "/endpoints/net/invocations", b""),
    ],
)
def test_what_no_sdk_would_send_is_answered(
    aws: Emulator, method: str, path: str, body: bytes
) -> None:
    scope = "AWS4-HMAC-SHA256 Credential=KEY/20261121/us-west-2/sagemaker/aws4_request, x"
    headers = {"Authorization": scope, "X-Amz-Target": "SageMaker.CreateModel"}
    if path != "/":
        del headers["X-Amz-Target"]
    asked = http.client.HTTPConnection(aws.url.removeprefix("http://"))
    asked.request(method, path, body=body, headers=headers)
    with asked.getresponse() as answer:
        assert 400 <= answer.status < 500
        assert json.loads(answer.read())["__type"]
    asked.close()


@pytest.mark.parametrize(
    ("service", "path"),
    [
        ("sagemaker", "/"),
        ("sagemaker", "/endpoints/net/invocations"),
        ("iam", "/"),
    ],
)
@pytest.mark.parametrize("length", [f"Content-Length: {10**20}", "Transfer-Encoding: chunked"])
def test_a_body_that_cannot_be_read_is_the_client_s_fault(
    aws: Emulator, service: str, path: str, length: str
) -> None:
    address, port = aws.url.removeprefix("http://").split(":")
    target = "X-Amz-Target: SageMaker.ListEndpoints\r\n" if path == "/" else ""
    scope = f"AWS4-HMAC-SHA256 Credential=KEY/20261121/us-west-2/{service}/aws4_request"
    with socket.create_connection((address, int(port)), timeout=30) as asked:
        head = f"POST {path} HTTP/1.1\r\nHost: {address}\r\n{target}"
        asked.sendall(f"{head}Authorization: {scope}\r\n{length}\r\n\r\nzz\r\n".encode())
        asked.shutdown(socket.SHUT_WR)
        assert asked.recv(100).startswith(b"HTTP/1.1 400")
