"""Load tests and experiments on an endpoint of the emulator, and how their requests are signed."""

from __future__ import annotations

import hashlib
import hmac
import json
from functools import reduce
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from cloud import QUICK, Cloud

from neopack.emulator import EmulatorScript, Span, Timeline
from neopack.options import Connection
from neopack.sagemaker.invocations import Invocations

SHORT = ("--callers", "2", "--seconds", "0.6", "--warm-up", "0.1")
SEEN = Timeline(starting=Span(describes=1), running=Span(describes=1), stopping=Span(describes=1))
NAME = "onnx-ml-c5"


@pytest.fixture
def deployed(cloud: Cloud) -> Cloud:
    cloud.aws.script(EmulatorScript(clock="manual", timeline=QUICK, endpoint=SEEN))
    assert cloud.compile().code == 0
    deploy = ("deploy", "onnx-ml_c5.tar.gz", "--instance", "ml.c5.xlarge", "--poll", "0")
    assert cloud.neopack(*deploy, "--no-smoke").code == 0
    return cloud


def test_an_endpoint_is_loaded_and_compared_with_a_file(deployed: Cloud) -> None:
    prices = {"hourly": {"ml.c5.xlarge": 0.25, "ml.c4.xlarge": 0.5}, "currency": "USD"}
    Path("prices.json").write_text(json.dumps(prices))
    answer = deployed.neopack(
        "loadtest", f"endpoint:{NAME}", "--goldens", "onnx.tar.gz", *SHORT, "--format", "json"
    )
    assert answer.code == 0, answer.err
    (stage,) = answer.document["stages"]
    assert (stage["errors"], stage["requests"] > 10) == ({}, True)
    assert answer.document["difference"] < 1e-3
    answer = deployed.neopack(
        "experiment", "onnx.tar.gz", f"endpoint:{NAME}", *SHORT, "--rounds", "2",
        "--prices", "prices.json", "--instance", "ml.c4.xlarge", "--format", "json",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    here, there = answer.document["measured"]
    assert (here["instance"], there["instance"]) == ("ml.c4.xlarge", "ml.c5.xlarge")
    assert (here["price"]["hourly"], there["price"]["hourly"]) == (0.5, 0.25)
    assert (there["kind"], there["content_type"]) == ("endpoint", "application/json")


def test_an_endpoint_that_fails_is_counted_by_aws_s_own_name(deployed: Cloud) -> None:
    Path("bad.json").write_text("[[]]")
    answer = deployed.neopack("loadtest", f"endpoint:{NAME}", "--payload", "bad.json", *SHORT)
    assert answer.code == 6
    assert "gave no right answer: status 424 ModelError" in answer.err


@pytest.mark.parametrize("name", ["absent", ""])
def test_no_such_endpoint(cloud: Cloud, name: str) -> None:
    answer = cloud.neopack("loadtest", f"endpoint:{name}", "--goldens", "onnx.tar.gz", *SHORT)
    assert answer.code == (5 if name else 2)
    assert len(answer.errors) == 1


def test_requests_are_signed_as_aws_documents_it(deployed: Cloud) -> None:
    """Signature Version 4 by hand: IAM user guide, "Create a signed AWS API request"."""
    made = Invocations(Connection(), NAME)
    asked = {"Content-Type": "application/x-npy", "Accept": "application/json"}
    headers = {k.lower(): v for k, v in made.signed(b"body", asked).items()}
    place = urlsplit(made.url)
    scope, signed, signature = (
        part.partition("=")[2] for part in headers["authorization"].split(" ", 1)[1].split(", ")
    )
    key_id, *words = scope.split("/")
    assert (key_id, words[1:]) == ("EMULATEDACCESSKEY", ["us-west-2", "sagemaker", "aws4_request"])
    known = {**headers, "host": place.netloc}
    lines = [f"{name}:{known[name]}" for name in signed.split(";")]
    assert {"host", "content-type", "x-amz-date"} <= set(signed.split(";"))
    body = hashlib.sha256(b"body").hexdigest()
    canonical = "\n".join(["POST", place.path, "", *lines, "", signed, body])
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    text = "\n".join(["AWS4-HMAC-SHA256", headers["x-amz-date"], "/".join(words), digest])
    key = reduce(lambda key, word: _mac(key, word), words, b"AWS4emulated")
    assert _mac(key, text).hex() == signature


def _mac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
