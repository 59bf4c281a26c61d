"""ModelInfo of an MXNet model, a symbol and its parameters, without mxnet.

``format`` is ``symbol``, with the parameters that lie beside it, ``params`` for a parameter file
alone, or ``npz`` for one of MXNet 2.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, TypedDict

from neopack import facts as known
from neopack.errors import NotRecognized
from neopack.formats import mxparams
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.mxparams import ArraySpec
from neopack.formats.source import ByteSource
from neopack.frameworks.mxnet import file_names, symbol, symbol_graph
from neopack.frameworks.mxnet.facts import ArrayFacts, MXNetFacts, SymbolFacts, SymbolOperator
from neopack.frameworks.mxnet.parameter_fit import bare, fit, is_label, takes_classes, unprefixed
from neopack.frameworks.mxnet.symbol import Symbol, SymbolNode, Takers
from neopack.frameworks.unsupported import refuse_stub
from neopack.values.json import AnyJson
from neopack.values.model import ModelInfo
from neopack.values.signature import Shape, Signature, TensorSpec

__all__ = ["form", "read", "recognize"]

FORMS = {
    "symbol": "MXNet symbol",
    "params": "MXNet parameter file",
    "npz": "MXNet 2 parameters as .npz",
}
ZIP = b"PK\x03\x04"
CUSTOM = frozenset(("Custom", "_CustomFunction", "_Native", "_NDArray", "_contrib_Custom"))
MOST_SHAPES = 1 << 20
MOST_NAMED = 50
MOST_SAID = 3
NUMPY = "parameters of MXNet 2, which MXNet 1.8 does not load"


def form(source: ByteSource) -> str | None:
    """``symbol``, ``params``, ``npz``, or None where these bytes are not MXNet's."""
    if mxparams.looks_like_params(source):
        return "params"
    if symbol.looks_like_symbol(source):
        return "symbol"
    return "npz" if _is_npz(source) else None


def recognize(source: ByteSource) -> str | None:
    kind = form(source)
    return FORMS[kind] if kind else None


def _is_npz(source: ByteSource) -> bool:
    """A zip whose first member is an array under a name as MXNet gives to parameters."""
    head = source.read(0, 512)
    return head.startswith(ZIP) and head[30:34] in (b"arg:", b"aux:") and b".npy" in head


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """Raises ``Malformed`` where the bytes break their format, with the place."""
    with files.open(model) as source:
        encoding = form(source)
        if encoding is None:
            raise NotRecognized("is not an MXNet model", where=source.name)
        if encoding == "npz":
            return ModelInfo(
                framework="MXNET",
                format="npz",
                producer="mxnet",
                notes=(NUMPY,),
                facts=MXNetFacts(),
            )
        if encoding == "params":
            arrays = mxparams.read_params(source, limits)
            facts = ArrayFacts(**_array_facts(arrays))
            return ModelInfo(
                framework="MXNET",
                format="params",
                producer="mxnet",
                notes=tuple(_notes(facts)),
                facts=facts,
                **_counted(arrays),
            )
        loaded = symbol.load(source, limits)
    beside = file_names.parameters_of(model, files.names())
    chosen = beside[0] if beside else ""
    loaded_arrays, kind = _parameters(files, chosen, limits)
    return _of_symbol(loaded, loaded_arrays, _stored_shapes(files, model), (chosen, kind))


def _parameters(
    files: Files, name: str, limits: Limits
) -> tuple[tuple[ArraySpec, ...] | None, str]:
    """The arrays of the file and its form; None where no file can be read that way."""
    if not name:
        return None, ""
    with files.open(name) as source:
        kind = form(source)
        if kind == "npz":
            return None, kind
        if kind is None:
            refuse_stub(source)
        return mxparams.read_params(source, limits), "params"


def _stored_shapes(files: Files, model: str) -> Mapping[str, Shape]:
    """What SageMaker's model-shapes.json beside the symbol says: [{"name", "shape"}, ...]."""
    folder = model.rpartition("/")[0]
    name = f"{folder}/{file_names.SHAPES}" if folder else file_names.SHAPES
    if name not in files.names():
        return {}
    with files.open(name) as source:
        try:
            stored = json.loads(source.read(0, MOST_SHAPES))
        except (ValueError, RecursionError):
            return {}
    return dict(_shapes(stored))


def _shapes(stored: AnyJson) -> Iterator[tuple[str, Shape]]:
    for entry in stored if isinstance(stored, list) else ():
        shape = entry.get("shape") if isinstance(entry, dict) else None
        if isinstance(shape, list) and all(type(dim) is int for dim in shape):
            yield str(entry.get("name")), tuple(dim if dim > 0 else None for dim in shape)


def _of_symbol(
    of: Symbol,
    arrays: tuple[ArraySpec, ...] | None,
    stored: Mapping[str, Shape],
    parameters: tuple[str, str],
) -> ModelInfo:
    """``parameters`` are the file beside the symbol and its form."""
    takers = of.takers()
    fitted = fit(of, takers, arrays)
    shapes = {bare(array.name): array.shape for array in arrays or ()}
    labels = {place: is_label(of, takers, place) for place in fitted.inputs}
    specs = {place: _spec(of, place, takers, stored, shapes) for place in fitted.inputs}
    data = [spec.shape for place, spec in specs.items() if spec.shape and not labels[place]]
    batch = data[0][:1] if data else (None,)
    inputs = tuple(
        # a label of class numbers has one for each of the batch
        replace(spec, shape=batch)
        if labels[place] and not spec.shape and takes_classes(of, takers, place)
        else spec
        for place, spec in specs.items()
    )
    operators = [node for node in of.every_node() if not node.is_variable]
    outputs = (of.nodes[head.node].name for head in of.heads if head.node < len(of.nodes))
    facts = SymbolFacts(
        **_array_facts(arrays or ()),
        parameters=parameters[0],
        parameters_form=parameters[1],
        missing=fitted.missing,
        extra=fitted.extra,
        misfits=fitted.misfits,
        nodes=len(of.nodes),
        cycle=tuple(symbol_graph.cycle(of)),
        dangling=tuple(symbol_graph.dangling(of)),
        forward_references=tuple(symbol_graph.forward_references(of)),
        outputs=tuple(outputs),
        labels=tuple(of.nodes[place].name for place, is_one in labels.items() if is_one),
        unranked_inputs=tuple(spec.name for spec in inputs if not spec.shape),
        places={node.op: node.name for node in reversed(operators)},
        order=tuple(node.op for node in operators),
        custom_operators=_custom(operators),
        training=_placed(n for n in operators if n.op in known.training_operators("MXNET")),
        random=_placed(node for node in operators if _is_random(node)),
        subgraphs=tuple(sorted({node.op for node in operators if node.subgraphs})),
        channel_last=tuple(n.name for n in operators if symbol_graph.channel_last(n.attributes)),
        operators=tuple(_written(operators)),
    )
    return ModelInfo(
        framework="MXNET",
        format="symbol",
        producer="mxnet",
        versions={"mxnet": of.version} if of.version else {},
        signature=Signature(inputs=inputs),
        operators=dict(sorted(Counter(node.op for node in operators).items())),
        notes=tuple(_notes(facts)),
        facts=facts,
        **_counted(arrays),
    )


def _written(operators: Sequence[SymbolNode]) -> list[SymbolOperator]:
    found: dict[tuple[object, ...], SymbolOperator] = {}
    for node in operators:
        attributes = {n: value for n, value in node.attributes.items() if not n.startswith("__")}
        key = node.op, *sorted(attributes.items())
        found.setdefault(
            key, SymbolOperator(operator=node.op, attributes=attributes, place=node.name)
        )
    return list(found.values())


def _spec(
    of: Symbol,
    place: int,
    takers: Takers,
    stored: Mapping[str, Shape],
    shapes: Mapping[str, tuple[int, ...] | None],
) -> TensorSpec:
    node = of.nodes[place]
    flag = symbol_graph.numbers(node.attributes.get("__dtype__", "0"))
    typed = bool(flag) and 0 <= flag[0] < len(mxparams.DTYPES)
    return TensorSpec(
        name=node.name,
        dtype=mxparams.DTYPES[flag[0]][0] if typed else "float32",
        shape=stored.get(node.name)
        or symbol_graph.stated_shape(node)
        or symbol_graph.input_shape(of, place, takers, shapes.get),
    )


def _counted(arrays: Sequence[ArraySpec] | None) -> dict[str, Any]:
    """Fields of ModelInfo; without parameters they are unknown."""
    if arrays is None:
        return {}
    return {
        "parameters": sum(array.elements for array in arrays),
        "parameter_bytes": sum(array.bytes for array in arrays),
        "dtypes": dict(sorted(Counter(array.dtype for array in arrays).items())),
    }


class _ArrayFacts(TypedDict):
    """The fields of ``ArrayFacts``."""

    arrays: int
    array_versions: Mapping[str, int]
    storages: Mapping[str, int]
    unprefixed: tuple[str, ...]


def _array_facts(arrays: Sequence[ArraySpec]) -> _ArrayFacts:
    return _ArrayFacts(
        arrays=len(arrays),
        array_versions=dict(sorted(Counter(str(a.version) for a in arrays).items())),
        storages=dict(sorted(Counter(array.storage for array in arrays).items())),
        unprefixed=tuple(unprefixed(arrays)[:MOST_NAMED]),
    )


def _notes(facts: ArrayFacts) -> Iterator[str]:
    """What a person should know of it at once."""
    if isinstance(facts, SymbolFacts) and not facts.parameters:
        yield "no parameters beside it"
    if isinstance(facts, SymbolFacts) and facts.parameters_form == "npz":
        yield NUMPY
    for words, names_ in _problems(facts):
        if names_:
            named = list(names_)[:MOST_SAID]
            more = f" and {len(names_) - len(named)} more" if len(names_) > len(named) else ""
            yield f"{words}: {', '.join(named)}{more}"
    sparse = [f"{count} {kind}" for kind, count in facts.storages.items() if kind != "dense"]
    if sparse:
        yield f"sparse arrays: {', '.join(sparse)}"


def _problems(facts: ArrayFacts) -> Iterator[tuple[str, Collection[str]]]:
    """What to say of names, and the names."""
    symbol_ = facts if isinstance(facts, SymbolFacts) else None
    if symbol_:
        yield "inputs that are labels", symbol_.labels
    yield "names without arg: or aux:, as save_parameters writes them", facts.unprefixed
    if symbol_:
        yield "parameters that are missing", symbol_.missing
        yield "parameters that the symbol does not have", symbol_.extra
        yield "parameters of another shape than the symbol's", symbol_.misfits
        yield "nodes that feed each other", symbol_.cycle
        yield "nodes that are not there", symbol_.dangling
        yield "operators that are code", symbol_.custom_operators


def _placed(nodes: Iterable[SymbolNode]) -> tuple[str, ...]:
    """Each kind with the first node of it."""
    first: dict[str, str] = {}
    for node in nodes:
        first.setdefault(node.op, node.name)
    return tuple(f"{op} ({name})" for op, name in first.items())


def _is_random(node: SymbolNode) -> bool:
    """Dropout is where it drops outside of training too."""
    if node.op == "Dropout":
        always = node.attributes.get("mode") == "always"
        return always and symbol_graph.numbers(node.attributes.get("p", "0.5")) != (0,)
    return node.op in known.random_operators("MXNET")


def _custom(nodes: Sequence[SymbolNode]) -> tuple[str, ...]:
    custom = (node for node in nodes if node.op in CUSTOM)
    return tuple(sorted({node.attributes.get("op_type") or node.op for node in custom}))
