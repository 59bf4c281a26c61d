"""Clients that call AWS by addresses of their own: the variables lead them here all the same."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import boto3
import pytest

from neopack.emulator import Emulator, EmulatorScript
from neopack.emulator.proxy import is_aws


@pytest.fixture
def session(aws: Emulator, monkeypatch: pytest.MonkeyPatch) -> boto3.session.Session:
    for name, value in aws.environment.items():
        monkeypatch.setenv(name, value)
    return boto3.session.Session()


def arn(session: boto3.session.Session, **place: str) -> str:
    return str(session.client("sts", **place).get_caller_identity()["Arn"])


def test_the_address_that_the_sagemaker_sdk_asks_is_the_emulator(
    session: boto3.session.Session, aws: Emulator
) -> None:
    whole = "arn:aws:sts::123456789012:assumed-role/neo/neopack"
    for region in ("us-west-2", "eu-central-1"):
        assert arn(session, endpoint_url=f"https://sts.{region}.amazonaws.com") == whole
    assert arn(session) == whole
    assert len(aws.seen("sts", "GetCallerIdentity")) == 3
    aws.script(EmulatorScript(roles=("other", "neo")))
    assert arn(session) == whole.replace("role/neo", "role/other")
    aws.script(EmulatorScript(roles=()))
    assert "assumed-role" not in arn(session)


def test_large_bodies_come_through_it_and_back(session: boto3.session.Session) -> None:
    s3 = session.client("s3", endpoint_url="https://s3.us-west-2.amazonaws.com")
    where = {"LocationConstraint": "us-west-2"}
    s3.create_bucket(Bucket="mine", CreateBucketConfiguration=where)
    body = bytes(range(256)) * 20_000
    s3.put_object(Bucket="mine", Key="large", Body=body)
    assert s3.get_object(Bucket="mine", Key="large")["Body"].read() == body


class _Elsewhere(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "9")
        self.end_headers()
        self.wfile.write(b"elsewhere")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def elsewhere() -> Iterator[int]:
    """The port of a server that is not the emulator."""
    with HTTPServer(("127.0.0.1", 0), _Elsewhere) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def tunneled(proxy: Emulator, port: int) -> bytes:
    host, _, own = proxy.url.removeprefix("http://").partition(":")
    connection = http.client.HTTPConnection(host, int(own), timeout=30)
    connection.set_tunnel("127.0.0.1", port)
    connection.request("GET", "/")
    return connection.getresponse().read()


def test_other_hosts_are_reached_through_it(
    aws: Emulator, elsewhere: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tunneled(aws, elsewhere) == b"elsewhere"
    with pytest.raises(OSError, match="502"):
        tunneled(aws, 1)
    # and through the proxy that this machine needs
    monkeypatch.setenv("https_proxy", aws.url)
    with Emulator() as behind:
        assert tunneled(behind, elsewhere) == b"elsewhere"
        with pytest.raises(OSError, match="502"):
            tunneled(behind, 1)


@pytest.mark.parametrize(
    ("host", "here"),
    [
        ("sts.us-west-2.amazonaws.com", True),
        ("models.s3.cn-north-1.amazonaws.com.cn", True),
        ("pypi.org", False),
        ("amazonaws.com.example.org", False),
        ("notamazonaws.com", False),
    ],
)
def test_only_hosts_of_aws_end_here(host: str, here: bool) -> None:
    assert is_aws(host) == here
