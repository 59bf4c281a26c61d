"""A model of Keras 2.2.4 in layers that TVM's importer takes, and computes alike.

Neo's loader imports models with the channels first. There, the importer converts no layers of one
spatial dim, no Dense on maps, and takes a few settings otherwise or not at all; most of these
can be written in other layers with the same numbers. What cannot stays, and a rule names it.

Sources: apache/tvm v0.9.0, relay/frontend/keras.py; NeoCompilerModelLoaders 1.0.1 with TVM 0.9
(hhb-tvm 2.4.5), run on models of each layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from neopack.frameworks.keras.lowering.old_model import OldCall, OldModel
from neopack.frameworks.keras.lowering.tvm_rewrites import REWRITES, keep
from neopack.frameworks.keras.lowering.tvm_values import Dims, OfTvm, Value
from neopack.frameworks.keras.lowering.tvm_windows import WINDOWS
from neopack.frameworks.keras.shapes import output_shape
from neopack.values.signature import Shape

__all__ = ["lower_for_tvm"]

NAMED = 3


def lower_for_tvm(model: OldModel) -> OldModel:
    """``model`` itself where the importer takes all of it as it is, or a size is not known."""
    dims = _all_dims(model)
    if dims is None:
        return model
    rewrites = {**REWRITES, **WINDOWS}
    building, values = OfTvm(frozenset(model.layers)), list[Value]()
    for call, own in zip(model.calls, dims, strict=True):
        layer = model.layers[call.layer]
        rewrite = rewrites.get(layer.class_name, keep)
        values.append(rewrite(building, layer, [values[at] for at in call.inputs], own))
    inputs = tuple(values[at].call for at in model.inputs)
    outputs = tuple(_output(building, values[at]) for at in model.outputs)
    if not building.notes:
        return model
    notes = (f"{what}, for TVM ({_named(names)})" for what, names in building.notes.items())
    rewritten = replace(
        model,
        layers=building.layers,
        calls=tuple(building.calls),
        inputs=inputs,
        outputs=outputs,
        rewrites=(*model.rewrites, *notes),
    )
    return _without_unused(rewritten)


def _output(building: OfTvm, value: Value) -> int:
    call = building.natural(value)
    layer = building.layers[building.calls[call].layer]
    if layer.class_name != "InputLayer":
        return call
    building.note("an input that is an output too is passed on", value.name)
    return building.append(f"{value.name}_out", "Activation", {"activation": "linear"}, [call])


def _all_dims(model: OldModel) -> list[Dims] | None:
    """What each call gives, without the batch; None where one of them is not known."""
    shapes: list[Shape] = []
    for call in model.calls:
        layer = model.layers[call.layer]
        inputs = [shapes[at] for at in call.inputs]
        shape = output_shape(layer.class_name, layer.config, inputs)
        if shape is None or None in shape[1:]:
            return None
        shapes.append(shape)
    return [tuple(dim for dim in shape[1:] if dim is not None) for shape in shapes]


def _without_unused(model: OldModel) -> OldModel:
    """Keras 2.2.4 would miscount the weights of layers that lead nowhere."""
    needed, pending = set(model.inputs), list(model.outputs)
    while pending:
        at = pending.pop()
        if at not in needed:
            needed.add(at)
            pending += model.calls[at].inputs
    places = {at: place for place, at in enumerate(sorted(needed))}

    def moved(calls: Sequence[int]) -> tuple[int, ...]:
        return tuple(places[at] for at in calls)

    kept = [model.calls[at] for at in sorted(needed)]
    used = {call.layer for call in kept}
    return replace(
        model,
        layers={name: layer for name, layer in model.layers.items() if name in used},
        calls=tuple(OldCall(call.layer, moved(call.inputs)) for call in kept),
        inputs=moved(model.inputs),
        outputs=moved(model.outputs),
    )


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{', '.join(names[:NAMED])}{more}"
