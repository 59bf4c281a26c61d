"""An MXNet symbol as its JSON has it: nodes, what they take, and which nodes are its outputs.

Format: apache/tvm nnvm/src/pass/saveload_json.cc and apache/mxnet src/nnvm/legacy_json_util.cc
(1.8.0). Attributes of a node are under ``attrs``, before 1.0 ``attr``, before 0.9 ``param`` beside
``attr``; an entry is [node, output, version], before 0.9 without the version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neopack.errors import Malformed
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.formats.source import ByteSource
from neopack.values.json import AnyJson

__all__ = ["VARIABLE", "Entry", "Symbol", "SymbolNode", "Takers", "load", "looks_like_symbol"]

Takers: TypeAlias = Mapping[int, Sequence[tuple[int, int]]]

VARIABLE = "null"
HEAD = 4096
WHITE = b" \t\r\n"
# the keys that nnvm writes, of which any may come first
KEYS = (b'"nodes"', b'"arg_nodes"', b'"heads"', b'"node_row_ptr"', b'"attrs"')
# TVM's graphs have the same form and this operator
TVM = b'"tvm_op"'
ATTRIBUTES = ("param", "attr", "attrs")
MOST_NESTED = 20
NODE = 4  # operations of a node


@dataclass(frozen=True, slots=True)
class Entry:
    """Output ``index`` of node ``node``."""

    node: int
    index: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolNode:
    """An operator, or where ``op`` is "null" a variable: an input or a parameter."""

    op: str
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[Entry, ...] = ()
    subgraphs: tuple[Symbol, ...] = ()

    @property
    def is_variable(self) -> bool:
        return self.op == VARIABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class Symbol:
    """``version`` is that of the MXNet that wrote it; "" before 0.9, which did not say."""

    nodes: tuple[SymbolNode, ...]
    heads: tuple[Entry, ...]
    version: str = ""

    def variables(self) -> Iterator[tuple[int, SymbolNode]]:
        """In the order in which MXNet lists them."""
        return ((place, node) for place, node in enumerate(self.nodes) if node.is_variable)

    def takers(self) -> Takers:
        """For each node the nodes that take its outputs, and as which of their inputs."""
        taken: dict[int, list[tuple[int, int]]] = {}
        for place, node in enumerate(self.nodes):
            for slot, entry in enumerate(node.inputs):
                taken.setdefault(entry.node, []).append((place, slot))
        return taken

    def every_node(self) -> Iterator[SymbolNode]:
        """Its nodes and those of the graphs inside them."""
        for node in self.nodes:
            yield node
            for inner in node.subgraphs:
                yield from inner.every_node()


def looks_like_symbol(source: ByteSource) -> bool:
    head = source.read(0, HEAD)
    if not head.lstrip(WHITE).startswith(b"{") or TVM in head:
        return False
    first = head.lstrip(WHITE)[1:].lstrip(WHITE)
    key = next((key for key in KEYS if first.startswith(key)), None)
    return key is not None and (key != KEYS[0] or _begins_nodes(first[len(key) :]))


def _begins_nodes(rest: bytes) -> bool:
    """``: [ {`` and one of a node's keys."""
    for sign in (b":", b"[", b"{"):
        rest = rest.lstrip(WHITE)
        if not rest.startswith(sign):
            return False
        rest = rest[1:]
    return rest.lstrip(WHITE).startswith((b'"op"', b'"name"', b'"inputs"', b'"attr', b'"param"'))


def load(source: ByteSource, limits: Limits = DEFAULT_LIMITS) -> Symbol:
    """Raises ``Malformed`` where the document is not JSON, or lacks what a symbol must have."""
    limits.hold("code_bytes", source.size, where=source.name)
    document = read_json(source.read(0, source.size), source.name, limits)
    return _Reader(source.name, source.size, limits).symbol(document, "", 0)


class _Reader:
    def __init__(self, where: str, size: int, limits: Limits) -> None:
        self._where, self._limits, self._count = where, limits, 0
        self._budget = limits.begun(size)

    def symbol(self, document: AnyJson, path: str, depth: int) -> Symbol:
        if depth > MOST_NESTED:
            raise self._broken(f"graphs nested more than {MOST_NESTED} deep")
        nodes = self._list(document, "nodes", path)
        self._count += len(nodes)
        self._budget.spend(NODE * len(nodes), self._where)
        self._limits.hold("records", self._count, where=self._where)
        heads = self._list(document, "heads", path)
        if not heads:
            raise self._broken(f"{path.rstrip('.') or 'the symbol'} has no outputs")
        return Symbol(
            nodes=tuple(
                self._node(node, f"{path}nodes[{n}]", depth) for n, node in enumerate(nodes)
            ),
            heads=tuple(self._entry(entry, f"{path}heads") for entry in heads),
            version=_version(document.get("attrs")),
        )

    def _node(self, node: AnyJson, path: str, depth: int) -> SymbolNode:
        if not isinstance(node, dict):
            raise self._broken(f"{path} is not an object")
        for key in ("op", "name"):
            if not isinstance(node.get(key), str):
                raise self._broken(f"{path} has no {key}")
        inner = node.get("subgraphs", [])
        if not isinstance(inner, list):
            raise self._broken(f"{path}.subgraphs is not a list")
        return SymbolNode(
            op=node["op"],
            name=node["name"],
            attributes=self._attributes(node, path),
            inputs=tuple(
                self._entry(entry, f"{path}.inputs") for entry in self._list(node, "inputs", path)
            ),
            subgraphs=tuple(
                self.symbol(graph, f"{path}.subgraphs[{n}].", depth + 1)
                for n, graph in enumerate(inner)
            ),
        )

    def _attributes(self, node: dict[str, AnyJson], path: str) -> Mapping[str, str]:
        attributes: dict[str, str] = {}
        for key in ATTRIBUTES:
            values = node.get(key, {})
            if not isinstance(values, dict):
                raise self._broken(f"{path}.{key} is not an object")
            attributes |= {name: str(value) for name, value in values.items()}
        return attributes

    def _list(self, holder: AnyJson, key: str, path: str) -> list[AnyJson]:
        items = holder.get(key) if isinstance(holder, dict) else None
        if not isinstance(items, list):
            raise self._broken(f"{path.rstrip('.') or 'the document'} has no list of {key}")
        return items

    def _entry(self, entry: AnyJson, path: str) -> Entry:
        numbers = entry[:3] if isinstance(entry, list) and len(entry) in (2, 3) else None
        if numbers is None or not all(type(n) is int and n >= 0 for n in numbers):
            raise self._broken(f"{path} has {str(entry)!r:.40}, no [node, output, version]")
        return Entry(numbers[0], numbers[1])

    def _broken(self, message: str) -> Malformed:
        return Malformed(message, where=self._where)


def _version(attributes: AnyJson) -> str:
    """``{"mxnet_version": ["int", 10800]}`` is 1.8.0."""
    stated = attributes.get("mxnet_version") if isinstance(attributes, dict) else None
    number = stated[1] if isinstance(stated, list) and len(stated) == 2 else None
    if type(number) is not int or number < 0:
        return ""
    return f"{number // 10000}.{number // 100 % 100}.{number % 100}"
