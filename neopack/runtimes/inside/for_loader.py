"""Tasks of Neo's public loader with TVM: convert a model, build it, compute with what was built."""

import logging
import os
import sys
import warnings

os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
# TVM would look for tuned schedules on the network
os.environ["TOPHUB_LOCATION"] = "NONE"
warnings.simplefilter("ignore")

import graphs  # noqa: E402
import neo  # noqa: E402
import numpy  # noqa: E402

logging.getLogger("tensorflow").setLevel(logging.ERROR)
PACKAGES = ("torch", "torchvision", "onnx", "mxnet", "keras", "tensorflow", "tvm", "numpy")
# Keras keeps the channels last, and TVM's importer turns images and volumes around
TURNED = 4
_loaded = {}


def versions(data, arrays):
    return neo.versions(PACKAGES), {}


def load(data, arrays):
    """``refused`` says why the loader refuses the model, else there are ``operators`` of Relay,
    by count, and the ``dtypes`` of the inputs."""
    if graphs.Importers not in sys.meta_path:
        sys.meta_path.insert(0, graphs.Importers)
    _forget()
    loader, refused = neo.load(data)
    if loader is None:
        return {"refused": refused}, {}
    import tvm

    module, parameters = loader.model_objects[:2]
    module = tvm.relay.transform.InferType()(module)
    _loaded.update(module=module, parameters=parameters, turned=data["framework"] == "keras")
    _loaded["inputs"], _loaded["outputs"] = _names(data, loader.metadata)
    counts = tvm.relay.analysis.list_op_freqs(module)
    dtypes = {v.name_hint: str(getattr(v.checked_type, "dtype", "")) for v in module["main"].params}
    return {
        "refused": "",
        "operators": {str(name): int(count) for name, count in counts.items()},
        "dtypes": {name: dtypes.get(own, "") for name, own in _loaded["inputs"].items()},
    }, {}


def _forget():
    """TensorFlow adds a model to the graph of the ones before it, which takes longer each time."""
    _loaded.clear()
    if "tensorflow" in sys.modules:
        sys.modules["tensorflow"].keras.backend.clear_session()


def _names(data, metadata):
    """The compiled model's own name of each input, and the names of its outputs in their order."""
    if data["framework"] != "tensorflow":
        return {name: name for name in data["inputs"]}, list(data["outputs"])
    return graphs.names(data, metadata)


def build(data, arrays):
    """Build what was loaded for ``code``, a target of TVM's. With ``runs`` it is ready to compute,
    else its code is written to ``path``. ``refused`` says why it cannot be built."""
    import tvm

    program = _Virtual if _is_dynamic(_loaded["module"]) else _Graph
    try:
        with tvm.transform.PassContext(opt_level=3):
            built = program(_loaded["module"], data["code"], _loaded["parameters"])
        if data["runs"]:
            built.start()
            _loaded["program"] = built
        else:
            built.library().save(data["path"])
    except Exception as error:  # TVM raises whatever C++ does
        return {"refused": neo.words(error)}, {}
    return {"refused": ""}, {}


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


class _Graph:
    """A program of static shapes: what Neo runs with TVM's graph executor."""

    def __init__(self, module, code, parameters):
        import tvm

        self.factory = tvm.relay.build(module, target=code, params=parameters)

    def library(self):
        return self.factory.get_lib()

    def start(self):
        import tvm
        from tvm.contrib import graph_executor

        self.executor = graph_executor.GraphModule(self.factory["default"](tvm.cpu()))

    def predict(self, inputs):
        for name, array in inputs.items():
            # what the outputs do not need is gone
            if self.executor.get_input_index(name) >= 0:
                self.executor.set_input(name, array)
        self.executor.run()
        count = self.executor.get_num_outputs()
        return [self.executor.get_output(place).asnumpy() for place in range(count)]


class _Virtual:
    """A program with control flow, or of shapes that follow from data: for TVM's virtual machine."""

    def __init__(self, module, code, parameters):
        from tvm.relay import vm

        self.takes = [variable.name_hint for variable in module["main"].params]
        self.executable = vm.compile(module, target=code, params=parameters)

    def library(self):
        return self.executable.save()[1]

    def start(self):
        import tvm
        from tvm.runtime.vm import VirtualMachine

        self.machine = VirtualMachine(self.executable, tvm.cpu())

    def predict(self, inputs):
        import tvm

        taken = {name: tvm.nd.array(inputs[name]) for name in self.takes if name in inputs}
        return list(_flat(self.machine.invoke("main", **taken)))


def _flat(value):
    if hasattr(value, "asnumpy"):
        yield value.asnumpy()
        return
    for item in value:
        yield from _flat(item)


def _is_dynamic(module):
    """Whether it has control flow or a shape that is not known: only a virtual machine runs it."""
    from tvm import relay

    flows = (relay.If, relay.Match, relay.RefCreate, relay.GlobalVar)
    seen = []

    def visit(node):
        kind = getattr(node, "_checked_type_", None)
        seen.append(isinstance(node, flows) or (kind is not None and _has_any(kind)))

    relay.analysis.post_order_visit(module["main"], visit)
    return any(seen)


def _has_any(kind):
    from tvm import relay

    if isinstance(kind, relay.TensorType):
        return relay.ty.is_dynamic(kind)
    if isinstance(kind, relay.TupleType):
        return any(_has_any(field) for field in kind.fields)
    return False


TASKS = {"versions": versions, "load": load, "build": build, "predict": predict}
