"""neopack.formats.text: what is a text by its first bytes."""

from __future__ import annotations

import pytest

from neopack.formats.text import is_text


@pytest.mark.parametrize(
    ("head", "text"),
    [
        (b"", False), (b"a\n", True), ("größer".encode(), True), ("größ".encode()[:4], True),
        (b"\xff\xfe", False), (b"a\0b", False), ("größer".encode("latin-1"), False),
    ],
)  # fmt: skip
def test_what_is_a_text(head: bytes, text: bool) -> None:
    assert is_text(head) == text
