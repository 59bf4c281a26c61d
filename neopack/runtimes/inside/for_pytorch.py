"""Tasks of PyTorch: load a TorchScript file, run it on arrays in the order of its inputs; for
those that make one see ``tracing``."""

import importlib
import io
import json
import platform
import sys
import zipfile

import numpy
import torch
from tracing import answer, build, trace, walked

VERSION = torch.__version__.split("+")[0]
_loaded = {}


def versions(data, arrays):
    """torchvision is among them where a model needed it."""
    found = {"torch": VERSION, "numpy": numpy.__version__, "python": platform.python_version()}
    if "torchvision" in sys.modules:
        found["torchvision"] = sys.modules["torchvision"].__version__.split("+")[0]
    return found, {}


def load(data, arrays):
    """The handle of the model in ``data["path"]``; ``data`` also names inputs and outputs, or None
    for outputs that are to have the names that their places give them."""
    try:
        module = torch.jit.load(data["path"], map_location="cpu")
    except RuntimeError as error:
        if "torchvision::" not in str(error):
            raise
        importlib.import_module("torchvision")  # for its operators, as Neo's own loader does
        module = torch.jit.load(data["path"], map_location="cpu")
    _loaded[data["path"]] = (module.eval(), data)
    return {"model": data["path"]}, {}


def predict(data, arrays):
    module, names = _loaded[data["model"]]
    tensors = [torch.from_numpy(arrays[name]) for name in names["inputs"]]
    with torch.no_grad():
        output = module(*tensors)
    if names["outputs"] is None:  # the caller knows none yet
        return None, {name: tensor.numpy() for name, tensor in walked(output)}
    found = [tensor.numpy() for _, tensor in walked(output)]
    extra = ["extra output %d" % place for place in range(len(names["outputs"]), len(found))]
    return None, dict(zip(names["outputs"] + extra, found))


def resave(data, arrays):
    """Write the model of torch 1.0 to 1.3 in ``data["path"]`` to ``data["to"]`` in the format of
    this version."""
    torch.jit.load(plainly_named(data["path"]), map_location="cpu").eval().save(data["to"])
    return versions(data, arrays)


def plainly_named(path):
    """Its bytes with another name of the main module: it is that of the file, and a name such as
    resnet-18 is no longer read once it is that of a class."""
    copy = io.BytesIO()
    with zipfile.ZipFile(path) as source, zipfile.ZipFile(copy, "w") as target:
        for name in source.namelist():
            content = source.read(name)
            if name.endswith("/model.json"):
                model = json.loads(content.decode("utf-8"))
                model["mainModule"]["name"] = "model"
                content = json.dumps(model).encode("utf-8")
            target.writestr(zipfile.ZipInfo(name), content)
    copy.seek(0)
    return copy


def release(data, arrays):
    del _loaded[data["model"]]
    return None, {}


def schemas(data, arrays):
    """What all operators that TorchScript knows in this version take and return, with those of its
    torchvision, which importing it registers."""
    import torchvision  # noqa: F401

    return sorted({str(schema) for schema in torch._C._jit_get_all_schemas()}), {}


TASKS = {
    "versions": versions,
    "schemas": schemas,
    "load": load,
    "predict": predict,
    "resave": resave,
    "release": release,
    "build": build,
    "trace": trace,
    "answer": answer,
}
