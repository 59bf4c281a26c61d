"""Golden numbers: seeded inputs, and what the source model answered, in one .npz.

Keys are ``input/<name>`` and ``output/<name>``; the file is the same bytes for the same arrays.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neopack.errors import Malformed
from neopack.types import Array, Goldens

__all__ = ["difference", "load_goldens", "save_goldens"]


def save_goldens(
    path: Path, inputs: Mapping[str, Array], outputs: Mapping[str, Array], *, seed: int
) -> Goldens:
    import numpy as np

    arrays = {f"input/{name}": array for name, array in inputs.items()}
    arrays |= {f"output/{name}": array for name, array in outputs.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return Goldens(path=path, seed=seed, inputs=tuple(inputs), outputs=tuple(outputs))


def load_goldens(path: Path) -> tuple[dict[str, Array], dict[str, Array]]:
    """(inputs, outputs). Raises ``Malformed`` where the file is no such .npz."""
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Malformed(f"is no file of golden numbers: {error}", where=str(path)) from None
    inputs = {n.removeprefix("input/"): a for n, a in arrays.items() if n.startswith("input/")}
    outputs = {n.removeprefix("output/"): a for n, a in arrays.items() if n.startswith("output/")}
    if not inputs or not outputs:
        raise Malformed("holds no golden inputs and outputs", where=str(path))
    return inputs, outputs


def difference(golden: Mapping[str, Array], computed: Mapping[str, Array]) -> float:
    """The largest absolute difference over the largest absolute golden value, over all outputs.

    Infinite where an output is missing, differs in shape, or has numbers where golden has none.
    """
    return max((_difference(golden[name], computed.get(name)) for name in golden), default=0.0)


def _difference(golden: Array, computed: Array | None) -> float:
    import numpy as np

    if computed is None or golden.shape != computed.shape:
        return float("inf")
    if golden.size == 0:
        return 0.0
    wide, other = golden.astype(np.float64), computed.astype(np.float64)
    same = (wide == other) | (np.isnan(wide) & np.isnan(other))
    gaps = np.where(same, 0.0, np.abs(wide - other))
    scale = float(np.max(np.abs(wide), initial=0.0, where=np.isfinite(wide)))
    largest = float(np.max(gaps))
    if largest == 0.0:
        return 0.0
    return largest / scale if scale and np.isfinite(largest) else float("inf")
