"""Addresses: which are one, and what is shown of them."""

from __future__ import annotations

import pytest

from neopack.errors import UsageError
from neopack.loadtests.destination import destination_of, masked


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("http://h:1/p", "http://h:1/p"),
        ("http://me:pass@h/p", "http://***@h/p"),
        ("https://me:p%40ss:w@rd@h:8/", "https://***@h:8/"),
        ("http://token@h", "http://***@h"),
        ("http://h/p?a=1&X-Amz-Signature=abc&b=2", "http://h/p?a=1&X-Amz-Signature=***&b=2"),
        ("http://h/p?access_token=abc#f", "http://h/p?access_token=***#f"),
        ("http://h/a@b", "http://h/a@b"),
    ],
)
def test_secrets_are_masked(address: str, shown: str) -> None:
    assert masked(address) == shown


@pytest.mark.parametrize(
    "address", ["ftp://h", "http://", "http://:80", "http://h:port", "http://[::1", "http://h:0"]
)
def test_what_is_not_an_address(address: str) -> None:
    with pytest.raises(UsageError, match="is not an address"):
        destination_of(address)


def test_an_address_without_a_path_is_a_container_s() -> None:
    assert destination_of("http://h:8080").url == "http://h:8080/invocations"
    assert destination_of("http://h:8080/?v=1").url == "http://h:8080/invocations?v=1"
    assert destination_of("http://h:8080/v1/models/m:predict").url.endswith("m:predict")
