"""TensorFlow: SavedModels and frozen graphs before each version, and graphs whose bytes name other
operators and types."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mutations import damaged, renamed
from specimen import Specimen, base, members_of

__all__ = ["specimens"]

SHAPES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "1.15/saved-model": {"images": (1, 8, 8, 3)},
    "1.15/no-signature": {"images": (1, 8, 8, 3)},
    "1.15/no-variables": {"x": (1, 4)},
    "2.9/keras": {"row": (1, 4)},
    "2.9/trained": {"image": (1, 4, 4, 2)},
    "2/keras": {"images": (1, 8, 8, 3)},
    "2/no-variables": {"images": (1, 8, 8, 3)},
    "2/saved-model": {"images": (1, 8, 8, 3)},
    "2/two-inputs": {"ids": (1, 6), "mask": (1, 6)},
    "1.15/frozen.pb": {"x": (1, 8, 8, 3)},
    "1.15/names-end-in-zero.pb": {"x": (1, 4)},
    "1.15/not-frozen.pb": {"x": (1, 8, 8, 3)},
    "1.15/training.pb": {"x": (1, 4), "label": (1, 3)},
    "2/frozen.pb": {"images": (1, 8, 8, 3)},
}
# names of as many letters, so that no length in the bytes changes
OPERATORS = {b"Conv2D": b"Conv2X", b"MatMul": b"MatMuX", b"Relu": b"Selu", b"Mean": b"Rand"}
ATTRIBUTES = {b"transpose_a": b"transpose_x", b"data_format": b"data_formaX",
              b"keep_dims": b"keep_dimX"}  # fmt: skip
# of the graphs of one operator: what TVM converts, and what it does not
TELLING = (
    "cond", "cumsum", "einsum", "erfc", "lstm", "nms", "roll", "scatter_nd", "topk", "while",
)  # fmt: skip


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    for name, shapes in SHAPES.items():
        specimen = _of(fixtures / "tensorflow" / name, name, shapes)
        yield from _versions(replace(specimen, packaged=sweep), sweep=sweep)
    saved = _of(fixtures / "tensorflow/1.15/saved-model", "1.15/saved-model",
                SHAPES["1.15/saved-model"])  # fmt: skip
    edge = replace(saved, target="rasp4b", version="1.15.3")
    frozen = _of(fixtures / "tensorflow/1.15/frozen.pb", "1.15/frozen.pb", {"x": (1, 8, 8, 3)})
    for each in (edge, replace(frozen, target="rasp4b", version="1.15.3")):
        yield from renamed(each)
    saved, frozen = (
        replace(each, version="1.15.3", once=not sweep) for each in (saved, frozen)
    )  # what is damaged says the same of the loader on each target
    for each in (saved, frozen):
        yield from damaged(each, seed, 20 if sweep else 2)
        for old, new in {**OPERATORS, **ATTRIBUTES}.items():
            if old in each.data:
                mutation = f"{old.decode()} is {new.decode()}"
                yield each.with_model(mutation, each.data.replace(old, new))
    yield from _files(saved)
    with zipfile.ZipFile(fixtures / "tensorflow/1.15/operators.zip") as graphs:
        for name in graphs.namelist():
            if sweep or name.removesuffix(".pb") in TELLING:
                yield _operator(name, graphs.read(name))


def _of(path: Path, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Specimen:
    members = members_of(path, "export") if path.is_dir() else {path.name: path.read_bytes()}
    graphs = {n: d for n, d in members.items() if n.endswith("saved_model.pb")}
    first = {n: d for n, d in members.items() if d is None} | graphs
    kept = {n: d for n, d in members.items() if not n.endswith(("fingerprint.pb", "metadata.pb"))}
    return base("TENSORFLOW", f"tensorflow/{name}", {**first, **kept}, shapes)


def _operator(name: str, data: bytes) -> Specimen:
    return base("TENSORFLOW", f"tensorflow/operators/{name}", {name: data}, {}).for_tvm()


def _versions(specimen: Specimen, *, sweep: bool) -> Iterator[Specimen]:
    yield replace(specimen, version="1.15.3")
    if sweep:
        yield replace(specimen, version="2.9")
        yield replace(specimen, target="rasp4b", version="1.15.3")


def _files(specimen: Specimen) -> Iterator[Specimen]:
    for name, data in specimen.files.items():
        if data is not None and name != specimen.model:
            rest = {n: d for n, d in specimen.files.items() if n != name}
            for what, files in {
                "without": rest,
                "empty": {**specimen.files, name: b""},
                "cut": {**specimen.files, name: data[: len(data) // 2]},
            }.items():
                leaf = name.rpartition("/")[2]
                yield replace(specimen, mutation=f"{what} {leaf}", files=files, members=files)
