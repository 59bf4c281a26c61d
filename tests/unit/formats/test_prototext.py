"""Text form to wire form: what is wanted arrives, all else is stepped over."""

from __future__ import annotations

import pytest

from neopack.errors import LimitExceeded, Malformed
from neopack.formats import prototext
from neopack.formats.guard import Limits
from neopack.formats.protobuf import Walker
from neopack.formats.prototext import Schema, first_name, transcode
from neopack.formats.source import BytesSource, Cursor

COLOURS = {"RED": 1, "BLUE": 2}
SCHEMA: Schema = {
    "Outer": {"name": (1, "text"), "count": (2, "int"), "inner": (3, "Inner"), "on": (4, "bool")},
    "Inner": {"colour": (1, COLOURS), "sizes": (2, "int"), "text": (3, "text")},
}


def wire(text: str | bytes, limits: Limits | None = None) -> bytes:
    data = text.encode() if isinstance(text, str) else text
    return transcode(BytesSource("t", data), SCHEMA, "Outer", limits or Limits())


def fields(data: bytes) -> list[tuple[int, int | bytes]]:
    walker = Walker(Cursor(BytesSource("w", data)))
    return [
        (field.number, walker.raw(field) if field.wire == 2 else walker.integer(field))
        for field in walker.top()
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", []),
        ("# a remark\nname: 'x' # another", [(1, b"x")]),
        ('name: "a" "b"\n  \'c\'', [(1, b"abc")]),
        (r'name: "\n\t\"\\\101\x42\u00e9"', [(1, b'\n\t"\\AB\xc3\xa9')]),
        ("count: -7", [(2, -7)]),
        ("count: - 7", [(2, -7)]),
        ("count: 0x1F", [(2, 31)]),
        ("count: 017", [(2, 15)]),
        ("on: true on: false", [(4, 1), (4, 0)]),
        ("unknown: 1.5e9f name: 'x'", [(1, b"x")]),
        ("unknown { name: 'no' deep < a: [1, 2] > } name: 'x';", [(1, b"x")]),
        ("[some.extension] { a: 1 } name: 'x'", [(1, b"x")]),
        ("unknown: -inf unknown: nan, name: 'x'", [(1, b"x")]),
        ("inner { colour: BLUE }", [(3, b"\x08\x02")]),
        ("inner: < colour: RED sizes: [1, 2] >", [(3, b"\x08\x01\x10\x01\x10\x02")]),
        ("inner: [{ sizes: 1 }, { sizes: 2 }]", [(3, b"\x10\x01"), (3, b"\x10\x02")]),
    ],
)
def test_what_a_text_means(text: str, expected: list[tuple[int, int | bytes]]) -> None:
    assert fields(wire(text)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "name",
        "name: 1",
        "name { }",
        "count: 'x'",
        "inner: 1",
        "name: ",
        'name: "open',
        'name: "a\nb"',
        "inner { colour: BLUE",
        "inner { colour: GREEN }",
        "inner }",
        "count: 99999999999999999999",
        "count: 08",
        "\x00",
        "{",
    ],
)
def test_what_is_no_text_says_where(text: str) -> None:
    with pytest.raises(Malformed) as caught:
        wire(text)
    assert caught.value.offset is not None


@pytest.mark.parametrize("pad", range(5))
def test_tokens_may_lie_across_chunks(pad: int) -> None:
    """A name, an escape and a string that begin in one chunk of reading and end in the next."""
    for edge in range(prototext.CHUNK - 12, prototext.CHUNK + 1):
        text = " " * (edge + pad) + r'count: 31 name: "a\101b" # end' + "\n" + "on: true"
        assert fields(wire(text)) == [(2, 31), (1, b"aAb"), (4, 1)]


def test_a_long_string_that_is_not_wanted_is_not_kept() -> None:
    text = 'unknown: "' + r"\001x" * 50_000 + "\" name: 'x'"
    assert fields(wire(text, Limits(record_bytes=100))) == [(1, b"x")]
    with pytest.raises(LimitExceeded, match="record bytes"):
        wire("name: '" + "x" * 101 + "'", Limits(record_bytes=100))


def test_depth_is_bounded() -> None:
    with pytest.raises(LimitExceeded, match="depth"):
        wire("a {" * 50 + "}" * 50, Limits(depth=20))


@pytest.mark.parametrize(
    ("data", "name"),
    [
        (b"node{", "node {"),
        (b" # x\nnode : 1", "node:"),
        (b"node", ""),
        (b"\x08\x01", ""),
        (b"", ""),
    ],
)
def test_the_first_name(data: bytes, name: str) -> None:
    assert first_name(BytesSource("t", data)) == name
