"""Changes of an archive that do not depend on the framework: other names, more and fewer members,
bytes that are cut off."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace

from specimen import Specimen

__all__ = ["damaged", "renamed"]

OTHER_SUFFIXES = (".h5", ".hdf5", ".keras", ".onnx", ".pt", ".pth", ".pb", ".json", ".model", "")
MORE_MEMBERS = (
    "README.md", "labels.json", "code/inference.py", "code/config.json", "._model", ".DS_Store",
    "checkpoint", "hyperparams.json", "fingerprint.pb", "m/more.params", "model.onnx.data",
)  # fmt: skip


def renamed(specimen: Specimen) -> Iterator[Specimen]:
    """The same model in an archive of other names."""
    plain: dict[str, bytes | None] = {
        name: data for name, data in specimen.members.items() if data is not None
    }
    yield specimen.named(specimen.mutation, specimen.members)
    yield specimen.named("under ./", {"./": None} | {f"./{n}": d for n, d in plain.items()})
    yield specimen.named("under ./, alone", {f"./{n}": d for n, d in plain.items()})
    yield specimen.named("after /", {"/": None} | plain)
    yield specimen.named("in m", {f"m/{n}": d for n, d in plain.items()})
    yield specimen.named("in m/", {"m/": None} | {f"m/{n}": d for n, d in plain.items()})
    for name in MORE_MEMBERS:
        yield specimen.named(f"with {name}", {**specimen.members, name: b"{}"})
    stem = specimen.model.rpartition(".")[0] or specimen.model
    suffix = specimen.model[len(stem) :]
    for other in (*OTHER_SUFFIXES, suffix.upper()):
        if other != suffix:
            yield specimen.named(f"named *{other}", _moved(specimen, stem + other))
    yield specimen.named("hidden", _moved(specimen, _hidden(specimen.model)))
    second = f"{stem}-2{suffix}"
    yield specimen.named("two models", {**specimen.members, second: specimen.data})
    for name in specimen.members:
        if name != specimen.model:
            rest = {n: d for n, d in specimen.members.items() if n != name}
            without = specimen.named(f"without {name}", rest)
            yield replace(without, change="content", converted_only=True)


def damaged(specimen: Specimen, seed: int, count: int = 3) -> Iterator[Specimen]:
    """The main file cut short, empty, of something else, or with other bytes at a few places."""
    data, source = specimen.data, random.Random(seed)
    yield specimen.with_model("empty", b"")
    yield specimen.with_model("a web page", b"<!DOCTYPE html><html><body>404</body></html>")
    for _ in range(count):
        end = source.randrange(1, len(data))
        yield specimen.with_model(f"cut at {end}", data[:end])
    yield specimen.with_model("cut by 1", data[:-1])


def _moved(specimen: Specimen, to: str) -> dict[str, bytes | None]:
    return {to if n == specimen.model else n: data for n, data in specimen.members.items()}


def _hidden(name: str) -> str:
    folder, slash, leaf = name.rpartition("/")
    return f"{folder}{slash}.{leaf}"
