"""What TVM's importer of TensorFlow needs beside it: the importer itself, and the names of a
graph's tensors for the keys of its signature."""

import importlib.util
import os
import sys

FRONTEND = "tvm.relay.frontend."
IMPORTERS = ("tensorflow", "tensorflow_ops", "tensorflow_parser", "tensorflow2", "tensorflow2_ops")


class Importers:
    """Finds TVM's importers of TensorFlow in the folder ``apart`` of the environment: those of
    the build that is installed are not Apache's."""

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        module = name[len(FRONTEND) :]
        folder = os.path.join(sys.prefix, "apart", *FRONTEND.strip(".").split("."))
        file = os.path.join(folder, module + ".py")
        if name.startswith(FRONTEND) and module in IMPORTERS and os.path.isfile(file):
            return importlib.util.spec_from_file_location(name, file)
        return None


def names(data, metadata):
    """The placeholder of each input in ``data``, and the outputs' names, in the order of
    ``metadata``; "" for an output that ``data`` does not name.

    The loader freezes what it takes for a model of TensorFlow 2 as a function, whose tensors have
    other names: they are in the order of the signature's sorted keys.
    """
    tensors = _tensors(data)
    keys = {tensors.get(name): name for name in data["outputs"]}
    outputs = [keys.get(output["name"], "") for output in metadata["Outputs"]]
    if any(outputs):
        return {name: _node(tensors.get(name, name)) for name in data["inputs"]}, outputs
    nodes = [_node(placeholder["name"]) for placeholder in metadata["Inputs"]]
    return dict(zip(sorted(data["inputs"]), nodes)), sorted(data["outputs"])


def _node(tensor):
    return tensor.partition(":")[0]


def _tensors(data):
    """The tensor of each input and output in ``data``: of the signature that has them, or of that
    name in a frozen graph."""
    for member in data["members"]:
        if os.path.basename(member) == "saved_model.pb":
            return _of_signature(os.path.join(data["folder"], os.path.dirname(member)), data)
    named = [*data["inputs"], *data["outputs"]]
    return {name: name if ":" in name else name + ":0" for name in named}


def _of_signature(folder, data):
    from tensorflow.python.saved_model import loader_impl

    model = loader_impl.parse_saved_model(folder)
    for graph in model.meta_graphs:
        for signature in graph.signature_def.values():
            found = dict(signature.inputs, **signature.outputs)
            if set(signature.inputs) == set(data["inputs"]) and set(data["outputs"]) <= set(found):
                return {name: found[name].name for name in [*data["inputs"], *data["outputs"]]}
    return {}
