"""Golden numbers: seeded inputs and the outputs of the source model, in one .npz.

Keys are ``input/<name>`` and ``output/<name>``. Equal arrays give a file with equal bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

from neopack.errors import Malformed, SourceError, first_line
from neopack.values.artifact import Array
from neopack.values.model import Goldens

__all__ = [
    "load_arrays",
    "load_goldens",
    "save_arrays",
    "save_goldens",
]

# numpy's letters for bool, integers, unsigned ones and floats
NUMBERS = "biuf"
ZIP = b"PK"
HINT = "write it with numpy.savez(FILE, NAME=ARRAY)"


def save_goldens(
    path: Path, inputs: Mapping[str, Array], outputs: Mapping[str, Array], *, seed: int
) -> Goldens:
    arrays = {f"input/{name}": array for name, array in inputs.items()}
    arrays |= {f"output/{name}": array for name, array in outputs.items()}
    with path.open("wb") as stream:
        save_arrays(stream, arrays)
    return Goldens(
        path=path,
        seed=seed,
        inputs=tuple(inputs),
        outputs=tuple(outputs),
        constant=_constant(outputs),
        empty=not any(array.size for array in outputs.values()),
    )


def _constant(outputs: Mapping[str, Array]) -> bool:
    sizes = [array.size for array in outputs.values()]
    ranges = [array.min() == array.max() for array in outputs.values() if array.size]
    return sum(sizes) > len(sizes) and all(ranges)


def save_arrays(stream: BinaryIO, arrays: Mapping[str, Array]) -> None:
    """Write an .npz. Unlike ``numpy.savez``, this takes any name, such as ``file``."""
    import zipfile

    from numpy.lib import format as npy

    with zipfile.ZipFile(stream, "w") as target:
        for name, array in arrays.items():
            with target.open(f"{name}.npy", "w", force_zip64=True) as member:
                npy.write_array(member, array, allow_pickle=False)


def load_arrays(path: Path) -> dict[str, Array]:
    """Return the arrays of an .npz by name.

    Raises ``Malformed`` if the file is not an .npz of numbers, ``SourceError`` if it is missing.
    """
    import tokenize
    import warnings
    import zipfile
    import zlib

    import numpy as np

    # what zipfile and NumPy raise for damage; they have no common base class
    plain = (OSError, ValueError, EOFError, MemoryError, RuntimeError, OverflowError, SyntaxError)
    damage = (*plain, zipfile.BadZipFile, zlib.error, tokenize.TokenError)
    try:
        with warnings.catch_warnings(), path.open("rb") as stream:
            warnings.simplefilter("ignore")  # about headers that NumPy parses twice
            if stream.read(len(ZIP)) != ZIP:  # NumPy's error would suggest unpickling
                raise Malformed("is not an .npz of arrays", where=str(path), hint=HINT)
            stream.seek(0)
            with np.load(stream, allow_pickle=False) as stored:
                arrays = {name: stored[name] for name in stored.files}
    except FileNotFoundError:
        raise SourceError("no such file", where=str(path)) from None
    except damage as error:
        raise Malformed(
            f"is not an .npz of arrays: {first_line(error)}", where=str(path), hint=HINT
        ) from None
    for name, array in arrays.items():
        if not isinstance(array, np.ndarray):
            raise Malformed(f"{name!r} is not an .npy", where=str(path), hint=HINT)
        if array.dtype.kind not in NUMBERS:
            raise Malformed(
                f"{name!r} is not an array of numbers but of {array.dtype}", where=str(path)
            )
    return arrays


def load_goldens(path: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return (inputs, outputs). Raises ``Malformed`` if the file is not such an .npz."""
    arrays = load_arrays(path)
    inputs = {n.removeprefix("input/"): a for n, a in arrays.items() if n.startswith("input/")}
    outputs = {n.removeprefix("output/"): a for n, a in arrays.items() if n.startswith("output/")}
    if not inputs or not outputs:
        raise Malformed("holds no golden inputs and outputs", where=str(path))
    return inputs, outputs
