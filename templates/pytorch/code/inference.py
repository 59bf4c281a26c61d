"""Serve a PyTorch model that SageMaker Neo compiled, in SageMaker's PyTorch containers.

The container calls model_fn once, and input_fn, predict_fn and output_fn for each request.
Requests: application/x-npy, application/x-npz, application/json, and images if Pillow is
installed. Answers: application/json, application/x-npy, application/x-npz.

Written for Python 3.6 and PyTorch 1.4, the oldest versions of Neo's containers.
"""

import contextlib
import importlib
import io
import json
import logging
from pathlib import Path

import numpy as np
import torch

try:
    from PIL import Image
except ImportError:
    Image = None
try:
    from sagemaker_inference.errors import UnsupportedFormatError
except ImportError:  # outside a container
    UnsupportedFormatError = ValueError

# The inputs of forward, in order: [("input0", [1, 3, 224, 224], "float32")]. If empty, they are
# read from a manifest (*.neopack.json) beside this script.
INPUTS = []
# The normalization of images: ImageNet's, as in the training of torchvision's models.
MEAN, STD = [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]

# Neo's name is model.pt from PyTorch 1.5 on, and compiled.pt before; neopack's is model.pth.
FILES = ("model.pt", "model.pth", "compiled.pt")
JSON, NPY, NPZ = "application/json", "application/x-npy", "application/x-npz"
IMAGES = ("application/x-image", "image/jpeg", "image/png")
LOG = logging.getLogger(__name__)


def model_fn(model_dir):
    """Load the model and call it once, so that no request waits for its warm-up."""
    path = _model_file(Path(model_dir))
    for extension in ("torch_neuron", "torch_neuronx"):  # the operators for Inferentia
        with contextlib.suppress(ImportError):
            importlib.import_module(extension)
    with contextlib.ExitStack() as stack:
        if hasattr(torch, "neo"):  # in the containers of PyTorch 1.4, it runs compiled models
            stack.enter_context(torch.neo.config(model_dir=str(path.parent), neo_runtime=True))
        model = torch.jit.load(str(path), map_location=_device())
    if _inputs():
        predict_fn([np.zeros(shape, dtype) for _, shape, dtype in _inputs()], model)
    else:
        LOG.warning("no warm-up: INPUTS is empty and no manifest lies beside the script")
    return model


def input_fn(request_body, content_type):
    """Return the arrays of a request, in the order of forward."""
    kind = content_type.split(";")[0].strip().lower()
    body = request_body.encode() if isinstance(request_body, str) else bytes(request_body)
    if kind == JSON:
        return _in_order(json.loads(body.decode("utf-8")))
    if kind == NPY:
        return _in_order(np.load(io.BytesIO(body), allow_pickle=False))
    if kind == NPZ:
        return _in_order(dict(np.load(io.BytesIO(body), allow_pickle=False)))
    if kind in IMAGES and Image is not None:
        return _in_order(_pixels(body))
    raise UnsupportedFormatError(content_type)


def predict_fn(data, model):
    """Return the output of the model."""
    with torch.no_grad():
        return model(*[torch.from_numpy(array).to(_device()) for array in data])


def output_fn(prediction, accept):
    """Return the body of the answer and its content type; JSON by default."""
    kinds = [kind.split(";")[0].strip().lower() for kind in (accept or "*/*").split(",")]
    arrays = _arrays(prediction)
    stream = io.BytesIO()
    if NPY in kinds and len(arrays) == 1:
        np.save(stream, *arrays.values())
        return stream.getvalue(), NPY
    if NPZ in kinds:
        np.savez(stream, **arrays)
        return stream.getvalue(), NPZ
    if not {JSON, "application/*", "*/*"}.intersection(kinds):
        raise UnsupportedFormatError(accept)
    lists = {name: array.tolist() for name, array in arrays.items()}
    return json.dumps(lists if len(lists) > 1 else next(iter(lists.values()))), JSON


def _device():
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def _model_file(folder):
    for name in FILES:
        if (folder / name).is_file():
            return folder / name
    raise OSError("none of {} in {}".format(", ".join(FILES), folder))


def _inputs():
    """The (name, shape, dtype) of each input, or an empty list if they are unknown."""
    for path in [] if INPUTS else sorted(Path(__file__).resolve().parent.glob("*.neopack.json")):
        signature = json.loads(path.read_text("utf-8"))["signature"]
        return [(each["name"], each["shape"], each["dtype"]) for each in signature["inputs"]]
    return INPUTS


def _in_order(values):
    """One array of the right dtype for each input; ``values`` is an array or a dict by name."""
    inputs = _inputs()
    names = [name for name, _, _ in inputs]
    if not isinstance(values, dict):
        values = {(names or ["input0"])[0]: values}
    if len(values) > 1 and not names:
        raise ValueError("the order of several inputs is unknown: fill in INPUTS")
    if names and set(names) != set(values):
        raise ValueError(f"the model takes {sorted(names)}, not {sorted(values)}")
    dtypes = {name: dtype for name, _, dtype in inputs}
    return [
        np.array(values[name], dtypes.get(name) or getattr(values[name], "dtype", "float32"))
        for name in names or values
    ]


def _pixels(body):
    """The normalized image as 1x3xHxW, in the size of the first input."""
    height, width = _inputs()[0][1][-2:] if _inputs() else (224, 224)
    image = Image.open(io.BytesIO(body)).convert("RGB").resize((width, height))
    pixels = (np.asarray(image, "float32") / 255 - MEAN) / STD
    return pixels.transpose(2, 0, 1)[np.newaxis].astype("float32")


def _arrays(prediction):
    """Every tensor of the output, by name."""
    if isinstance(prediction, torch.Tensor):
        prediction = [prediction]
    if not isinstance(prediction, dict):
        prediction = {f"output{place}": each for place, each in enumerate(prediction)}
    return {name: each.detach().cpu().numpy() for name, each in prediction.items()}
