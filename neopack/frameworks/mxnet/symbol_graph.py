"""What is wrong with a symbol's graph, and what its inputs' shapes are as far as it tells."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping

from neopack.frameworks.mxnet.symbol import Symbol, SymbolNode, Takers
from neopack.values.signature import Shape

__all__ = [
    "channel_last",
    "cycle",
    "dangling",
    "forward_references",
    "input_shape",
    "numbers",
    "stated_shape",
]

_NUMBER = re.compile(r"-?\d+")
# they pass the shape of their first input on
KEEPS_SHAPE = frozenset((
    "BatchNorm", "BatchNorm_v1", "Cast", "cast", "identity", "_copy", "BlockGrad", "Activation",
    "relu", "LeakyReLU", "Dropout", "clip", "_mul_scalar", "_plus_scalar", "_minus_scalar",
    "_div_scalar", "_rminus_scalar", "_MulScalar", "_PlusScalar", "_MinusScalar", "_DivScalar",
    "_rdiv_scalar", "broadcast_sub", "broadcast_div", "broadcast_add", "broadcast_mul", "amp_cast",
))  # fmt: skip
CONVOLUTIONS = ("Convolution", "Convolution_v1")
LONGEST_WALK = 50


def numbers(text: str) -> tuple[int, ...]:
    """The integers of an attribute: ``(3, 3)``, ``[3,3]``, ``3`` or Python 2's ``(3L, 3L)``."""
    return tuple(int(digits) for digits in _NUMBER.findall(text[:999])[:32])


def stated_shape(node: SymbolNode) -> Shape:
    """What ``__shape__`` says of a variable, () where it says nothing; 0 and -1 are free."""
    stated = numbers(node.attributes.get("__shape__", ""))
    return tuple(dim if dim > 0 else None for dim in stated)


def dangling(symbol: Symbol, path: str = "") -> Iterator[str]:
    """Inputs and outputs that name nodes which are not there."""
    count = len(symbol.nodes)
    for node in symbol.nodes:
        for entry in node.inputs:
            if entry.node >= count:
                yield f"{path}{node.name} takes node {entry.node} of {count}"
        for inner in node.subgraphs:
            yield from dangling(inner, f"{path}{node.name}/")
    for head in symbol.heads:
        if head.node >= count:
            yield f"{path}output {head.node} of {count} nodes"


def forward_references(symbol: Symbol) -> list[str]:
    """Nodes that take one that is written after them: MXNet loads these, TVM does not."""
    return [
        node.name
        for place, node in enumerate(symbol.nodes)
        if any(place < entry.node < len(symbol.nodes) for entry in node.inputs)
    ]


def cycle(symbol: Symbol) -> list[str]:
    """The names of nodes that feed each other round in a circle; empty where none do."""
    for node in symbol.nodes:
        for inner in node.subgraphs:
            inside = cycle(inner)
            if inside:
                return inside
    return [symbol.nodes[place].name for place in _circle(symbol)]


def _circle(symbol: Symbol) -> list[int]:
    """One circle, found by walking from inputs to inputs with the path in hand."""
    count = len(symbol.nodes)
    done: set[int] = set()
    for start in range(count):
        path, on_path = [start], {start}
        todo = [] if start in done else [_taken(symbol, start)]
        while todo:
            following = next((p for p in todo[-1] if p not in done), None)
            if following is None:
                todo.pop()
                done.add(path[-1])
                on_path.discard(path.pop())
            elif following in on_path:
                return path[path.index(following) :][::-1]
            else:
                path.append(following)
                on_path.add(following)
                todo.append(_taken(symbol, following))
    return []


def _taken(symbol: Symbol, place: int) -> Iterator[int]:
    return (e.node for e in symbol.nodes[place].inputs if e.node < len(symbol.nodes))


def input_shape(
    symbol: Symbol, place: int, takers: Takers, weight: Callable[[str], tuple[int, ...] | None]
) -> Shape:
    """The rank and the channels that the first convolution after it takes, from the shape of
    its weights; () where something else comes first."""
    for _ in range(LONGEST_WALK):
        first = [taker for taker, slot in takers.get(place, ()) if slot == 0]
        for taker in first:
            if symbol.nodes[taker].op in CONVOLUTIONS:
                return _convolved(symbol, symbol.nodes[taker], weight)
        passing = next((t for t in first if symbol.nodes[t].op in KEEPS_SHAPE), None)
        if passing is None:
            return ()
        place = passing
    return ()


def _convolved(
    symbol: Symbol, node: SymbolNode, weight: Callable[[str], tuple[int, ...] | None]
) -> Shape:
    if len(node.inputs) < 2 or node.inputs[1].node >= len(symbol.nodes):
        return ()
    shape = weight(symbol.nodes[node.inputs[1].node].name)
    if shape is None or len(shape) < 3:
        return ()
    groups = (numbers(node.attributes.get("num_group", "1")) or (1,))[0]
    free: tuple[None, ...] = (None,) * (len(shape) - 2)
    if channel_last(node.attributes):
        return (None, *free, shape[-1] * groups)
    return (None, shape[1] * groups, *free)


def channel_last(attributes: Mapping[str, str]) -> bool:
    layout = attributes.get("layout", "")
    return len(layout) > 2 and layout.startswith("N") and layout.endswith("C")
