"""Convert the text format of Protocol Buffers to the wire format, for the fields of a schema.

Format: https://protobuf.dev/reference/protobuf/textformat-spec. Fields outside the schema are
skipped, even strings of any length, so a file of weights takes no more memory than one chunk.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.protobuf import LENGTH, VARINT
from neopack.formats.source import ByteSource

__all__ = ["Message", "Schema", "first_name", "transcode"]

# name -> (number, type): "int", "bool", "text", the name of a message, or the values of an enum
Message = Mapping[str, "tuple[int, str | Mapping[str, int]]"]
Schema = Mapping[str, Message]

CHUNK = 64 << 10
TOKEN = 2  # operations
_BLANKS = rb" \t\r\n\v\f"
# most strings are whole and without escapes: one match; a quote alone begins any other
_TOKEN = re.compile(
    rb"[%s]*+(?:(?P<name>[A-Za-z_][A-Za-z0-9_./]*+)|(?P<number>[+-]?\.?[0-9][0-9A-Za-z.+-]*+)"
    rb"|(?P<whole>\"[^\"\\\n]*+\"|'[^'\\\n]*+')|(?P<quote>[\"'])|(?P<sign>[-{}<>\[\]:,;]))"
    % _BLANKS
)
_BLANK = re.compile(rb"[%s]*+" % _BLANKS)
_NOT_AHEAD = frozenset(b"# \t\r\n\v\f")
_IN_STRING = {
    quote: re.compile(rb"(?:[^\\\n%s]++|\\.)*+" % quote, re.DOTALL) for quote in (b'"', b"'")
}
_ESCAPE = re.compile(
    rb"\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|.)", re.DOTALL
)
_ESCAPES = {
    b"n": b"\n",
    b"r": b"\r",
    b"t": b"\t",
    b"a": b"\a",
    b"b": b"\b",
    b"f": b"\f",
    b"v": b"\v",
}
_CLOSING = {b"{": b"}", b"<": b">"}
_WORDS = {b"true": 1, b"True": 1, b"t": 1, b"false": 0, b"False": 0, b"f": 0}


class _Token(NamedTuple):
    """``kind``: name, number, text, sign, or end."""

    kind: str
    value: bytes
    offset: int


def transcode(
    source: ByteSource, schema: Schema, root: str, limits: Limits = DEFAULT_LIMITS
) -> bytes:
    """Return the message ``root`` in the wire format. Raises ``Malformed`` with the offset."""
    return _Parser(source, schema, limits).message(root, b"", 0)


def first_name(source: ByteSource) -> str:
    """Return the name of the first field and its sign, such as ``node {`` or ``version:``, or ""
    if the file is not in this format."""
    try:
        scanner = _Scanner(source, DEFAULT_LIMITS)
        name, sign = scanner.take(), scanner.take()
    except Malformed:
        return ""
    if name.kind != "name" or sign.value not in (b":", b"{"):
        return ""
    return f"{name.value.decode('ascii')}{' ' * (sign.value == b'{')}{sign.value.decode('ascii')}"


class _Scanner:
    """Reads the tokens of a source in chunks."""

    def __init__(self, source: ByteSource, limits: Limits) -> None:
        self.source, self.limits = source, limits
        self._budget = limits.begun(source.size)
        self._buffer, self._at, self._base = b"", 0, 0

    def ahead(self) -> bytes:
        """The first byte of the next token, or b"" at the end."""
        if self._at == len(self._buffer) or self._buffer[self._at] in _NOT_AHEAD:
            self._skip_blank()
        return self._buffer[self._at : self._at + 1]

    def take(self, *, keep: bool = True) -> _Token:
        """The next token. Without ``keep``, a string is skipped and returned empty."""
        self._budget.spend(TOKEN, self.source.name)
        match = _TOKEN.match(self._buffer, self._at)
        if match is None or match.end() == len(self._buffer):  # the token may go on
            self._skip_blank()
            if self._at == len(self._buffer):
                return _Token("end", b"", self._base + self._at)
            match = self._token()
        if match is None or match.lastgroup is None:
            raise self.broken("not text of Protocol Buffers", self._base + self._at)
        kind, value = match.lastgroup, match.group(match.lastgroup)
        offset, self._at = self._base + match.end() - len(value), match.end()
        if kind == "quote":
            return _Token("text", self._string(value, keep=keep, start=offset), offset)
        if kind == "whole" and keep:
            self.limits.hold("record_bytes", len(value) - 2, where=self.source.name)
        return (
            _Token("text", value[1:-1], offset) if kind == "whole" else _Token(kind, value, offset)
        )

    def broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=offset, where=self.source.name)

    def _token(self) -> re.Match[bytes] | None:
        match = _TOKEN.match(self._buffer, self._at)
        longest = self.limits.name_bytes
        while match and match.end() == len(self._buffer) and match.end() - self._at <= longest:
            grown = self._more()
            match = _TOKEN.match(self._buffer, self._at)
            if not grown:
                break
        return match

    def _skip_blank(self) -> None:
        while True:
            match = _BLANK.match(self._buffer, self._at)
            self._at = match.end() if match else self._at
            if self._buffer[self._at : self._at + 1] == b"#":
                self._skip_comment()
            elif self._at < len(self._buffer) or not self._more():
                return

    def _skip_comment(self) -> None:
        while True:
            end = self._buffer.find(b"\n", self._at)
            self._at = len(self._buffer) if end < 0 else end + 1
            if end >= 0 or not self._more():
                return

    def _string(self, quote: bytes, *, keep: bool, start: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        while True:
            match = _IN_STRING[quote].match(self._buffer, self._at)
            end = match.end() if match else self._at
            if keep:
                pieces.append(self._buffer[self._at : end])
                size += end - self._at
                self.limits.hold("record_bytes", size, where=self.source.name)
            self._at = end
            if self._buffer[end : end + 1] == quote:
                self._at = end + 1
                return _unescaped(b"".join(pieces))
            if self._buffer[end : end + 1] not in (b"", b"\\") or not self._more():
                raise self.broken("a text without an end", start)

    def _more(self) -> bool:
        """Read the next chunk and drop the consumed bytes."""
        read = self._base + len(self._buffer)
        data = self.source.read(read, CHUNK)
        self._buffer = self._buffer[self._at :] + data
        self._base, self._at = self._base + self._at, 0
        return bool(data)


class _Parser:
    def __init__(self, source: ByteSource, schema: Schema, limits: Limits) -> None:
        self.schema, self.limits = schema, limits
        self.scanner = _Scanner(source, limits)

    def message(self, name: str | None, closing: bytes, depth: int) -> bytes:
        """A message up to ``closing``, or to the end. Without a name, it is skipped."""
        self.limits.hold("depth", depth, where=self.scanner.source.name)
        fields: Message = self.schema[name] if name else {}
        out = bytearray()
        while True:
            token = self.scanner.take()
            if token.value == closing and token.kind in ("sign", "end"):
                return bytes(out)
            if token.value in (b",", b";") and token.kind == "sign":
                continue
            out += self._field(token, fields, depth)

    def _field(self, token: _Token, fields: Message, depth: int) -> bytes:
        if token.value == b"[" and token.kind == "sign":  # an extension, or Any: skipped
            while self.scanner.take().value not in (b"]", b""):
                pass
        elif token.kind not in ("name", "number"):
            raise self.scanner.broken("a field name was expected", token.offset)
        number, kind = fields.get(token.value.decode("ascii"), (0, ""))
        if self.scanner.ahead() == b":":
            self.scanner.take()
        if self.scanner.ahead() != b"[":
            return self._value(number, kind, depth)
        self.scanner.take()
        out = bytearray()
        while self.scanner.ahead() not in (b"]", b""):
            out += self._value(number, kind, depth)
            if self.scanner.ahead() == b",":
                self.scanner.take()
        self.scanner.take()
        return bytes(out)

    def _value(self, number: int, kind: str | Mapping[str, int], depth: int) -> bytes:
        token = self.scanner.take(keep=bool(number))
        if token.kind == "sign" and token.value in _CLOSING:
            name = kind if isinstance(kind, str) and kind in self.schema else None
            if number and name is None:
                raise self.scanner.broken("a message where a value was expected", token.offset)
            content = self.message(name, _CLOSING[token.value], depth + 1)
            return _span(number, content) if name else b""
        if token.value == b"-":  # a sign separate from its number
            token = self.scanner.take()
            token = _Token(token.kind, b"-" + token.value, token.offset)
        if token.kind not in ("name", "number", "text"):
            raise self.scanner.broken("a value was expected", token.offset)
        if token.kind == "text":
            return self._text(token, number, kind)
        return self._scalar(token, number, kind)

    def _text(self, token: _Token, number: int, kind: str | Mapping[str, int]) -> bytes:
        if number and kind != "text":
            raise self.scanner.broken("a string where none is allowed", token.offset)
        content = token.value
        while self.scanner.ahead() in (b'"', b"'"):
            content += self.scanner.take(keep=bool(number)).value
        return _span(number, content) if number else b""

    def _scalar(self, token: _Token, number: int, kind: str | Mapping[str, int]) -> bytes:
        if isinstance(kind, str):
            if not number:
                return b""
            if kind not in ("int", "bool"):
                raise self.scanner.broken(
                    f"a number or word where a {kind} was expected", token.offset
                )
            value = _WORDS.get(token.value)
        else:
            value = kind.get(token.value.decode("ascii"))
        if value is None:
            value = _integer(token.value)
        if value is None or not -(1 << 63) <= value < 1 << 64:
            raise self.scanner.broken(f"{token.value[:40]!r} is not a valid value", token.offset)
        return _varint(number << 3 | VARINT) + _varint(value & 0xFFFFFFFFFFFFFFFF)


def _integer(text: bytes) -> int | None:
    try:
        digits = text.lstrip(b"+-")
        octal = len(digits) > 1 and digits.startswith(b"0") and digits.isdigit()
        return int(text, 8) if octal else int(text, 0)
    except ValueError:
        return None


def _span(number: int, content: bytes) -> bytes:
    return _varint(number << 3 | LENGTH) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def _unescaped(raw: bytes) -> bytes:
    return _ESCAPE.sub(_escape, raw) if b"\\" in raw else raw


def _escape(match: re.Match[bytes]) -> bytes:
    code = match.group(1)
    if code[:1] == b"x" and len(code) > 1:
        return bytes([int(code[1:], 16)])
    if code[:1] in b"01234567":
        return bytes([int(code, 8) & 0xFF])
    if code[:1] in b"uU" and len(code) > 1:
        return chr(min(int(code[1:], 16), 0x10FFFF)).encode("utf-8", "replace")
    return _ESCAPES.get(code, code)
