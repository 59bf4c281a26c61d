"""MXNet: symbols of each version with other operators, attributes and parameters."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from mutations import damaged, renamed
from specimen import Specimen, base

__all__ = ["specimens"]

IMAGE = {"data": (1, 3, 8, 8), "softmax_label": (1,)}
SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "channel-last": {"data": (1, 8, 8, 3), "softmax_label": (1,)},
    "loop": {"data": (4, 3)},
    "training": {"data": (1, 3, 32, 32), "label": (1, 6, 5)},
}
# models that package is asked about in the test too
PACKAGED = ("mxnet-1.5.1",)
Nodes = list[dict[str, Any]]


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    for path in sorted((fixtures / "mxnet").glob("*/*-symbol.json")):
        of = replace(_of(path), packaged=sweep or path.parent.name in PACKAGED)
        yield of
        if sweep:
            yield replace(of, target="rasp4b", version="1.7.0")
    newest = _of(fixtures / "mxnet/mxnet-1.8.0/module-symbol.json")
    yield from renamed(replace(newest, target="rasp4b"))
    yield from damaged(newest, seed, 20 if sweep else 2)
    yield _parameters(newest, "no parameters", b"")
    yield _parameters(newest, "parameters cut", _parameter_bytes(newest)[:-40])
    other = _of(fixtures / "mxnet/misfit/misfit-symbol.json")
    yield _parameters(newest, "parameters of another", _parameter_bytes(other))
    for what, change in CHANGES.items():
        yield newest.with_model(what, _changed(newest.data, change))


def _of(path: Path) -> Specimen:
    folder = path.parent
    members: dict[str, bytes | None] = {path.name: path.read_bytes()}
    members |= {each.name: each.read_bytes() for each in sorted(folder.iterdir()) if each != path}
    return base("MXNET", f"mxnet/{folder.name}", members, SHAPES.get(folder.name, IMAGE))


def _parameter_bytes(specimen: Specimen) -> bytes:
    return next(data for name, data in specimen.files.items() if data and name.endswith(".params"))


def _parameters(specimen: Specimen, mutation: str, data: bytes) -> Specimen:
    files = {n: data if n.endswith(".params") else held for n, held in specimen.files.items()}
    return replace(specimen, mutation=mutation, files=files, members=files)


# --- changes of a symbol ----------------------------------------------------------------------


def _changed(data: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    symbol = json.loads(data)
    change(symbol)
    return json.dumps(symbol).encode()


def _node(symbol: dict[str, Any], op: str) -> dict[str, Any]:
    nodes: Nodes = symbol["nodes"]
    return next(node for node in nodes if node["op"] == op)


def _set(op: str, **attributes: str) -> Callable[[dict[str, Any]], object]:
    return lambda symbol: _node(symbol, op).setdefault("attrs", {}).update(attributes)


def _op(old: str, new: str) -> Callable[[dict[str, Any]], object]:
    return lambda symbol: _node(symbol, old).update(op=new)


CHANGES: dict[str, Callable[[dict[str, Any]], object]] = {
    "operator of no version": _op("Activation", "Activating"),
    "operator of 1.9": _op("Flatten", "_npx_masked_softmax"),
    "activation of no version": _set("Activation", act_type="swish"),
    "attribute of no version": _set("Activation", nonsense="1"),
    "attribute that is no number": _set("Convolution", num_filter="four"),
    "other sizes": _set("Convolution", num_filter="5"),
    "kernel of 5": _set("Convolution", kernel="(5, 5)"),
    "training operator": _op("Flatten", "MakeLoss"),
    "random operator": _op("Flatten", "_sample_normal"),
    "dropout": _op("Flatten", "Dropout"),
    "version 2": lambda symbol: symbol["attrs"].update(mxnet_version=["int", 20000]),
    "no version": lambda symbol: symbol.pop("attrs"),
    "no heads": lambda symbol: symbol.update(heads=[]),
    "heads beyond": lambda symbol: symbol.update(heads=[[99, 0, 0]]),
    "no nodes": lambda symbol: symbol.update(nodes=[]),
    "input renamed": lambda symbol: symbol["nodes"][0].update(name="picture"),
    "weight renamed": lambda symbol: symbol["nodes"][1].update(name="kernel"),
}
