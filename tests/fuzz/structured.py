"""Inputs that are sound in form and hostile in content: messages, JSON, pickles, archives."""

from __future__ import annotations

import gzip
import io
import json
import pickletools
import tarfile
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from itertools import pairwise
from random import Random
from typing import Any

from damage import Make, tar_of, zip_of
from mutation import NUMBERS, WIDER, mutated
from trees import LARGEST, Node, changed, count_for

__all__ = ["archived", "deflated", "in_json", "in_messages", "in_pickles", "in_records"]

VARINT, FIXED64, LENGTH, FIXED32 = 0, 1, 2, 5
FIXED = {FIXED64: 8, FIXED32: 4}
NAMES = ("", ".", "..", "../x", "/x", "a/b", "x" * 3000, "\x1b[31m", "\u202e", "a\0b", "._a")

# --- messages of Protocol Buffers -----------------------------------------------------------


def in_messages(seeds: Sequence[bytes]) -> Make:
    """Messages whose lengths are right, whatever is in them."""
    roots = [Node((0, LENGTH), kids=_fields(data) or []) for data in seeds]
    return lambda random: b"".join(map(_written, changed(random, roots, _scalar).kids or ()))


def _fields(data: bytes, depth: int = 0) -> list[Node] | None:
    """The fields of a message, or None for bytes that are not one."""
    nodes, at = [], 0
    while at < len(data):
        tag, at = _varint(data, at)
        number, wire = tag >> 3, tag & 7
        if wire == VARINT:
            value, at = _varint(data, at)
            nodes.append(Node((number, wire), value))
            continue
        size, at = _varint(data, at) if wire == LENGTH else (FIXED.get(wire, -1), at)
        if not 0 < number < 1 << 16 or size < 0 or at + size > len(data):
            return None
        raw, at = data[at : at + size], at + size
        kids = _fields(raw, depth + 1) if wire == LENGTH and raw and depth < 30 else None
        nodes.append(Node((number, wire), None if kids else raw, kids or None))
    return nodes


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        value |= (data[at] & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if data[at - 1] < 0x80:
            return value, at
    return 0, len(data) + 1


def _written(node: Node) -> bytes:
    number, wire = node.label
    if node.kids is not None:
        body = b"".join(map(_written, node.kids))
        return _number(number << 3 | LENGTH) + _number(len(body)) + body
    if isinstance(node.value, int):
        return _number(number << 3) + _number(node.value & (1 << 64) - 1)
    raw = node.value or b""
    if wire in FIXED:
        return _number(number << 3 | wire) + raw[: FIXED[wire]].ljust(FIXED[wire], b"\0")
    return _number(number << 3 | LENGTH) + _number(len(raw)) + raw


def _number(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out) + bytes((value,))


def _scalar(random: Random, value: Any) -> Any:
    if isinstance(value, int):
        return random.choice((*WIDER, value + 1, value * 2))
    raw = bytes(value or b"")
    other = random.choice((b"\xff", b"\0", b"x", raw[:1], b"\x80\x80\x80\x01", "\u202e".encode()))
    return random.choice((b"", raw + other, other * count_for(random, 2), raw[: len(raw) // 2]))


# --- JSON -----------------------------------------------------------------------------------


def in_json(seeds: Sequence[bytes]) -> Make:
    """Documents that parse, whatever is in them."""
    roots = [_tree(None, json.loads(data)) for data in seeds]

    def make(random: Random) -> bytes:
        return _spelled(changed(random, [Node(None, kids=[root]) for root in roots], _value))

    return make


def _tree(label: Any, value: Any) -> Node:
    if isinstance(value, dict):
        return Node(label, {}, [_tree(key, item) for key, item in value.items()])
    if isinstance(value, list):
        return Node(label, [], [_tree(None, item) for item in value])
    return Node(label, value)


def _spelled(root: Node) -> bytes:
    parts = [_text(kid) for kid in root.kids or ()]
    return (parts[0] if parts else "null").encode("utf-8", "surrogatepass")[:LARGEST]


def _text(node: Node) -> str:
    if node.kids is None:
        return json.dumps(node.value) if not isinstance(node.value, dict | list) else "[]"
    if isinstance(node.value, list) or any(kid.label is None for kid in node.kids):
        return f"[{','.join(map(_text, node.kids))}]"
    return "{" + ",".join(f"{json.dumps(str(k.label))}:{_text(k)}" for k in node.kids) + "}"


def _value(random: Random, value: Any) -> Any:
    plain: tuple[Any, ...] = (None, True, -1, 0, 1.5, -0.0, 1e308, float("nan"), 10**30, [], {})
    texts = ("", "\x9b31m", "9" * 5000, "1" * count_for(random, 1), "../../x", "(" * 200, "\u202e")
    numbers = (*NUMBERS, *(str(number) for number in NUMBERS))
    return random.choice((*plain, *texts, *numbers, value))


# --- pickles --------------------------------------------------------------------------------

OPCODES = tuple(
    b"( ( ( ) ] } 0 1 2 N t l d e u s a b R \x81 \x85 \x86 \x87 \x88 \x8f \x90 \x91 \x94".split()
)
SNIPPETS = (
    *OPCODES,
    *(b"h\0", b"q\0", b"K\1", b"M\xff\xff", b"X\1\0\0\0a", b"U\1a", b"I99\n", b"cbuiltins\nset\n"),
    *(b"ctorch\nx\n", b"Q", b"r\xff\xff\xff\xff", b"j\0\0\0\0", b"L" + b"9" * 900 + b"L\n"),
    b"\x8a\x08" + b"\x7f" * 8,
    b"ccollections\nOrderedDict\n)R",
)


def in_pickles(seeds: Sequence[bytes]) -> Make:
    """Opcodes left out, repeated, moved and mixed."""
    listed = [opcodes for data in seeds if (opcodes := _opcodes(data))]

    def make(random: Random) -> bytes:
        opcodes = list(random.choice(listed))
        for _ in range(random.randint(1, 6)):
            _shuffle(random, opcodes, random.choice(listed))
        return b"".join(opcodes)[:LARGEST] + b"."

    return make


@cache
def _opcodes(data: bytes) -> tuple[bytes, ...]:
    try:
        starts = [at for _, _, at in pickletools.genops(data) if at is not None]
    except (ValueError, EOFError):
        return ()
    return tuple(data[a:b] for a, b in pairwise(starts))


def _shuffle(random: Random, opcodes: list[bytes], others: Sequence[bytes]) -> None:
    at = random.randrange(len(opcodes) + 1)
    end = at + random.choice((1, 1, 3, 12, 80))
    part = opcodes[at:end]
    dice = random.random()
    if dice < 0.2:
        del opcodes[at:end]
    elif dice < 0.45:
        opcodes[at:at] = part * count_for(random, sum(map(len, part)))
    elif dice < 0.8:
        snippet = random.choice(SNIPPETS)
        opcodes[at:at] = [snippet] * count_for(random, len(snippet))
    else:
        start = random.randrange(len(others))
        opcodes[at:end] = others[start : start + random.choice((1, 5, 40))]


# --- archives -------------------------------------------------------------------------------


def in_records(
    holders: Sequence[Mapping[str, bytes]],
    makers: Mapping[str, Make],
    written: Callable[[Random, dict[str, bytes]], bytes] = lambda random, files: zip_of(files),
) -> Make:
    """Sound archives of which one record is made by the maker of its suffix, and others are
    repeated, renamed, emptied or left out."""

    def make(random: Random) -> bytes:
        files = dict(random.choice(holders))
        names = [name for name in files if name.endswith(tuple(makers))]
        if names and random.random() < 0.9:
            name = random.choice(names)
            files[name] = next(m for end, m in makers.items() if name.endswith(end))(random)
        while random.random() < 0.3:
            _rearrange(random, files)
        return written(random, files)

    return make


def _rearrange(random: Random, files: dict[str, bytes]) -> None:
    name = random.choice(list(files) or ["x"])
    content, dice = files.get(name, b""), random.random()
    if dice < 0.2:
        files.pop(name, None)
    elif dice < 0.4:
        files[name] = mutated(random, [content or b"x"])
    elif dice < 0.6:
        files[random.choice((*NAMES, name + random.choice(NAMES)))] = content
    elif dice < 0.8:
        for number in range(count_for(random, len(content) + 600)):
            files[f"{number}{name}"] = content
    else:
        files[name] = content * count_for(random, len(content) // 50)


def deflated(random: Random, files: Mapping[str, bytes]) -> bytes:
    """A zip of which most records are compressed."""
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as to:
        for name, content in files.items():
            to.writestr(zipfile.ZipInfo(name), content, compress_type=random.choice((8, 8, 0)))
    return buffer.getvalue()


def archived(random: Random, files: Mapping[str, bytes]) -> bytes:
    """A .tar.gz with whatever kinds of members and headers."""
    if random.random() < 0.5:
        return gzip.compress(tar_of({n: c for n, c in files.items() if "\0" not in n}), 1)
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=random.choice((1, 2))) as tar:
        for name, content in files.items():
            member = tarfile.TarInfo(name.replace("\0", "") or "x")
            kind = random.choice((b"0", b"0", b"0", b"1", b"2", b"5", b"6", b"7", b"S", b"x"))
            member.type, member.linkname = kind, random.choice(NAMES).replace("\0", "")
            if random.random() < 0.1:
                member.pax_headers = {random.choice(PAX): random.choice(("0", "1", "9" * 30, "x"))}
            member.size = len(content) if kind in b"07xS" else 0
            tar.addfile(member, io.BytesIO(content) if member.size else None)
    return gzip.compress(buffer.getvalue(), 1)


PAX = ("size", "path", "linkpath", "GNU.sparse.major", "GNU.sparse.map", "GNU.sparse.realsize")
