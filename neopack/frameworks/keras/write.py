"""Write the .h5 file that Keras 2.2.4 loads (keras/engine/saving.py of that version).

It hands weights out by the place of a layer among those that have any, so that layers must stand
in the order in which 2.2.4 itself will hold them: by depth from the outputs, then by the order
in which walking back from the outputs meets them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing
from neopack.frameworks.keras.lowering.old_model import OldCall, OldModel
from neopack.values.json import Json

__all__ = ["KERAS_VERSION", "h5py_module", "layer_order", "model_config", "write_h5"]

KERAS_VERSION = "2.2.4"
BACKEND = "tensorflow"
# what an object header of HDF5 can hold (keras/engine/saving.py: HDF5_OBJECT_HEADER_LIMIT)
LARGEST_ATTRIBUTE = 64512


def write_h5(model: OldModel, to: Path) -> None:
    """The same model gives the same bytes. Raises ``Missing`` without h5py."""
    h5py = h5py_module()
    import numpy as np

    with h5py.File(to, "w", libver=("earliest", "v110"), track_order=False) as file:
        file.attrs["keras_version"] = KERAS_VERSION.encode()
        file.attrs["backend"] = BACKEND.encode()
        config = json.dumps(model_config(model), separators=(",", ":"))
        file.attrs["model_config"] = config.encode()
        weights = file.create_group("model_weights")
        names = layer_order(model)
        _write_names(weights.attrs, "layer_names", names)
        weights.attrs["backend"] = BACKEND.encode()
        weights.attrs["keras_version"] = KERAS_VERSION.encode()
        for name in names:
            group, layer = weights.create_group(name), model.layers[name]
            full = [f"{name}/{weight}:0" for weight, _ in layer.weights]
            _write_names(group.attrs, "weight_names", full)
            for weight, (_, array) in zip(full, layer.weights, strict=True):
                data = np.ascontiguousarray(array, np.float32)
                group.create_dataset(weight, data=data, track_times=False)


def _write_names(attributes: Any, name: str, texts: list[str]) -> None:
    """A list of names, in parts where it is too long for one attribute, as Keras has it."""
    import numpy as np

    data = np.array([text.encode() for text in texts])
    parts = 1
    while any(part.nbytes > LARGEST_ATTRIBUTE for part in np.array_split(data, parts)):
        parts += 1
    if parts == 1:
        attributes[name] = data
        return
    for number, part in enumerate(np.array_split(data, parts)):
        attributes[f"{name}{number}"] = part


# --- the configuration ----------------------------------------------------------------------


def model_config(model: OldModel) -> Json:
    """The functional model as 2.2.4 writes it."""
    numbers = _numbers(model.calls)
    nodes: dict[str, list[Json]] = {}
    for call in model.calls:
        node = [[*_history(model, numbers, at), {}] for at in call.inputs]
        nodes.setdefault(call.layer, []).extend([node] if node else [])
    return {
        "class_name": "Model",
        "config": {
            "name": model.name,
            "layers": [
                {
                    "name": name,
                    "class_name": model.layers[name].class_name,
                    "config": {"name": name, **model.layers[name].config},
                    "inbound_nodes": entries,
                }
                for name, entries in nodes.items()
            ],
            "input_layers": [_history(model, numbers, at) for at in model.inputs],
            "output_layers": [_history(model, numbers, at) for at in model.outputs],
        },
    }


def _numbers(calls: tuple[OldCall, ...]) -> list[int]:
    """For each call its number among those of its layer."""
    counts: dict[str, int] = {}
    numbers = []
    for call in calls:
        numbers.append(counts.get(call.layer, 0))
        counts[call.layer] = numbers[-1] + 1
    return numbers


def _history(model: OldModel, numbers: list[int], at: int) -> list[Json]:
    return [model.calls[at].layer, numbers[at], 0]


# --- the order of layers --------------------------------------------------------------------


def layer_order(model: OldModel) -> list[str]:
    """As ``_map_graph_network`` of keras/engine/network.py in 2.2.4 orders them."""
    met: dict[str, int] = {}
    finished = list(_walked(model, met))
    call_depth: dict[int, int] = {}
    layer_depth: dict[str, int] = {}
    for at in reversed(finished):
        call = model.calls[at]
        depth = max(call_depth.get(at, 0), layer_depth.get(call.layer, 0))
        layer_depth[call.layer] = call_depth[at] = depth
        for before in call.inputs:
            call_depth[before] = max(depth + 1, call_depth.get(before, 0))
    return sorted(layer_depth, key=lambda name: (-layer_depth[name], met[name]))


def _walked(model: OldModel, met: dict[str, int]) -> Iterator[int]:
    """Calls in the order in which walking back from the outputs is done with them; ``met`` takes
    in which order it meets their layers."""
    done: set[int] = set()
    for output in model.outputs:
        path = [(output, iter(model.calls[output].inputs))]
        if output not in done:
            met.setdefault(model.calls[output].layer, len(met))
        while path:
            at, inputs = path[-1]
            following = next((i for i in inputs if i not in done), None)
            if following is None:
                path.pop()
                if at not in done:
                    done.add(at)
                    yield at
                continue
            met.setdefault(model.calls[following].layer, len(met))
            path.append((following, iter(model.calls[following].inputs)))


def h5py_module() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise Missing(
            f"Keras models are packaged with h5py ({error})", hint=install_hint("keras")
        ) from None
    return h5py
