"""Live models as their users call them: a tf.Module, a tf.function, a Keras model, or a function
that was traced already. Inputs are bound by name to the parameters, or to the inputs that the
model declares; outputs are named.
"""

from __future__ import annotations

import keyword
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from neopack.errors import SourceError, UsageError
from neopack.frameworks import binding, live_keras, structures
from neopack.frameworks.binding import BindBy
from neopack.frameworks.structures import Path
from neopack.frameworks.tensorflow.kept_state import refuse_state
from neopack.frameworks.tensorflow.requests import request_for, requests_of
from neopack.frameworks.tensorflow.run import GraphRunner
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.values.artifact import Array
from neopack.values.signature import InputRequest, Signature, TensorSpec

__all__ = ["LiveModel", "LiveRunner", "live_model"]

SHOWN = 3
METHODS = ("serving_default", "serve", "__call__")
_ODD = re.compile(r"[^A-Za-z0-9_]")


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveModel:
    """A model and its inputs, in its own order. ``names`` are those in TensorFlow, which takes
    only identifiers; ``arguments`` says in words what ``call`` is called with."""

    requests: tuple[InputRequest, ...]
    names: tuple[str, ...]
    call: Callable[[Sequence[Any]], Any]
    arguments: str

    def outputs(self, tensors: Mapping[str, Any]) -> dict[str, Any]:
        """What the model gives for tensors by name, by name."""
        return _named(self.call([tensors[name] for name in self.names]))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Declared:
    """An input that the model itself declares; ``title`` is its parameter, where it has a name of
    its own."""

    spec: TensorSpec
    title: str = ""


class LiveRunner(GraphRunner):
    """What the live model itself answers; its variables are then as they were."""

    def __init__(self, model: LiveModel, variables: Sequence[Any], where: str) -> None:
        self.signature = Signature(inputs=())
        self._model, self._variables, self._where = model, variables, where
        self._is_judged, self._written = not variables, list[str]()

    def predict(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        if not self._is_judged:
            self._is_judged = True
            self._refuse_state(inputs)
        return self._restored(inputs)[0]

    def _restored(
        self, inputs: Mapping[str, Array], times: int = 1
    ) -> tuple[dict[str, Array], ...]:
        """So many calls in turn, from the same variables."""
        before = [(variable, variable.numpy()) for variable in self._variables]
        answers = tuple(self._called(inputs) for _ in range(times))
        for variable, value in before:
            if (variable.numpy() != value).any():
                self._written.append(str(variable.name).partition(":")[0])
            variable.assign(value)
        return answers

    def _called(self, inputs: Mapping[str, Array]) -> dict[str, Array]:
        tf = tensorflow()
        answers = self._model.outputs({name: tf.constant(a) for name, a in inputs.items()})
        return {name: answers[name].numpy() for name in answers}

    def _refuse_state(self, inputs: Mapping[str, Array]) -> None:
        """What differs from the same variables is random instead."""
        first, again = self._restored(inputs, times=2)
        same = self._restored(inputs)[0]
        if all((first[name] == same[name]).all() for name in first):
            written = list(dict.fromkeys(self._written))
            refuse_state(first, again, self._where, ", ".join(written[:SHOWN]))


def live_model(
    model: Any,
    requests: Sequence[InputRequest],
    method: str | None,
    where: str,
    by: BindBy | None = None,
) -> LiveModel:
    """Raises ``UsageError`` where the inputs asked for are not the model's."""
    if live_keras.is_keras(model):
        return _keras(model, requests, where, by)
    if hasattr(model, "structured_input_signature"):  # a ConcreteFunction
        positional, named = model.structured_input_signature
        names = tuple(getattr(model.function_type, "parameters", ()))
        return _with_signature(model, positional, named, names, requests, where, by)
    function = _function(model, method, where)
    signature = getattr(function, "input_signature", None)
    if signature:
        takes = _parameters(function)
        return _with_signature(function, signature, {}, takes.names, requests, where, by)
    return _by_parameters(function, _parameters(function), requests, where, by)


def _function(model: Any, method: str | None, where: str) -> Any:
    if hasattr(model, "get_concrete_function"):
        return model
    name = method or next((n for n in METHODS if callable(getattr(model, n, None))), None)
    function = getattr(model, name, None) if name else None
    if not callable(function):
        raise SourceError(
            f"a {type(model).__name__} cannot be called",
            where=where,
            hint="give it a tf.function named serve, or name one with --signature",
        )
    return function


def _parameters(function: Any) -> binding.Parameters:
    python = getattr(function, "python_function", function)
    callee = getattr(python, "__name__", "the function")
    try:
        return binding.parameters_of(python, callee, skip={"self"})
    except (TypeError, ValueError):
        return binding.Parameters(callee=callee, parameters=(), variadic=True)


# --- by the parameters of a function --------------------------------------------------------


def _by_parameters(
    function: Any,
    takes: binding.Parameters,
    requests: Sequence[InputRequest],
    where: str,
    by: BindBy | None,
) -> LiveModel:
    bound = binding.bind(takes, requests_of((), requests, where), where, by)
    by_request = {request.name for request in requests}

    def call(tensors: Sequence[Any]) -> Any:
        arguments, named = bound.arguments(tensors)
        return function(*arguments, **named)

    places = [".".join(path) for path in bound.paths]
    guessed = [place for place in places if "." in place and place not in by_request]
    note = f" in a dict; a list is {places[0].partition('.')[0]}.0 and so on" if guessed else ""
    return _live(bound.requests, call, places, note)


# --- by the inputs that a model declares ----------------------------------------------------


def _with_signature(
    function: Any,
    positional: Sequence[Any],
    named: Mapping[str, Any],
    parameters: Sequence[str],
    requests: Sequence[InputRequest],
    where: str,
    by: BindBy | None,
) -> LiveModel:
    """A function that has an input signature: a structure of TensorSpecs."""
    whole = {**{str(at): each for at, each in enumerate(positional)}, **named}
    declared = [
        _declared(leaf, path, parameters) for path, leaf in structures.leaves(whole, _is_spec)
    ]

    def call(tensors: Sequence[Any]) -> Any:
        filled = structures.replaced(whole, iter(tensors), _is_spec)
        arguments = [filled.pop(str(at)) for at in range(len(positional))]
        return function(*arguments, **filled)

    return _live(_requested(declared, requests, where, by), call)


def _keras(
    model: Any, requests: Sequence[InputRequest], where: str, by: BindBy | None
) -> LiveModel:
    structure = live_keras.inputs_of(model)
    if structure is None:
        takes = live_keras.parameters_of(model, [request.name for request in requests])
        call = live_keras.for_inference(model)
        if by == "positional" and len(takes.parameters) == 1:
            return _live(requests, lambda tensors: call(_one_or_list(tensors)))
        return _by_parameters(call, takes, requests, where, by)
    declared = [
        _Declared(spec=_spec(leaf, name)) for name, leaf in live_keras.named_leaves(structure)
    ]

    def called(tensors: Sequence[Any]) -> Any:
        filled = structures.replaced(structure, iter(tensors), live_keras.is_symbol)
        return live_keras.for_inference(model)(filled)

    return _live(_requested(declared, requests, where, by), called)


def _requested(
    declared: Sequence[_Declared],
    requests: Sequence[InputRequest],
    where: str,
    by: BindBy | None,
) -> list[InputRequest]:
    """One request for each input, in the order declared."""
    specs = [each.spec for each in declared]
    names = {each.title: each.spec.name for each in declared}
    if by != "positional":
        own = [replace(each, name=names.get(each.name, each.name)) for each in requests]
        return requests_of(specs, own, where)
    if len(requests) != len(specs):
        raise UsageError(
            f"the model takes {len(specs)} inputs and {len(requests)} were given", where=where
        )
    return [
        request_for(
            TensorSpec(name=request.name, dtype=spec.dtype, shape=spec.shape), request, where
        )
        for spec, request in zip(specs, requests, strict=True)
    ]


def _is_spec(value: Any) -> bool:
    return hasattr(value, "shape") and hasattr(value, "dtype")


def _declared(leaf: Any, path: Path, parameters: Sequence[str]) -> _Declared:
    """An input of a signature: called by its TensorSpec's name, or by its parameter and the keys
    in it; the number of a positional argument is the first key of its path."""
    root, *keys = path
    named = root.isdecimal() and int(root) < len(parameters)
    first = parameters[int(root)] if named else (f"input_{root}" if root.isdecimal() else root)
    title = ".".join((first, *keys))
    own = "" if keys else getattr(leaf, "name", "") or ""
    return _Declared(spec=_spec(leaf, own.partition(":")[0] or title), title=title)


def _one_or_list(tensors: Sequence[Any]) -> Any:
    return list(tensors) if len(tensors) > 1 else tensors[0]


def _spec(tensor: Any, name: str) -> TensorSpec:
    shape = getattr(tensor.shape, "as_list", lambda: tensor.shape)
    known = getattr(tensor.shape, "rank", 0) is not None
    dtype = str(getattr(tensor.dtype, "name", tensor.dtype))
    return TensorSpec(name=name, dtype=dtype, shape=tuple(shape()) if known else ())


# --- names ----------------------------------------------------------------------------------


def _live(
    requests: Sequence[InputRequest],
    call: Callable[[Sequence[Any]], Any],
    places: Sequence[str] = (),
    note: str = "",
) -> LiveModel:
    names = [request.name for request in requests]
    shown = [place or name for place, name in zip(places or names, names, strict=True)]
    pairs = zip(shown, requests, strict=True)
    return LiveModel(
        requests=tuple(requests),
        names=_identifiers(names),
        call=call,
        arguments=", ".join(f"{place}={list(request.shape)}" for place, request in pairs) + note,
    )


def _identifiers(names: Sequence[str]) -> tuple[str, ...]:
    """The names as TensorFlow takes them, each once."""
    taken: list[str] = []
    for name in names:
        plain = _ODD.sub("_", name)
        plain = plain if plain[:1].isalpha() else f"input_{plain.lstrip('_')}"
        plain += "_" * keyword.iskeyword(plain)
        while plain in taken:
            plain += "_"
        taken.append(plain)
    return tuple(taken)


def _named(result: Any) -> dict[str, Any]:
    """The outputs by name: the keys that lead to each, else ``output``, or ``output_1`` and so
    on."""
    tf = tensorflow()
    pairs = structures.leaves(result, lambda value: not structures.items(value))
    found = [(path, value) for path, value in pairs if value is not None]
    paths = [".".join(path) for path, _ in found]
    keyed = isinstance(result, Mapping)
    numbered = "output" if len(found) == 1 else "output_{}"
    names = [
        path if path and (keyed or not path[0].isdigit()) else numbered.format(at)
        for at, path in enumerate(paths, start=1)
    ]
    return {
        name: tf.convert_to_tensor(value) for name, (_, value) in zip(names, found, strict=True)
    }
