"""Tasks of PyTorch for a model that is code: build it in this version, and trace it here."""

import random
import warnings
from typing import Any, Dict, Iterator, List, Tuple

import numpy
import torch
import calling
from building import called
from refusal import Refusal

Json = Dict[str, Any]
Arrays = Dict[str, Any]

# beyond this a trace and its model are not the same function
TRACE_DIFFERENCE = 1e-4
ALONE = (
    f"this runtime has torch {torch.__version__}, its torchvision and NumPy alone: give the model "
    "in a file that needs no more"
)

_built: Dict[str, Any] = {}


def build(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Call ``callable`` with ``arguments``. Gives the names of its state, the ``parameters`` of its
    forward, whether it takes ``any`` number of tensors, or of ``keywords``, and a remark on weights
    that are ``random``, unless ``trained`` ones come with it."""
    module = _seeded(data, data["seed"])
    if not isinstance(module, torch.nn.Module):
        raise Refusal(
            f"is a {type(module).__name__}, not a torch.nn.Module",
            "name a callable that returns the model",
        )
    _built[data["callable"]] = module.float().eval()
    described = calling.described(module.forward)
    described["random"] = [] if data["trained"] else _random_weights(module, data)
    return {"state": sorted(module.state_dict()), **described}, {}


def _seeded(data: Json, seed: int) -> Any:
    random.seed(seed)
    numpy.random.seed(seed % 2 ** 32)
    torch.manual_seed(seed)
    return called(data["callable"], data["arguments"], data["folder"], ALONE)


def _random_weights(module: Any, data: Json) -> List[str]:
    """A remark where a second module, built with another seed, has other weights."""
    try:
        second = _seeded(data, data["seed"] + 1).float().state_dict()
    except Exception:  # what the user's code raises; then nothing is known
        return []
    state = module.state_dict()
    other = [name for name in state if name in second and (state[name] != second[name]).any()]
    if not other:
        return []
    differ = f" and {len(other) - 1} more differ" if len(other) > 1 else " differs"
    return [
        f"its weights are random: {other[0]}{differ} when it is built with another seed (give "
        "trained ones with --weights, or load them in the callable)"
    ]


def trace(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Write the trace of what was built to ``path``. ``arrays`` are its state (``state:NAME``),
    its inputs in their order (``input:NAME``), and others to try it with (``other:NAME``).
    ``paths`` tell where each goes: its parameter and the keys in it, none by position. ``plain``:
    forward takes these tensors as they come. Gives what the model answered."""
    module = _built[data["callable"]]
    _load(module, _of("state:", arrays))
    given, other = _of("input:", arrays), _of("other:", arrays)
    paths = data["paths"]
    with torch.no_grad():
        found = _called(module, paths, given)
        program = module if _is_flat(found) and data["plain"] else _flattened(module, paths)
        traced, places = _traced(program, given, data["script"])
        outputs = {name: _array(tensor) for name, tensor in walked(found)}
        if _difference(outputs.values(), traced(*given.values())) > TRACE_DIFFERENCE:
            raise Refusal("its trace computes something else than the model")
        remarks = _remarks(program, traced, other, places)
    traced.save(data["path"])
    return {"outputs": list(outputs), "remarks": remarks}, outputs


def answer(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """What the model that was built, and given its state by ``trace``, answers to other inputs."""
    given = _of("input:", arrays)
    with torch.no_grad():
        found = _called(_built[data["callable"]], data["paths"], given)
    return {}, {name: _array(tensor) for name, tensor in walked(found)}


def walked(value: Any, path: str = "") -> Iterator[Tuple[str, Any]]:
    """(name, tensor) of all tensors in an output of any nesting, as neopack names them."""
    for place, (name, tensor) in enumerate(_walk(value, path)):
        yield (name if name and not name[0].isdigit() else f"output{place}"), tensor


def _walk(value: Any, path: str) -> Iterator[Tuple[str, Any]]:
    if isinstance(value, torch.Tensor):
        yield path, value
        return
    for key, item in _items(value):
        yield from _walk(item, f"{path}.{key}" if path else str(key))


def _items(value: Any) -> Any:
    if isinstance(value, dict):
        return list(value.items())
    if hasattr(value, "_fields"):
        return list(zip(value._fields, value))
    if hasattr(value, "__dataclass_fields__"):
        return [(name, getattr(value, name)) for name in value.__dataclass_fields__]
    return list(enumerate(value)) if isinstance(value, (tuple, list)) else []


def _of(kind: str, arrays: Arrays) -> Dict[str, Any]:
    return {
        name[len(kind) :]: torch.from_numpy(array)
        for name, array in arrays.items()
        if name.startswith(kind)
    }


def _load(module: Any, state: Dict[str, Any]) -> None:
    if not state:
        return
    try:
        module.load_state_dict(state)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise Refusal(f"the weights do not fit the model: {lines[min(1, len(lines) - 1)]}")


def _called(module: Any, paths: Any, given: Dict[str, Any]) -> Any:
    try:
        positional, named = calling.arguments(module.forward, paths, list(given.values()))
        found = module(*positional, **named)
    except Exception as error:
        shapes = ", ".join(f"{name}={list(tensor.shape)}" for name, tensor in given.items())
        said = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise Refusal(
            f"its forward raised {type(error).__name__}: {said}",
            f"it was given {shapes}; is that what it takes?",
        )
    if not list(walked(found)):
        raise Refusal(f"the model returns no tensor but {type(found).__name__}")
    return found


def _is_flat(found: Any) -> bool:
    if type(found) is tuple:
        return all(isinstance(item, torch.Tensor) for item in found)
    return isinstance(found, torch.Tensor)


def _flattened(module: Any, paths: Any) -> Any:
    class Flattened(torch.nn.Module):
        """Takes tensors by position and returns a flat tuple of tensors."""

        def __init__(self) -> None:
            super().__init__()
            self.model = module

        def forward(self, *tensors: Any) -> Any:
            positional, named = calling.arguments(module.forward, paths, tensors)
            found = self.model(*positional, **named)
            return tuple(tensor for _, tensor in walked(found))

    return Flattened().eval()


def _traced(program: Any, given: Dict[str, Any], script: bool) -> Tuple[Any, List[str]]:
    """The trace, and where the tracer saw Python decide on data."""
    if script:
        return torch.jit.script(program), []
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        traced = torch.jit.trace(program, tuple(given.values()), check_trace=False)
    own = torch.__file__[: -len("__init__.py")]
    seen = [w for w in caught if issubclass(w.category, torch.jit.TracerWarning)]
    places = [f"{w.filename}:{w.lineno}" for w in seen if not w.filename.startswith(own)]
    return traced, sorted(set(places))


def _remarks(
    program: Any, traced: Any, other: Dict[str, Any], places: List[str]
) -> List[str]:
    remarks = []
    if places:
        named = ", ".join(place.rpartition("/")[2] for place in places[:5])
        remarks.append(
            f"the tracer saw Python decide on data at {named}: the trace keeps what this input "
            "chose (--script keeps the choice)"
        )
    try:
        model, trace_ = program(*other.values()), traced(*other.values())
    except Exception as error:
        return remarks + [f"a second, different input fails: {str(error).splitlines()[0]}"]
    if _difference([_array(tensor) for _, tensor in walked(model)], trace_) > TRACE_DIFFERENCE:
        remarks.append(
            "the trace depends on the data: on a second, different input it computes something "
            "else than the model (--script keeps control flow)"
        )
    return remarks


def _difference(wanted: Any, found: Any) -> float:
    """The largest gap of any output, by the largest number of it."""
    largest = 0.0
    for want, (_, tensor) in zip(wanted, walked(found)):
        have = _array(tensor)
        if want.shape != have.shape:
            return float("inf")
        gaps = numpy.abs(want.astype("float64") - have.astype("float64"))
        most = float(numpy.abs(want).max()) if want.size else 0.0
        largest = max(largest, float(gaps.max() if gaps.size else 0.0) / (most or 1.0))
    return largest


def _array(tensor: Any) -> Any:
    plain = tensor.detach()
    return (plain.float() if plain.dtype == torch.bfloat16 else plain).numpy()
