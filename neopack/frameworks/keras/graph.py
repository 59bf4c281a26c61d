"""A model as one flat graph of layer calls, whatever Keras wrote it and however it is nested.

Keras 2 states for each layer where its calls take their inputs from as ``[layer, call, tensor,
arguments]``; Keras 3 as nested arguments with ``__keras_tensor__`` in them; a Sequential is a
list. Models inside a model are laid open: neither Keras 3 nor every reader of .h5 files agrees
with Keras 2 on how calls of those are numbered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from neopack.errors import Malformed, SourceError
from neopack.frameworks.keras import config as configs
from neopack.values.json import AnyJson
from neopack.values.signature import Shape

__all__ = ["Layer", "LayerCall", "LayerGraph", "Ref", "graph_of"]

# of a model inside a model: the number of its first call
Offsets: TypeAlias = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Ref:
    """The tensor that a call gives; ``shape`` where its reader states it."""

    call: int
    shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """``path`` is unique, ``name`` is what the layer is called in its own model."""

    path: str
    name: str
    class_name: str
    config: Mapping[str, AnyJson]
    module: str = ""
    build_shape: Shape | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LayerCall:
    """``args`` hold constants, ``Ref``s and lists of them."""

    layer: str
    args: tuple[AnyJson, ...] = ()
    kwargs: Mapping[str, AnyJson] = field(default_factory=dict)

    @property
    def in_training(self) -> bool:
        """Whether the call says training=True, whatever the model is called with."""
        return self.kwargs.get("training") in (True, 1)


@dataclass(slots=True)
class LayerGraph:
    """Calls stand after those whose tensors they take. ``major`` is of the Keras that wrote it,
    by which some words mean different things."""

    major: int
    where: str
    layers: dict[str, Layer] = field(default_factory=dict)
    calls: list[LayerCall] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)
    outputs: list[int] = field(default_factory=list)


def graph_of(model: AnyJson, *, major: int, where: str) -> LayerGraph:
    """Raises ``SourceError`` where the model is more than a graph of layers, ``Malformed`` where
    its parts do not fit together."""
    graph = LayerGraph(major=major, where=where)
    opened = _Opening(graph)
    graph.outputs = [ref.call for ref in opened.model(model, "", None)]
    graph.inputs = opened.inputs
    return graph


class _Opening:
    """Lays models open into the graph."""

    def __init__(self, graph: LayerGraph) -> None:
        self._graph = graph
        self.inputs: list[int] = []

    def model(self, entry: AnyJson, path: str, tensors: Sequence[Ref] | None) -> list[Ref]:
        """What a model gives for the tensors given; those of its own inputs without any."""
        kind, config = entry["class_name"], entry["config"]
        if kind not in configs.MODELS:
            raise SourceError(
                f"its class {kind!r} is not a graph of layers that can be read from the file",
                where=self._graph.where,
                hint="build it as a functional model: keras.Model(inputs, outputs)",
            )
        if path.count("/") > configs.DEPTH:
            raise Malformed("models nested too deep", where=self._graph.where)
        if kind == "Sequential" or isinstance(config, list):
            return self._sequential(config, path, tensors)
        return self._functional(config, path, tensors)

    # --- Sequential -------------------------------------------------------------------------

    def _sequential(self, config: AnyJson, path: str, tensors: Sequence[Ref] | None) -> list[Ref]:
        entries = configs.layers_of(config)
        if not entries:
            raise Malformed("a Sequential without layers", where=self._graph.where)
        first = entries[0]
        current = list(tensors) if tensors is not None else None
        if first["class_name"] == "InputLayer":
            entries = entries[1:]
            current = current or [self._input(first, path)]
        elif current is None:
            current = [self._implied_input(first, config, path)]
        for entry in entries:
            below = _join(path, configs.name_of(entry))
            if entry["class_name"] in configs.MODELS:
                current = self.model(entry, below, current)
            else:
                current = [self._call(entry, path, (_one_or_list(current or []),), {})]
        return current or []

    def _implied_input(self, first: AnyJson, config: AnyJson, path: str) -> Ref:
        """The InputLayer that Keras makes for a Sequential whose first layer has a shape, or is a
        model whose first layer has."""
        inner = _first_layer(first)
        shape = configs.input_shape(inner["config"])
        if shape is None and isinstance(config, dict):
            built = config.get("build_input_shape")
            shape = tuple(built) if isinstance(built, list) else None
        if shape is None:
            raise SourceError(
                "does not say which shape its input has",
                where=self._graph.where,
                hint="give the first layer an Input with a shape, and save it again",
            )
        layer = {
            "class_name": "InputLayer",
            "config": {
                "name": f"{configs.name_of(first)}_input",
                "batch_input_shape": list(shape),
                "dtype": inner["config"].get("dtype", "float32"),
            },
        }
        return self._input(layer, path)

    # --- functional models ------------------------------------------------------------------

    def _functional(self, config: AnyJson, path: str, tensors: Sequence[Ref] | None) -> list[Ref]:
        entries = {configs.name_of(entry): entry for entry in configs.layers_of(config)}
        names = [name for name, _, _ in _histories(config.get("input_layers"))]
        results: dict[str, list[list[Ref]]] = {}
        for index, name in enumerate(names):
            if name not in entries:
                raise Malformed(f"no input layer {name!r}", where=self._graph.where)
            if tensors is None:
                results[name] = [[self._input(entries[name], path)]]
            elif index < len(tensors):
                results[name] = [[tensors[index]]]
        given = config.get("output_layers")
        in_calls, in_outputs = self._offsets(entries, outputs=given)
        self._order(entries, path, results, in_calls)
        outputs = []
        for history in _histories(given):
            ref = self._tensor(history, results, in_outputs)
            if ref is None:
                raise Malformed(f"no output {history[0]!r}", where=self._graph.where)
            outputs.append(ref)
        return outputs

    def _order(
        self,
        entries: Mapping[str, AnyJson],
        path: str,
        results: dict[str, list[list[Ref]]],
        offsets: Offsets,
    ) -> None:
        """Make calls as soon as what they take is there, as Keras itself does."""
        waiting = {n: list(e.get("inbound_nodes") or []) for n, e in entries.items()}
        progress = True
        while progress:
            progress = False
            for name, nodes in waiting.items():
                while nodes:
                    node = self._resolved(nodes[0], results, offsets)
                    if node is None:
                        break
                    nodes.pop(0)
                    progress = True
                    results.setdefault(name, []).append(self._called(entries[name], path, *node))
        stuck = [name for name, nodes in waiting.items() if nodes]
        if stuck:
            raise Malformed(
                f"the layer {stuck[0]!r} waits for tensors that nothing gives",
                where=self._graph.where,
            )

    def _called(
        self, entry: AnyJson, path: str, args: tuple[AnyJson, ...], kwargs: Mapping[str, AnyJson]
    ) -> list[Ref]:
        if entry["class_name"] in configs.MODELS:
            tensors = _refs([*args, *kwargs.values()])
            return self.model(entry, _join(path, configs.name_of(entry)), tensors)
        return [self._call(entry, path, args, kwargs)]

    def _offsets(
        self, entries: Mapping[str, AnyJson], *, outputs: AnyJson
    ) -> tuple[Offsets, Offsets]:
        """How the calls of models inside the model are numbered where layers take their tensors,
        and in the outputs: from 1 by some Keras, from 0 by others."""
        inbound = [entry.get("inbound_nodes") for entry in entries.values()]
        major = self._graph.major
        return (
            _of_models(entries, _used(inbound), lambda _: 1 < major < 3),
            _of_models(
                entries,
                _used(outputs),
                lambda entry: 1 < major < 3 or (major > 2 and not _is_sequential(entry)),
            ),
        )

    def _resolved(
        self, node: AnyJson, results: Mapping[str, list[list[Ref]]], offsets: Offsets
    ) -> tuple[tuple[AnyJson, ...], dict[str, AnyJson]] | None:
        """(args, kwargs) of one call, or None while one of its tensors is not there."""

        def resolve(value: AnyJson) -> AnyJson:
            history = _history(value)
            if history is not None:
                ref = self._tensor(history, results, offsets)
                if ref is None:
                    raise LookupError
                shape = _stated_shape(value)
                return Ref(ref.call, shape) if shape is not None else ref
            if isinstance(value, list):
                return [resolve(item) for item in value]
            return value

        try:
            if isinstance(node, dict):
                args = tuple(resolve(item) for item in node.get("args", []))
                return args, {k: resolve(v) for k, v in node.get("kwargs", {}).items()}
            if _history(node) is not None:  # tf.keras writes a lone tensor without its list
                node = [node]
            tensors = [resolve(item) for item in node]
            extra: AnyJson = next((o[3] for o in node if len(o) > 3 and o[3]), {})
            return (_one_or_list(tensors),), {k: resolve(v) for k, v in extra.items()}
        except LookupError:
            return None
        except (AttributeError, TypeError):
            raise Malformed("a call that is not understood", where=self._graph.where) from None

    def _tensor(
        self,
        history: tuple[str, int, int],
        results: Mapping[str, list[list[Ref]]],
        offsets: Offsets,
    ) -> Ref | None:
        name, number, tensor = history
        calls = results.get(name, [])
        number -= offsets.get(name, 0)
        number = max(number, 0)
        if number >= len(calls):
            return None
        if tensor >= len(calls[number]):
            raise SourceError(
                f"layer {name!r} gives several tensors, which is not read here",
                where=self._graph.where,
            )
        return calls[number][tensor]

    # --- layers and calls -------------------------------------------------------------------

    def _input(self, entry: AnyJson, path: str) -> Ref:
        ref = self._call(entry, path, (), {})
        self.inputs.append(ref.call)
        return ref

    def _call(
        self, entry: AnyJson, path: str, args: tuple[AnyJson, ...], kwargs: Mapping[str, AnyJson]
    ) -> Ref:
        name = configs.name_of(entry)
        full = _join(path, name)
        if not isinstance(entry["config"], dict):
            raise Malformed(f"the layer {name!r} has no config", where=self._graph.where)
        if full not in self._graph.layers:
            self._graph.layers[full] = Layer(
                path=full,
                name=name,
                class_name=entry["class_name"],
                config=entry["config"],
                module=str(entry.get("module") or ""),
                build_shape=_built_for(entry),
            )
        self._graph.calls.append(LayerCall(layer=full, args=args, kwargs=dict(kwargs)))
        return Ref(len(self._graph.calls) - 1)


def _used(value: AnyJson) -> dict[str, set[int]]:
    """The numbers of calls that a value names, by layer."""
    used: dict[str, set[int]] = {}
    for name, number, _ in _histories(value):
        used.setdefault(name, set()).add(number)
    return used


def _of_models(
    entries: Mapping[str, AnyJson],
    used: Mapping[str, set[int]],
    is_from_1: Callable[[AnyJson], bool],
) -> Offsets:
    """By the numbers themselves where they tell; else by what wrote them: a model's call of itself
    counts in Keras 2, and in the outputs of Keras 3, where a Sequential makes none (get_config of
    keras 2.2.4 engine/network.py and keras 3.15 src/models/functional.py)."""
    models = {n: entries[n] for n in used if _kind(entries.get(n)) in configs.MODELS}
    return {name: _offset(entry, used[name], is_from_1) for name, entry in models.items()}


def _offset(entry: AnyJson, used: set[int], is_from_1: Callable[[AnyJson], bool]) -> int:
    if min(used) == 0:
        return 0
    past = max(used) >= len(entry.get("inbound_nodes") or ())
    return int(past or is_from_1(entry))


def _kind(entry: AnyJson) -> str:
    return str(entry["class_name"]) if entry is not None else ""


def _is_sequential(entry: AnyJson) -> bool:
    return _kind(entry) == "Sequential"


def _first_layer(entry: AnyJson) -> AnyJson:
    while entry["class_name"] in configs.MODELS and configs.layers_of(entry["config"]):
        entry = configs.layers_of(entry["config"])[0]
    return entry if isinstance(entry["config"], dict) else {"config": {}}


def _join(path: str, name: str) -> str:
    return f"{path}/{name}" if path else name


def _one_or_list(values: list[AnyJson]) -> AnyJson:
    return values[0] if len(values) == 1 else values


def _refs(value: AnyJson) -> list[Ref]:
    if isinstance(value, Ref):
        return [value]
    return [ref for item in value for ref in _refs(item)] if isinstance(value, list) else []


def _history(value: AnyJson) -> tuple[str, int, int] | None:
    """(layer, call, tensor) where a value stands for a tensor, in either form."""
    if isinstance(value, dict) and value.get("class_name") == "__keras_tensor__":
        value = _config(value).get("keras_history")
    if (
        isinstance(value, list)
        and len(value) in (3, 4)
        and isinstance(value[0], str)
        and type(value[1]) is type(value[2]) is int
    ):
        return value[0], value[1], value[2]
    return None


def _config(value: dict[str, AnyJson]) -> dict[str, AnyJson]:
    config = value.get("config")
    return config if isinstance(config, dict) else {}


def _histories(value: AnyJson) -> list[tuple[str, int, int]]:
    """All tensors that a value names, in order."""
    history = _history(value)
    if history is not None:
        return [history]
    if isinstance(value, dict):
        value = list(value.values())
    return [each for item in value for each in _histories(item)] if isinstance(value, list) else []


def _stated_shape(value: AnyJson) -> Shape | None:
    if not isinstance(value, dict):
        return None
    shape = _config(value).get("shape")
    return tuple(shape) if isinstance(shape, list) else None


def _built_for(entry: AnyJson) -> Shape | None:
    built = entry.get("build_config")
    shape = built.get("input_shape") if isinstance(built, dict) else None
    if not isinstance(shape, list) or not all(d is None or type(d) is int for d in shape):
        return None
    return tuple(shape)
