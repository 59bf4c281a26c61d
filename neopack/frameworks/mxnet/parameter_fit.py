"""Whether parameters fit their symbol, and which of its variables are then its inputs.

A variable that the parameters have is a parameter. One that they lack is a parameter too where an
operator learns it (a convolution's weight), where its name or the attributes that Gluon gives
parameters say so; any other is an input.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from neopack import versions
from neopack.formats.mxparams import ArraySpec
from neopack.frameworks.mxnet.symbol import Symbol, SymbolNode, Takers
from neopack.frameworks.mxnet.symbol_graph import channel_last, numbers, stated_shape
from neopack.values.signature import Shape

__all__ = ["ParameterFit", "bare", "fit", "is_label", "takes_classes", "unprefixed"]

PREFIXES = ("arg:", "aux:")
LEARNED: Mapping[str, frozenset[int]] = {
    "Convolution": frozenset((1, 2)),
    "Convolution_v1": frozenset((1, 2)),
    "Deconvolution": frozenset((1, 2)),
    "FullyConnected": frozenset((1, 2)),
    "Embedding": frozenset((1,)),
    "BatchNorm": frozenset((1, 2, 3, 4)),
    "BatchNorm_v1": frozenset((1, 2, 3, 4)),
    "InstanceNorm": frozenset((1, 2)),
    "LayerNorm": frozenset((1, 2)),
    "GroupNorm": frozenset((1, 2)),
    "LeakyReLU": frozenset((1,)),
    "RNN": frozenset((1,)),
}
ENDINGS = (
    "_weight", "_bias", "_gamma", "_beta", "_moving_mean", "_moving_var", "_running_mean",
    "_running_var",
)  # fmt: skip
GLUON = ("__init__", "__lr_mult__")
# operators of training: what they take second is the label
LOSSES = frozenset((
    "SoftmaxOutput", "Softmax", "LinearRegressionOutput", "LogisticRegressionOutput",
    "MAERegressionOutput", "SVMOutput", "softmax_cross_entropy", "_contrib_MultiBoxTarget",
    "MultiBoxTarget",
))  # fmt: skip
CLASSIFYING = frozenset(("SoftmaxOutput", "Softmax", "SVMOutput"))
# attributes by which a softmax goes over another axis, and its label has another shape
SHAPED = ("multi_output", "preserve_shape")


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterFit:
    """``inputs`` are places of nodes; ``misfits`` maps names to what is wrong with their shape."""

    inputs: tuple[int, ...]
    missing: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    misfits: Mapping[str, str] = field(default_factory=dict)


def bare(name: str) -> str:
    """A parameter's name in the symbol: without ``arg:`` or ``aux:``."""
    return name[4:] if name.startswith(PREFIXES) else name


def unprefixed(arrays: Sequence[ArraySpec]) -> list[str]:
    """Names that ``save_parameters`` writes and ``export`` does not; "" where there are none."""
    return [array.name for array in arrays if not array.name.startswith(PREFIXES)]


def fit(symbol: Symbol, takers: Takers, arrays: Sequence[ArraySpec] | None) -> ParameterFit:
    """``arrays`` is None where there are no parameters to compare with."""
    by_name = {bare(array.name): array for array in arrays or ()}
    variables = list(symbol.variables())
    learned = {place for place, _ in variables if _is_learned(symbol, place, takers)}
    inputs = tuple(p for p, node in variables if node.name not in by_name and p not in learned)
    if arrays is None or unprefixed(arrays):
        return ParameterFit(inputs=inputs)
    names = {node.name for _, node in variables}
    return ParameterFit(
        inputs=inputs,
        missing=tuple(n.name for p, n in variables if p in learned and n.name not in by_name),
        extra=tuple(
            name for name in by_name if name not in names and not _unwritten(symbol, name)
        ),
        misfits=dict(_misfits(symbol, by_name, takers)),
    )


def is_label(symbol: Symbol, takers: Takers, place: int) -> bool:
    """By its name, or because an operator of training takes it as what is right."""
    if symbol.nodes[place].name.endswith("_label"):
        return True
    return any(
        slot == 1 and symbol.nodes[taker].op in LOSSES for taker, slot in takers.get(place, ())
    )


def takes_classes(symbol: Symbol, takers: Takers, place: int) -> bool:
    """Whether the operator that takes a label wants one number for each of the batch."""
    losses = (symbol.nodes[taker] for taker, slot in takers.get(place, ()) if slot == 1)
    return any(
        node.op in CLASSIFYING
        and not any(node.attributes.get(shape) in ("True", "1", "true") for shape in SHAPED)
        for node in losses
    )


def _is_learned(symbol: Symbol, place: int, takers: Takers) -> bool:
    node = symbol.nodes[place]
    by_operator = any(
        slot in LEARNED.get(symbol.nodes[taker].op, ()) for taker, slot in takers.get(place, ())
    )
    marked = any(key in node.attributes for key in GLUON)
    return by_operator or marked or node.name.endswith(ENDINGS)


def _unwritten(symbol: Symbol, name: str) -> bool:
    """Symbols of before 0.9 do not list the statistics of batch normalization."""
    old = not symbol.version or not versions.at_least(symbol.version, "0.9")
    return old and name.endswith(ENDINGS)


def _misfits(
    symbol: Symbol, by_name: Mapping[str, ArraySpec], takers: Takers
) -> Iterator[tuple[str, str]]:
    for place, node in symbol.variables():
        shape = by_name[node.name].shape if node.name in by_name else None
        if shape is None:
            continue
        expected = [stated_shape(node)]
        expected += [_wanted(symbol.nodes[taker], slot) for taker, slot in takers.get(place, ())]
        broken = next((want for want in expected if want and not _agrees(shape, want)), None)
        if broken:
            yield node.name, f"is {_shown(shape)}, the symbol has {_shown(broken)}"


def _wanted(node: SymbolNode, slot: int) -> Shape:
    """What an operator's own attributes say of the shape of what it learns; () if nothing."""
    if node.op in ("FullyConnected", "Convolution", "Convolution_v1"):
        outputs = _first(node, "num_hidden" if node.op == "FullyConnected" else "num_filter")
        if outputs is None or slot not in (1, 2):
            return ()
        if slot == 2:
            return (outputs,)
        kernel = numbers(node.attributes.get("kernel", ""))
        if node.op == "FullyConnected":
            return (outputs, None)
        return (
            (outputs, *kernel, None) if channel_last(node.attributes) else (outputs, None, *kernel)
        )
    if node.op == "Embedding" and slot == 1:
        return (_first(node, "input_dim"), _first(node, "output_dim"))
    return ()


def _first(node: SymbolNode, attribute: str) -> int | None:
    values = numbers(node.attributes.get(attribute, ""))
    return values[0] if values else None


def _agrees(shape: tuple[int, ...], expected: Shape) -> bool:
    return len(shape) == len(expected) and all(
        want in (None, have) for have, want in zip(shape, expected, strict=True)
    )


def _shown(shape: Shape) -> str:
    return "[" + ", ".join("?" if dim is None else str(dim) for dim in shape) + "]"
