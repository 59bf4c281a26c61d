"""Read HDF5 files as Keras writes them: groups, attributes and dataset shapes, but never data.

The HDF5 library follows links into other files and has crashed on damaged ones. Here only hard
links are followed (others are reported), each place is read once, and all counts are bounded.
Format: The HDF Group, "HDF5 File Format Specification Version 3.0".

Metadata is scattered between the data, and seeking back inside an archive costs a whole pass. So
each object is read by a generator that requests bytes, and the requests of all generators are
served in elevator order: upward through the file, then from the start again.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias, TypeVar

from neopack.errors import Malformed
from neopack.formats import hdf5_dense, hdf5_messages
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.hdf5_messages import Fields, Message, Raw
from neopack.formats.source import ByteSource
from neopack.values.json import Json

__all__ = ["MAGIC", "Hdf5Object", "Hdf5Tree", "read_tree"]

MAGIC = b"\x89HDF\r\n\x1a\n"
# bytes read around a request: the next ones mostly belong to it, the last ones were just read
AHEAD = 512

T = TypeVar("T")
# a step yields (offset, length) and is sent exactly that many bytes
Steps: TypeAlias = Generator[tuple[int, int], bytes, T]


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdf5Object:
    """A group or a dataset. ``shape`` is None for a group. ``data`` is the offset of a dataset's
    ``bytes`` where they are in one piece and little-endian. ``links`` names the links that were
    not followed and their kind ("soft", "external"). ``attributes`` holds strings, numbers and
    lists of them."""

    path: str
    offset: int
    attributes: Mapping[str, Json] = field(default_factory=dict)
    shape: tuple[int, ...] | None = None
    dtype: str = ""
    bytes: int = 0
    data: int | None = None
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hdf5Tree:
    """Every object by path (``""`` for the root), parents before children."""

    nodes: Mapping[str, Hdf5Object]

    def children(self, path: str) -> list[str]:
        """The names directly below a group, in the order of their objects in the file."""
        start = f"{path}/" if path else ""
        below = (name for name in self.nodes if name and name.startswith(start))
        return [rest for name in below if "/" not in (rest := name[len(start) :])]

    def attributes(self, path: str) -> Mapping[str, Json]:
        node = self.nodes.get(path)
        return node.attributes if node is not None else {}


def read_tree(
    source: ByteSource, limits: Limits = DEFAULT_LIMITS, *, root_only: bool = False
) -> Hdf5Tree:
    """Read the tree. ``root_only`` reads the root's attributes and the names of its children.

    Raises ``Malformed`` with the offset at which the file breaks the format or ends too early.
    """
    reader = _Reader(source, limits, root_only=root_only)
    reader.run(reader.file())
    nodes = sorted(reader.nodes, key=lambda node: (node.path.count("/"), node.offset, node.path))
    return Hdf5Tree(nodes={node.path: node for node in nodes})


class _Link(NamedTuple):
    name: str
    address: int


class _Reader:
    def __init__(self, source: ByteSource, limits: Limits, *, root_only: bool) -> None:
        self._source, self._limits, self._root_only = source, limits, root_only
        self._fields = Fields(where=source.name)
        self._waiting: list[tuple[int, int, int, Steps[None]]] = []
        self._number = itertools.count()
        self._seen: set[int] = set()
        self._heaps: dict[int, Mapping[int, bytes]] = {}
        self._budget = limits.begun(source.size)
        self._spent = self._kept = self._served = 0
        self._ahead_from, self._ahead = 0, b""
        self.nodes: list[Hdf5Object] = []

    # --- serving requests in the order of the file ------------------------------------------

    def run(self, first: Steps[None]) -> None:
        self._start(first)
        below: list[tuple[int, int, int, Steps[None]]] = []
        position = 0
        while self._waiting or below:
            if not self._waiting:
                self._waiting, below, position = below, [], 0
                heapq.heapify(self._waiting)
            request = heapq.heappop(self._waiting)
            if request[0] < position:
                below.append(request)
                continue
            offset, _, length, steps = request
            position = offset
            self._advance(steps, self._read(offset, length))

    def _spend(self, operations: int) -> None:
        self._spent += operations
        self._budget.spend(operations, self._source.name)

    def _start(self, steps: Steps[None]) -> None:
        self._advance(steps, None)

    def _advance(self, steps: Steps[None], data: bytes | None) -> None:
        self._spend(1)
        try:
            offset, length = steps.send(data)  # type: ignore[arg-type]
        except StopIteration:
            return
        heapq.heappush(self._waiting, (offset, next(self._number), length, steps))

    def _read(self, offset: int, length: int) -> bytes:
        if length < 0 or offset < 0 or offset + length > self._source.size:
            raise Malformed(
                f"points {length} bytes at {offset} past its end",
                offset=min(max(offset, 0), self._source.size),
                where=self._source.name,
                hint="the file is cut short or damaged; fetch or save it again",
            )
        self._limits.hold("record_bytes", length, where=self._source.name)
        at, ahead = offset - self._ahead_from, self._ahead
        if not 0 <= at <= len(ahead):
            at, ahead = 0, b""
        if at + length > len(ahead):
            kept = ahead[at:]
            more = self._source.read(offset + len(kept), max(length, AHEAD) - len(kept))
            self._served += len(more)
            at, ahead = 0, kept + more
            self._ahead_from, self._ahead = offset, ahead
        if self._served > AHEAD * self._spent + 2 * self._source.size:
            raise self._broken("its parts overlap", offset)
        if at + length > len(ahead):
            raise self._broken("ends too early", offset + len(ahead))
        return ahead[at : at + length]

    def _once(self, address: int, part: str) -> None:
        """Refuse to read a structure twice: two pointers to it, or a circle, are damage."""
        if address in self._seen:
            raise self._broken(f"{part} is pointed at twice", address)
        self._seen.add(address)

    def _broken(self, message: str, offset: int) -> Malformed:
        return Malformed(message, offset=offset, where=self._source.name)

    # --- the file and its objects -----------------------------------------------------------

    def file(self) -> Steps[None]:
        head = yield 0, min(96, self._source.size)
        root, end = self._fields.superblock(head)
        if end > self._source.size:
            raise Malformed(
                f"was {end} bytes long when it was written; {self._source.size} are left",
                offset=self._source.size,
                where=self._source.name,
                hint="the file is cut short; fetch or save it again",
            )
        yield from self._object("", root, 0)

    def _object(self, path: str, address: int, depth: int) -> Steps[None]:
        """Read a group or dataset, and the objects that a group links to."""
        if address in self._seen:
            return  # a second name of the same object, or a circle
        self._seen.add(address)
        self._limits.hold("depth", depth, where=self._source.name)
        self._limits.hold("records", len(self._seen), where=self._source.name)
        raws = yield from self._messages(address)
        links, others = yield from self._links(raws)
        attributes: dict[str, Json] = {}
        for raw in raws:
            if raw.kind == Message.ATTRIBUTE:
                name, value = yield from self._attribute(raw)
                attributes[name] = value
            elif raw.kind == Message.ATTRIBUTE_INFO:
                attributes |= yield from self._dense_attributes(raw)
        self.nodes.append(self._node(path, address, raws, attributes, others))
        for link in links:
            below = f"{path}/{link.name}" if path else link.name
            if self._root_only:
                self.nodes.append(Hdf5Object(path=below, offset=link.address))
                continue
            self._start(self._object(below, link.address, depth + 1))

    def _node(
        self,
        path: str,
        address: int,
        raws: list[Raw],
        attributes: Mapping[str, Json],
        others: list[tuple[str, str]],
    ) -> Hdf5Object:
        kinds = {raw.kind: raw for raw in raws}
        if Message.EXTERNAL in kinds:
            raise self._broken("a dataset stores its data in another file", address)
        node = Hdf5Object(path=path, offset=address, attributes=attributes, links=tuple(others))
        if Message.DATASPACE not in kinds or Message.DATATYPE not in kinds:
            return node
        space, kind = kinds[Message.DATASPACE], kinds[Message.DATATYPE]
        shape = self._fields.dataspace(space.data, space.offset)
        dtype = self._fields.datatype(kind.data, kind.offset)
        size = dtype.size
        for dim in shape:
            size *= dim
        data = None
        if Message.LAYOUT in kinds:
            data = self._data(kinds[Message.LAYOUT], size, dtype.name)
        if kind.data[1] & 1:  # big-endian
            data = None
        return replace(node, shape=shape, dtype=dtype.name, bytes=size, data=data)

    def _data(self, raw: Raw, size: int, dtype: str) -> int | None:
        """The offset of a contiguous dataset, which must lie inside the file and have the size of
        its shape; None for another layout."""
        place = self._fields.contiguous(raw.data, raw.offset)
        if place is None:
            return None
        address, stored = place
        if address + stored > self._source.size:
            raise self._broken(f"the {stored} bytes of a dataset lie past the end", raw.offset)
        if dtype and stored != size:
            raise self._broken(f"a dataset of {size} bytes stores {stored}", raw.offset)
        return address if stored == size else None

    # --- object headers ---------------------------------------------------------------------

    def _messages(self, address: int) -> Steps[list[Raw]]:
        head = yield address, min(34, max(16, self._source.size - address))
        start, length, header = self._fields.object_header(head, address)
        pending, messages = [(start, length)], []
        while pending:
            start, length = pending.pop(0)
            data = yield start, length
            for raw in header.messages(data, start):
                self._spend(1)
                if raw.kind == Message.CONTINUATION:
                    more, length = self._fields.pair(raw)
                    self._once(more, "a continued header")
                    pending.append(header.continued(more, length))
                elif not raw.shared:
                    messages.append(raw)
                elif raw.kind == Message.DATATYPE:
                    raise self._broken("a named datatype is not read here", raw.offset)
        return messages

    # --- groups -----------------------------------------------------------------------------

    def _links(self, raws: list[Raw]) -> Steps[tuple[list[_Link], list[tuple[str, str]]]]:
        hard: list[_Link] = []
        others: list[tuple[str, str]] = []
        for raw in raws:
            linked: list[hdf5_messages.Linked] = []
            if raw.kind == Message.LINK:
                linked = [self._fields.link(raw.data, raw.offset)]
            elif raw.kind == Message.SYMBOL_TABLE:
                tree, heap = self._fields.pair(raw)
                linked = yield from self._symbols(tree, heap)
            elif raw.kind == Message.LINK_INFO:
                heap_at, index_at = self._fields.link_info(raw)
                if heap_at is not None:
                    objects = yield from hdf5_dense.objects(self._fields, heap_at, index_at)
                    linked = [self._fields.link(data, at) for data, at in objects]
            for link in linked:
                self._keep(link.name)
                if link.address is None:
                    others.append((link.name, link.kind))
                else:
                    hard.append(_Link(link.name, link.address))
        return hard, others

    def _symbols(self, tree: int, heap: int) -> Steps[list[hdf5_messages.Linked]]:
        """A group of the old form: a B-tree of symbol nodes, names in a local heap."""
        symbols: list[tuple[bytes, int]] = []
        nodes = yield from self._symbol_nodes(tree, 0)
        for at in sorted(nodes):
            head = yield at, 8
            count = self._fields.symbol_count(head, at)
            data = yield at + 8, count * self._fields.symbol_size
            symbols.append((data, at + 8))
        head = yield heap, self._fields.local_heap_size
        start, length = self._fields.local_heap(head, heap)
        names = yield start, length
        return [link for data, at in symbols for link in self._fields.symbols(data, names, at)]

    def _symbol_nodes(self, address: int, depth: int) -> Steps[list[int]]:
        self._limits.hold("depth", depth, where=self._source.name)
        self._once(address, "a node of a tree")
        head = yield address, self._fields.tree_head_size
        level, count = self._fields.tree_head(head, address)
        data = yield address + len(head), self._fields.tree_entries_size(count)
        children = self._fields.tree_children(data, count)
        if level == 0:
            for child in children:
                self._once(child, "a symbol node")
            return children
        nodes: list[int] = []
        for child in sorted(children):
            nodes += yield from self._symbol_nodes(child, depth + 1)
        return nodes

    # --- attributes -------------------------------------------------------------------------

    def _dense_attributes(self, raw: Raw) -> Steps[dict[str, Json]]:
        heap_at, index_at = self._fields.attribute_info(raw)
        attributes: dict[str, Json] = {}
        if heap_at is not None:
            objects = yield from hdf5_dense.objects(self._fields, heap_at, index_at)
            for data, at in objects:
                name, value = yield from self._attribute(
                    Raw(kind=Message.ATTRIBUTE, data=data, offset=at, shared=False)
                )
                attributes[name] = value
        return attributes

    def _attribute(self, raw: Raw) -> Steps[tuple[str, Json]]:
        read = self._fields.attribute(raw.data, raw.offset)
        self._keep(read.name)
        if read.pointers is None:
            self._keep(read.value)
            return read.name, read.value
        texts = []
        for length, address, index in read.pointers:
            text = yield from self._heap_text(length, address, index)
            self._keep(text)
            texts.append(text)
        return read.name, (texts[0] if read.scalar and texts else texts)

    def _heap_text(self, length: int, address: int, index: int) -> Steps[str]:
        if not length:
            return ""
        if address not in self._heaps:
            head = yield address, self._fields.global_heap_head
            size = self._fields.global_heap_size(head, address)
            data = yield address, size
            if address not in self._heaps:
                self._heaps[address] = self._fields.global_heap(data, address)
        data = self._heaps[address].get(index, b"")
        if len(data) < length:
            raise self._broken(f"no text of {length} bytes numbered {index}", address)
        return data[:length].rstrip(b"\0").decode("utf-8", "surrogateescape")

    def _keep(self, value: Json) -> None:
        """Bound the size and the number of all names and values together."""
        values = value if isinstance(value, list) else [value]
        self._spend(len(values))
        self._kept += sum(len(item) if isinstance(item, str) else 8 for item in values)
        if self._kept > 2 * self._source.size:
            raise Malformed("its attributes repeat each other", where=self._source.name)
