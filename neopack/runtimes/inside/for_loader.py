"""Tasks of Neo's public loader with TVM: convert a model, build it, compute with what was built,
here or before."""

import logging
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# TVM would look for tuned schedules on the network
os.environ["TOPHUB_LOCATION"] = "NONE"
warnings.simplefilter("ignore")

import darknet_library  # noqa: E402
import graphs  # noqa: E402
import neo  # noqa: E402
import numpy  # noqa: E402
import programs  # noqa: E402

logging.getLogger("tensorflow").setLevel(logging.ERROR)
PACKAGES = ("torch", "torchvision", "onnx", "mxnet", "keras", "tensorflow", "tvm", "numpy")
# Keras keeps the channels last, and TVM's importer turns images and volumes around
TURNED = 4
_loaded = {}


def versions(data, arrays):
    return neo.versions(PACKAGES), {}


def load(data, arrays):
    """``refused`` says why the loader refuses the model, else there are ``operators`` of Relay,
    by count, the ``dtypes`` of the inputs, and what DLR's metadata has of ``inputs``, in the order
    of those in ``data``, and ``outputs``, in that of the compiled model."""
    if graphs.Importers not in sys.meta_path:
        sys.meta_path.insert(0, graphs.Importers)
    if data["framework"] == "darknet":
        darknet_library.stand_in()
    _forget()
    os.chdir(data["folder"])  # TVM leaves a folder of its own where it runs
    loader, refused = neo.load(data)
    if loader is None:
        return {"refused": refused}, {}
    import tvm

    module, parameters = loader.model_objects[:2]
    module = tvm.relay.transform.InferType()(module)
    _loaded.update(module=module, parameters=parameters, turned=data["framework"] == "keras")
    _loaded["inputs"], _loaded["outputs"] = _names(data, loader)
    counts = tvm.relay.analysis.list_op_freqs(module)
    types = {variable.name_hint: variable.checked_type for variable in module["main"].params}
    return {
        "refused": "",
        "operators": {str(name): int(count) for name, count in counts.items()},
        "dtypes": {name: _dtype(types.get(own)) for name, own in _loaded["inputs"].items()},
        "inputs": [_described(own, types.get(own)) for own in _loaded["inputs"].values()],
        "outputs": list(_outputs(module["main"].ret_type, _loaded["outputs"])),
    }, {}


def _forget():
    """TensorFlow adds a model to the graph of the ones before it, which takes longer each time."""
    _loaded.clear()
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].keras.backend.clear_session()


def _names(data, loader):
    """The compiled model's own name of each input, and the names of its outputs in their order.

    DataInputConfig names the inputs of a PyTorch model by their places."""
    if data["framework"] == "tensorflow":
        return graphs.names(data, loader.metadata)
    own = data["inputs"]
    if data["framework"] == "pytorch":
        own = [name for name, _ in loader.data_shape]
    return dict(zip(data["inputs"], own)), list(data["outputs"])


def _outputs(kind, names):
    kinds = getattr(kind, "fields", None) or [kind]
    for place, one in enumerate(kinds):
        name = names[place] if place < len(names) else ""
        yield _described(name or "output_%d" % place, one)


def _described(name, kind):
    """As in DLR's metadata, with -1 for a dim that is not known; empty for what nothing needs."""
    dims = [getattr(dim, "value", -1) for dim in getattr(kind, "shape", ())]
    return {"name": name, "dtype": _dtype(kind), "shape": [int(dim) for dim in dims]}


def _dtype(kind):
    return str(getattr(kind, "dtype", ""))


def build(data, arrays):
    """Build what was loaded for ``code``, a target of TVM's. With ``runs`` it is ready to compute,
    else it is saved into the folder ``path``. ``refused`` says why it cannot be built."""
    try:
        program = programs.built(_loaded["module"], data["code"], _loaded["parameters"])
        if data["runs"]:
            program.start()
            _loaded["program"] = program
        else:
            program.save(data["path"])
    except Exception as error:  # TVM raises whatever C++ does
        return {"refused": neo.words(error)}, {}
    return {"refused": ""}, {}


def open_program(data, arrays):
    """Make the files in ``folder`` ready to compute; ``inputs`` and ``outputs`` are the compiled
    model's, by our names and in order, and ``turned`` says that it has channels first."""
    try:
        _loaded["program"] = programs.opened(data["folder"], data["threads"])
    except Exception as error:  # as above
        raise RuntimeError(neo.words(error))
    _loaded.update({name: data[name] for name in ("inputs", "outputs", "turned")})
    return None, {}


def predict(data, arrays):
    """Outputs by the names that ``load`` was told, and others by their place."""
    turned, own = _loaded["turned"], _loaded["inputs"]
    inputs = {own[name]: _turned(a, -1, 1) if turned else a for name, a in arrays.items()}
    try:
        outputs = _loaded["program"].predict(inputs)
    except Exception as error:  # as above
        raise RuntimeError(neo.words(error))
    outputs = [_turned(array, 1, -1) if turned else array for array in outputs]
    names = _loaded["outputs"]
    names = names + ["extra output %d" % place for place in range(len(names), len(outputs))]
    return None, {name: array for name, array in zip(names, outputs) if name}


def _turned(array, source, to):
    return numpy.moveaxis(array, source, to) if array.ndim >= TURNED else array


TASKS = {
    "versions": versions,
    "load": load,
    "build": build,
    "open": open_program,
    "predict": predict,
}
