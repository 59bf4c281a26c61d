"""Inputs and outputs that are not tensors of numbers: refused, but for a ZipMap at the end of a
classifier, which is cut off, as its labels are (``word_outputs``)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.errors import SourceError
from neopack.frameworks.onnx.facts import STRINGS, not_tensors
from neopack.goldens.directed import Compute
from neopack.values.artifact import Array
from neopack.values.model import ModelInfo

__all__ = ["ZipMap", "cut", "refuse_others", "unzipped", "zip_maps"]

ML = "ai.onnx.ml"
_WORDS = "give and take class numbers in place of words, or remove it from the graph's outputs"
_OTHERS = (
    "convert it again with tensors as outputs, such as those of Split in place of "
    "SplitToSequence; for scikit-learn with options={'zipmap': False}"
)


@dataclass(frozen=True, slots=True)
class ZipMap:
    """The node whose output ``name`` is a row of maps, from the words or numbers of the classes to
    the numbers of ``tensor``."""

    name: str
    tensor: str
    labels: tuple[Any, ...]


def zip_maps(model: Any) -> tuple[ZipMap, ...]:
    """The ZipMaps that only outputs of the graph come from."""
    return tuple(_zip_maps(model.graph))


def _zip_maps(graph: Any) -> Iterator[ZipMap]:
    outputs = {info.name for info in graph.output}
    inside = [name for node in graph.node for name in node.input]
    for node in graph.node:
        if (node.domain, node.op_type) != (ML, "ZipMap"):
            continue
        if node.output[0] in outputs and node.output[0] not in inside:
            yield ZipMap(node.output[0], node.input[0], _labels(node))


def _labels(node: Any) -> tuple[Any, ...]:
    (attribute,) = (a for a in node.attribute if a.name.startswith("classlabels"))
    return tuple(attribute.ints) or tuple(word.decode() for word in attribute.strings)


def cut(model: Any, zips: tuple[ZipMap, ...]) -> None:
    """Give the tensors that the maps were made of as outputs, in place."""
    by_name = {each.name: each for each in zips}
    kept = [node for node in model.graph.node if not by_name.keys() & set(node.output)]
    del model.graph.node[:]
    model.graph.node.extend(kept)
    outputs: dict[str, Any] = {}
    for info in model.graph.output:
        each = by_name.get(info.name)
        new = info if each is None else _tensor_info(each)
        outputs.setdefault(new.name, new)
    listed = list(outputs.values())
    del model.graph.output[:]
    model.graph.output.extend(listed)
    if not any(node.domain == ML for node in model.graph.node):
        imports = [entry for entry in model.opset_import if entry.domain != ML]
        del model.opset_import[:]
        model.opset_import.extend(imports)


def _tensor_info(zipped: ZipMap) -> Any:
    from onnx import TensorProto, helper

    shape = [None, len(zipped.labels)]
    return helper.make_tensor_value_info(zipped.tensor, TensorProto.FLOAT, shape)


def unzipped(compute: Compute, zips: tuple[ZipMap, ...]) -> Compute:
    """``compute`` of the file as it was, its maps as the tensors that they were made of."""
    import numpy as np

    by_name = {each.name: each for each in zips}

    def computed(inputs: Mapping[str, Array]) -> dict[str, Array]:
        arrays: dict[str, Array] = {}
        for name, value in compute(inputs).items():
            each = by_name.get(name)
            if each is None:
                arrays[name] = value
            else:
                rows: Any = value
                table = [[row[label] for label in each.labels] for row in rows]
                arrays[each.tensor] = np.array(table, np.float32).reshape(-1, len(each.labels))
        return arrays

    return computed


def refuse_others(
    info: ModelInfo, zips: tuple[ZipMap, ...], words: Sequence[str], where: str
) -> None:
    """Raise ``SourceError`` for the first input or output that is not a tensor of numbers, but
    for those that are cut off."""
    known = {*(each.name for each in zips), *words}
    for side, name, kind in not_tensors(info):
        if name not in known:
            raise SourceError(
                f"the {side} {name!r} is {kind}, and Neo takes tensors of numbers",
                where=where,
                hint=_WORDS if kind == STRINGS else _OTHERS,
            )
