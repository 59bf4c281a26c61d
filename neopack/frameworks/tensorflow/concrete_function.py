"""Live models as a concrete function: a tf.Module, a tf.function, a Keras model, or a function
that was traced already."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from neopack.errors import ExportFailed, SourceError, UsageError, first_line
from neopack.frameworks.tensorflow.tensorflow_module import tensorflow
from neopack.goldens import inputs
from neopack.values.signature import InputRequest, TensorSpec

__all__ = ["concrete", "requests_of"]

NAMES = ("serving_default", "serve", "__call__")
HINT = "give --input NAME=1,224,224,3 for each input"


def concrete(
    model: Any, requests: Sequence[InputRequest], method: str | None, where: str
) -> tuple[Any, list[TensorSpec]]:
    """The model as a function of tensors by name, that gives tensors by name; and its inputs.

    Raises ``UsageError`` where the inputs asked for are not the model's.
    """
    tf = tensorflow()
    call, declared = _callable(model, method, where)
    resolved = requests_of(declared, requests, where)
    specs = [TensorSpec(name=r.name, dtype=r.dtype or "float32", shape=r.shape) for r in resolved]

    @tf.function(autograph=False)  # type: ignore[untyped-decorator]
    def serve(**given: Any) -> dict[str, Any]:
        return _named(tf, call(given))

    arguments = {
        spec.name: tf.TensorSpec(spec.shape, spec.dtype, name=spec.name) for spec in specs
    }
    try:
        return serve.get_concrete_function(**arguments), specs
    except UsageError:
        raise
    except Exception as error:
        # the user's own code ran
        shown = ", ".join(f"{spec.name}={list(spec.shape)}" for spec in specs)
        raise ExportFailed(
            f"tracing raised {type(error).__name__}: {first_line(error)}",
            where=where,
            hint=f"it was called with {shown}",
        ) from error


def requests_of(
    specs: Sequence[TensorSpec], requests: Sequence[InputRequest], where: str
) -> list[InputRequest]:
    """One request for each input that is known, else just those asked for."""
    if not specs:
        if not requests:
            raise UsageError("the inputs are not known", where=where, hint=HINT)
        return list(requests)
    by_name = {request.name: request for request in requests}
    strange = [name for name in by_name if name not in {spec.name for spec in specs}]
    if strange:
        names = ", ".join(spec.name for spec in specs)
        raise UsageError(
            f"the model has no input {strange[0]!r}", where=where, hint=f"its inputs are {names}"
        )
    return [_request(spec, by_name.get(spec.name), where) for spec in specs]


def _request(spec: TensorSpec, request: InputRequest | None, where: str) -> InputRequest:
    if request is None:
        if not spec.shape:
            raise UsageError(f"input {spec.name!r} has no known shape", where=where, hint=HINT)
        return inputs.request_of(spec)
    rank = len(spec.shape) in (0, len(request.shape))
    fits = all(a in (None, b) for a, b in zip(spec.shape, request.shape, strict=False))
    if not (rank and fits) or request.dtype not in (None, spec.dtype):
        shown = ", ".join("?" if dim is None else str(dim) for dim in spec.shape)
        raise UsageError(
            f"input {spec.name!r} is {spec.dtype} [{shown}], not "
            f"{request.dtype or spec.dtype} {list(request.shape)}",
            where=where,
        )
    return InputRequest(name=spec.name, shape=request.shape, dtype=spec.dtype, below=request.below)


def _callable(
    model: Any, method: str | None, where: str
) -> tuple[Callable[[Mapping[str, Any]], Any], list[TensorSpec]]:
    """A function of a dict of tensors, and the inputs that are known without asking."""
    if _is_keras(model):
        return _keras(model)
    if hasattr(model, "structured_input_signature"):  # a ConcreteFunction
        return (lambda given: model(**given)), _specs(model.structured_input_signature)
    if not hasattr(model, "get_concrete_function"):
        name = method or next((n for n in NAMES if callable(getattr(model, n, None))), None)
        function = getattr(model, name, None) if name else None
        if not callable(function):
            raise SourceError(
                f"a {type(model).__name__} cannot be called",
                where=where,
                hint="give it a tf.function named serve, or name one with --signature",
            )
        model = function
    signature = getattr(model, "input_signature", None)
    specs = _from_signature(model, signature) if signature else []
    return (lambda given: _call(model, given)), specs


def _call(function: Any, tensors: Mapping[str, Any]) -> Any:
    """By name where the function has parameters of those names, else in the order given."""
    import inspect

    try:
        parameters = inspect.signature(getattr(function, "python_function", function)).parameters
    except (TypeError, ValueError):
        parameters = {}  # type: ignore[assignment]
    if set(tensors) <= set(parameters):
        return function(**tensors)
    return function(*tensors.values())


def _is_keras(model: Any) -> bool:
    kinds = {(kind.__module__.split(".")[0], kind.__name__) for kind in type(model).__mro__}
    return bool(kinds & {("keras", "Model"), ("keras", "Layer"), ("tf_keras", "Model")})


def _keras(model: Any) -> tuple[Callable[[Mapping[str, Any]], Any], list[TensorSpec]]:
    ports = getattr(model, "inputs", None) or []
    specs = [
        TensorSpec(name=_plain(port.name), dtype=_word(port.dtype), shape=tuple(port.shape))
        for port in ports
    ]

    def call(tensors: Mapping[str, Any]) -> Any:
        values = list(tensors.values())
        return model(values if len(values) > 1 else values[0], training=False)

    return call, specs


def _specs(structured: Any) -> list[TensorSpec]:
    positional, named = structured
    tensors = [*positional, *named.values()]
    return [
        _spec(tensor, f"input_{at}")
        for at, tensor in enumerate(tensors)
        if hasattr(tensor, "shape")
    ]


def _from_signature(function: Any, signature: Any) -> list[TensorSpec]:
    import inspect

    python = getattr(function, "python_function", function)
    names = [name for name in inspect.signature(python).parameters if name != "self"]
    return [
        _spec(tensor, names[at]) for at, tensor in enumerate(signature) if hasattr(tensor, "shape")
    ]


def _spec(tensor: Any, name: str) -> TensorSpec:
    shape = () if tensor.shape.rank is None else tuple(tensor.shape.as_list())
    return TensorSpec(name=_plain(tensor.name or name), dtype=_word(tensor.dtype), shape=shape)


def _plain(name: str) -> str:
    return name.partition(":")[0]


def _word(dtype: Any) -> str:
    return str(getattr(dtype, "name", dtype))


def _named(tf: Any, result: Any) -> dict[str, Any]:
    """The outputs by name: a dict's keys, else ``output``, or ``output_1`` and so on."""
    if isinstance(result, Mapping):
        return {str(key): tf.convert_to_tensor(value) for key, value in result.items()}
    flat = tf.nest.flatten(result)
    if len(flat) == 1:
        return {"output": tf.convert_to_tensor(flat[0])}
    return {f"output_{at}": tf.convert_to_tensor(one) for at, one in enumerate(flat, start=1)}
