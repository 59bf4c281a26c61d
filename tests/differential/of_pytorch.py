"""PyTorch: TorchScript files before each version, with records that are cut out or written
otherwise, and code that calls something else."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from mutations import damaged, renamed
from specimen import Specimen, base

__all__ = ["specimens"]

IMAGE = {"image": (1, 3, 8, 8)}
VERSIONS = ("1.4", "2.0")
EVERY = ("1.4", "1.5", "1.6", "1.7", "1.8", "1.12", "1.13", "2.0")
INTEGERS = {"input": "int64", "attention_mask": "int64"}
# the files of TorchScript, and the shapes that they were made for
FILES: Mapping[str, Mapping[str, tuple[int, ...]]] = {
    "torch-1.4.0/cnn-traced.pt": IMAGE,
    "torch-1.8.1/cnn-traced.pt": IMAGE,
    "torch-1.4.0/tokens-traced.pt": {"input": (1, 6), "attention_mask": (1, 6)},
    "torch-1.4.0/branches-scripted.pt": {"x": (2, 4)},
    "cnn-traced.pt": IMAGE,
    "dict-output.pt": IMAGE,
    "frozen.pt": IMAGE,
    "training-mode.pt": {"x": (4, 4)},
    "cuda.pt": IMAGE,
    "refused/deforming.pt": {"x": (1, 3, 16, 16), "offset": (1, 18, 16, 16)},
    "refused/dropping.pt": {"x": (1, 4)},
    "refused/legacy.pt": {"x": (1, 3, 16, 16)},
    "refused/mobile.pt": {"x": (1, 3, 16, 16)},
    "refused/no-forward.pt": {"x": (1, 4)},
    "refused/noise.pt": {"x": (1, 4)},
    "refused/on-meta.pt": {"x": (1, 4)},
    "refused/optimized.pt": {"x": (1, 3, 16, 16)},
    "refused/quantized.pt": {"x": (1, 3, 16, 16)},
}
# files that package is asked about in the test too
PACKAGED = (("torch-1.4.0/tokens-traced.pt", "2.0"),)
NOT_SCRIPTS = ("state-dict.pt", "checkpoint.pt", "pickled-module.pt", "state-dict-legacy.pt")
# what the code of the CNN calls instead
CALLS = {
    "mish": ("torch.relu", "torch.mish"),
    "hardsigmoid": ("torch.relu", "torch.hardsigmoid"),
    "silu": ("torch.relu", "torch.silu"),
    "leaky_relu": ("torch.relu", "torch.leaky_relu"),
    "linalg": ("torch.relu", "torch.linalg_inv"),
    "nothing": ("torch.relu", "torch.relux"),
    "two inputs": ("torch.relu(", "torch.relu(1, "),
    "other": ("torch.relu", "ops.strange.relu"),
    "prepacked": ("torch.relu", "ops.prepacked.relu"),
    "no forward": ("def forward(", "def backward("),
    "syntax": ("return ", "return return "),
}


def specimens(fixtures: Path, seed: int, *, sweep: bool) -> Iterator[Specimen]:
    versions = EVERY if sweep else VERSIONS
    for name, shapes in FILES.items():
        for each in _versions(_of(fixtures, name, shapes), versions):
            yield replace(each, packaged=sweep or (name, each.version) in PACKAGED)
    for name in NOT_SCRIPTS:
        yield _of(fixtures, name, IMAGE)
    cnn = _of(fixtures, "torch-1.4.0/cnn-traced.pt", IMAGE)
    yield from renamed(replace(cnn, target="rasp4b", version="1.8"))
    yield from damaged(cnn, seed, 20 if sweep else 2)
    for changed in (*_records(cnn), *_calls(cnn)):
        yield from _versions(changed, versions)


def _of(fixtures: Path, name: str, shapes: Mapping[str, tuple[int, ...]]) -> Specimen:
    data = (fixtures / "pytorch" / name).read_bytes()
    return base("PYTORCH", f"pytorch/{name}", {"model.pth": data}, shapes, dtypes=INTEGERS)


def _versions(specimen: Specimen, versions: tuple[str, ...]) -> Iterator[Specimen]:
    yield from (replace(specimen, version=version) for version in versions)


def _records(specimen: Specimen) -> Iterator[Specimen]:
    for number in ("0", "2", "4", "7", "11", "x", ""):
        yield specimen.with_model(f"format {number!r}", _version(specimen.data, number))
    for record in ("version", "constants.pkl", "data.pkl", "code/", "tensors/0", "data/0"):
        if (data := _without(specimen.data, record)) is not None:
            yield specimen.with_model(f"without {record}", data)


def _calls(specimen: Specimen) -> Iterator[Specimen]:
    for what, (old, new) in CALLS.items():
        yield specimen.with_model(f"code of {what}", _code(specimen.data, old, new))


# --- records of a zip -------------------------------------------------------------------------


def _version(data: bytes, number: str) -> bytes:
    return _rewritten(
        data, lambda name, held: number.encode() if name.endswith("/version") else held
    )


def _without(data: bytes, record: str) -> bytes | None:
    whole = _rewritten(data, lambda _, held: held)
    cut = _rewritten(data, lambda name, held: None if f"/{record}" in name else held)
    return None if cut == whole else cut


def _code(data: bytes, old: str, new: str) -> bytes:
    def changed(name: str, held: bytes) -> bytes:
        return held.replace(old.encode(), new.encode()) if re.search(r"\.py$", name) else held

    return _rewritten(data, changed)


def _rewritten(data: bytes, change: Callable[[str, bytes], bytes | None]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(out, "w") as target:
        for name in source.namelist():
            held = change(name, source.read(name))
            if held is not None:
                target.writestr(zipfile.ZipInfo(name), held)
    return out.getvalue()
