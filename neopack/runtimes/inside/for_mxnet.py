"""Tasks of MXNet: describe a symbol, export what code builds, load, predict."""

import itertools
import os
import re
import warnings
from typing import Any, Callable, Dict, Iterator, List, Tuple

from building import called
from mxnet_for_tvm import REWRITES
from mxnet_graph import in_float32, rewritten
from mxnet_operators import listed
from refusal import Refusal

Json = Dict[str, Any]
Arrays = Dict[str, Any]

# beyond this the exported model and the block it came from are not the same function
EXPORT_DIFFERENCE = 1e-4
ALONE = (
    "this runtime has MXNet and NumPy alone: where its packages are, call net.export() and "
    "package the files that it writes"
)

# what float32 holds as well, or nearly: half precision would come out otherwise
CAST = {"float64", "int8", "uint8", "int32", "int64", "bool"}

_handles: Iterator[int] = itertools.count(1)
_loaded: Dict[int, "_Model"] = {}
# how what was exported to a prefix answers
_sources: Dict[str, Any] = {}


def _mxnet() -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import mxnet
    # since 1.6 a bound symbol has its convolutions fused with batch normalisation, which rounds
    # otherwise than the block did that it was exported from; before, the word is not known
    if [int(part) for part in mxnet.__version__.split(".")[:2]] >= [1, 6]:
        os.environ.setdefault("MXNET_SUBGRAPH_BACKEND", "NONE")
    return mxnet


# --- symbols with their parameters ----------------------------------------------------------


class _Model:
    """A symbol, its parameters, and executors for the shapes that were asked of it."""

    def __init__(self, symbol: Any, held: Arrays) -> None:
        self.symbol = symbol
        self.arguments, self.auxiliary = _split(held)
        known = set(self.arguments) | set(self.auxiliary)
        self.inputs = [name for name in symbol.list_inputs() if name not in known]
        self.outputs = symbol.list_outputs()
        self._bound: Dict[Any, Any] = {}

    def predict(self, inputs: Arrays) -> Arrays:
        mx = _mxnet()
        key = tuple(
            sorted((name, array.shape, str(array.dtype)) for name, array in inputs.items())
        )
        if key not in self._bound:
            given = {name: mx.nd.array(array, dtype=array.dtype) for name, array in inputs.items()}
            self._bound = {key: self._bind(given)}
        executor = self._bound[key]
        for name, array in inputs.items():
            executor.arg_dict[name][:] = array
        found = executor.forward(is_train=False)
        return {name: array.asnumpy() for name, array in zip(self.outputs, found)}

    def _bind(self, given: Arrays) -> Any:
        mx = _mxnet()
        wanted = self.symbol.list_arguments()
        held = dict(self.arguments, **given)
        lacking = [name for name in wanted if name not in held]
        if lacking:
            raise Refusal(f"input {lacking[0]!r} is not given")
        return self.symbol.bind(
            mx.cpu(),
            {name: held[name] for name in wanted},
            aux_states={n: self.auxiliary[n] for n in self.symbol.list_auxiliary_states()},
            grad_req="null",
        )


def _split(held: Arrays) -> Tuple[Arrays, Arrays]:
    """(arguments, auxiliary states) by the names that export and save_checkpoint give."""
    arguments: Arrays = {}
    auxiliary: Arrays = {}
    for name, array in held.items():
        kind, _, rest = name.partition(":")
        if kind not in ("arg", "aux") or not rest:
            raise Refusal(f"parameter {name!r} has neither arg: nor aux: before its name")
        (arguments if kind == "arg" else auxiliary)[rest] = array
    return arguments, auxiliary


def _open(data: Json, arrays: Arrays) -> _Model:
    """The model in the files that ``data`` names (its symbol in ``path``, its parameters among
    ``parts``), or whose bytes ``arrays`` hold."""
    mx = _mxnet()
    if "symbol" in arrays:
        symbol = mx.sym.load_json(arrays["symbol"].tobytes().decode("utf-8"))
        held = mx.nd.load_frombuffer(arrays["params"].tobytes())
    else:
        parameters = [path for path in data["parts"] if path.endswith(".params")]
        if not parameters:
            raise Refusal("there are no parameters beside the symbol")
        symbol, held = mx.sym.load(data["path"]), mx.nd.load(parameters[0])
    if not isinstance(held, dict):
        raise Refusal("the parameters have no names" if held else "there are no parameters")
    return _Model(symbol, held)


def describe(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Shapes and dtypes of all inputs and outputs, from the ``shapes`` of some inputs."""
    model = _open(data, arrays)
    unknown = sorted(set(data["shapes"]) - set(model.inputs))
    if unknown:
        raise Refusal(f"the symbol has no input {unknown[0]!r}")
    known = {name: array.shape for name, array in model.arguments.items()}
    known = {name: known[name] for name in model.symbol.list_arguments() if name in known}
    known.update({name: tuple(shape) for name, shape in data["shapes"].items()})
    shapes, outputs, _ = model.symbol.infer_shape_partial(**known)
    names = model.symbol.list_arguments()
    found = dict(zip(names, shapes or ()))
    types = _types(model, data.get("dtypes", {}))
    inputs = [
        {"name": name, "shape": list(found.get(name, ())), "dtype": types.get(name, "float32")}
        for name in model.inputs
    ]
    given = [{"name": n, "shape": list(s)} for n, s in zip(model.outputs, outputs or ())]
    return {"inputs": inputs, "outputs": given, "mxnet": _mxnet().__version__}, {}


def _types(model: _Model, stated: Dict[str, str]) -> Dict[str, str]:
    import numpy as np

    known = {name: array.dtype for name, array in model.arguments.items()}
    known = {name: known[name] for name in model.symbol.list_arguments() if name in known}
    known.update({name: np.dtype(dtype).type for name, dtype in stated.items()})
    try:
        types, _, _ = model.symbol.infer_type_partial(**known)
    except (_mxnet().base.MXNetError, AttributeError):
        return {}
    found = zip(model.symbol.list_arguments(), types or ())
    return {name: np.dtype(kind).name for name, kind in found if kind is not None}


def versions(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    return {"mxnet": _mxnet().__version__}, {}


def operators(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Those of this version, with their attributes."""
    return list(listed(_mxnet())), {}


def load(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """A handle for ``predict``. ``threads`` holds where it comes before MXNet is imported."""
    if data.get("threads"):
        os.environ["OMP_NUM_THREADS"] = str(data["threads"])
    handle = next(_handles)
    model = _loaded[handle] = _open(data, arrays)
    return {"handle": handle, "inputs": model.inputs, "outputs": model.outputs}, {}


def predict(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    return {}, _loaded[data["handle"]].predict(arrays)


def release(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    _loaded.pop(data["handle"], None)
    return {}, {}


def lower(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Write the model to ``prefix`` in operators and float32, as TVM's importer takes it. Gives
    the operators that were written in others, and the dtypes of what was cast; the files are
    written only where there are some."""
    mx, model = _mxnet(), _open(data, arrays)
    held = dict(model.arguments, **model.auxiliary)
    shapes = {name: held[name].shape for name in model.symbol.list_inputs() if name in held}
    shapes.update({name: tuple(shape) for name, shape in data["shapes"].items()})
    cast = {name: _name_of(each.dtype) for name, each in held.items()}
    cast = {name: dtype for name, dtype in cast.items() if dtype in CAST}
    whole = {name: dtype for name, dtype in cast.items() if dtype != "float64"}
    held.update({name: held[name].astype("float32") for name in cast})
    text, done = rewritten(model.symbol, shapes, held, REWRITES, whole)
    if done or cast:
        symbol = mx.sym.load_json(in_float32(text) if cast else text)
        own = {"arg:" + name: name for name in symbol.list_arguments()}
        own.update({"aux:" + name: name for name in symbol.list_auxiliary_states()})
        symbol.save(data["prefix"] + "-symbol.json")
        mx.nd.save(
            data["prefix"] + "-0000.params",
            {key: held[name] for key, name in own.items() if name in held},
        )
    return {"rewrites": done, "cast": sorted(set(cast.values()))}, {}


def _name_of(dtype: Any) -> str:
    import numpy as np

    return str(np.dtype(dtype).name)


# --- models that are code -------------------------------------------------------------------


def export(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """Build what ``callable`` gives, run it on ``arrays`` in their order, and write
    ``prefix``-symbol.json and ``prefix``-0000.params. Gives what the model itself answered."""
    mx = _mxnet()
    _seed(data["seed"])
    remarks: List[str] = []
    folder = data.get("folder") or os.getcwd()
    given = called(data["callable"], data.get("arguments") or {}, folder, ALONE)
    if isinstance(given, mx.gluon.HybridBlock):
        outputs = _export_block(given, data, arrays, remarks)
        if not remarks and not data.get("weights"):
            remarks += _random_weights(given, data, arrays)
    elif isinstance(given, mx.gluon.Block):
        raise Refusal(f"a {_kind(given)} is not a HybridBlock, and only those can be exported")
    else:
        outputs = _export_symbol(given, data, arrays)
    made = {"path": data["prefix"] + "-symbol.json", "parts": [data["prefix"] + "-0000.params"]}
    written = _open(made, {})
    answers = written.predict(arrays)
    again = _sources[data["prefix"]](arrays)
    pairs = list(zip(outputs, (answers[name] for name in written.outputs)))
    off = max([_difference(want, have) for want, have in pairs] or [float("inf")])
    if any(_difference(*pair) > EXPORT_DIFFERENCE for pair in zip(outputs, again)):
        off = 0.0  # it is random, and nothing can be said of it
    if len(outputs) != len(written.outputs) or not off <= EXPORT_DIFFERENCE:
        raise RuntimeError(f"the exported model differs from the block by {off:.2g}")
    answer = {"outputs": written.outputs, "remarks": remarks, "mxnet": mx.__version__}
    return answer, dict(zip(written.outputs, outputs))


def _seed(seed: int) -> None:
    """Of all that code draws weights with."""
    import random

    import numpy as np

    random.seed(seed)
    np.random.seed(seed % 2 ** 32)
    _mxnet().random.seed(seed % 2 ** 31)


def _export_block(block: Any, data: Json, arrays: Arrays, remarks: List[str]) -> List[Any]:
    mx = _mxnet()
    if data.get("weights"):
        _load_weights(block, data["weights"])
    elif _initialize(block):
        remarks.append("its parameters were not initialized: they are random")
    block.hybridize()

    def answer(arrays: Arrays) -> List[Any]:
        given = [mx.nd.array(array, dtype=array.dtype) for array in arrays.values()]
        return [array.asnumpy() for array in _flat(block(*given))]

    _sources[data["prefix"]] = answer
    outputs = answer(arrays)
    block.export(data["prefix"], 0)
    return outputs


def _random_weights(block: Any, data: Json, arrays: Arrays) -> List[str]:
    """A remark where a second block, built with another seed, has other parameters."""
    mx = _mxnet()
    try:
        _seed(data["seed"] + 1)
        folder = data.get("folder") or os.getcwd()
        second = called(data["callable"], data.get("arguments") or {}, folder, ALONE)
        second(*[mx.nd.array(array, dtype=array.dtype) for array in arrays.values()])
    except Exception:  # what the user's code raises; then nothing is known
        return []
    pairs = zip(block.collect_params().items(), second.collect_params().values())
    other = [
        name
        for (name, first), again in pairs
        if first.shape == again.shape and (first.data() != again.data()).sum().asscalar()
    ]
    if not other:
        return []
    differ = " and {} more differ".format(len(other) - 1) if len(other) > 1 else " differs"
    return [
        f"its weights are random: {other[0]}{differ} when it is built with another seed (give "
        "trained ones with --weights, or load them in the callable)"
    ]


def answer(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
    """What the block or symbol that was exported to ``prefix`` answers to other inputs."""
    return {}, dict(zip(data["outputs"], _sources[data["prefix"]](arrays)))


def _load_weights(block: Any, path: str) -> None:
    mx = _mxnet()
    try:
        block.load_parameters(path, ctx=mx.cpu())
    except (AssertionError, ValueError, mx.base.MXNetError) as error:
        # its first sentence says which, the rest is for people who call it themselves
        said = str(error).strip().splitlines()[0].split(", which contains")[0]
        raise Refusal(f"the parameters do not fit the block: {said}")


def _initialize(block: Any) -> bool:
    """Initialize parameters that have no values; return whether there were any."""
    mx = _mxnet()
    bare = [p for p in block.collect_params().values() if p._data is None and not p._deferred_init]
    for parameter in bare:
        parameter.initialize(default_init=mx.init.Xavier(), ctx=mx.cpu())
    return bool(bare)


def _export_symbol(given: Any, data: Json, arrays: Arrays) -> List[Any]:
    """What load_checkpoint gives, (symbol, arguments, auxiliary states), or a Module."""
    mx = _mxnet()
    if data.get("weights"):
        raise Refusal("weights go with a Gluon block; this callable gives them itself")
    if isinstance(given, mx.mod.BaseModule):
        given = (given.symbol, *given.get_params())
    if not (isinstance(given, tuple) and len(given) == 3 and isinstance(given[0], mx.sym.Symbol)):
        raise Refusal(
            f"a {_kind(given)} is neither a HybridBlock, a Module nor "
            "(symbol, arguments, auxiliary states)"
        )
    mx.model.save_checkpoint(data["prefix"], 0, *given)
    held = {"arg:" + name: array for name, array in given[1].items()}
    held.update({"aux:" + name: array for name, array in given[2].items()})
    model = _Model(given[0], held)

    def answer(arrays: Arrays) -> List[Any]:
        answers = model.predict(arrays)
        return [answers[name] for name in given[0].list_outputs()]

    _sources[data["prefix"]] = answer
    return answer(arrays)


def _flat(found: Any) -> List[Any]:
    if isinstance(found, (list, tuple)):
        return [array for one in found for array in _flat(one)]
    return [found]


def _difference(want: Any, have: Any) -> float:
    import numpy as np

    if want.shape != have.shape:
        return float("inf")
    if not want.size:
        return 0.0
    wide = want.astype("float64")
    off = np.abs(wide - have.astype("float64"))
    same = (wide == have) | (np.isnan(wide) & np.isnan(have))
    largest = float(np.where(same, 0.0, off).max())
    scale = float(np.abs(wide[np.isfinite(wide)]).max()) if np.isfinite(wide).any() else 0.0
    return largest / scale if largest and scale else largest


def _kind(value: Any) -> str:
    return type(value).__name__


# a place in MXNet's own source, and the time
_NOISE = re.compile(r"^(MXNetError: |\[[\d:]+\] |\S+\.(cc|h|cu):\d+: )+")


def _in_words(task: Callable[[Json, Arrays], Tuple[Json, Arrays]]) -> Any:
    """MXNet's errors begin with a trace of its own and end with what is wrong."""

    def run(data: Json, arrays: Arrays) -> Tuple[Json, Arrays]:
        try:
            return task(data, arrays)
        except Exception as error:
            if _kind(error) != "MXNetError":
                raise
            lines = [line.strip() for line in str(error).splitlines() if line.strip()]
            said = [line for line in lines if line.startswith(("MXNetError:", "Error in"))]
            raise type(error)(_NOISE.sub("", (said[-1:] or lines[:1] or ["no message"])[0]))

    return run


TASKS = {
    task.__name__: _in_words(task)
    for task in (versions, operators, describe, lower, export, answer, load, predict, release)
}
