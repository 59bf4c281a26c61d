"""``tree_kernel.c``, which computes trees faster than ONNX Runtime: built into artifacts, and run.

Beside ``compiled.onnx``, which needs ONNX Runtime alone, the artifact then has machine code for
x86-64, ``compiled.so``, the trees for it, ``compiled.npz``, and ONNX models of what comes before
and after them.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack import facts
from neopack.engines import linking
from neopack.engines.tree_tables import tables_of
from neopack.errors import Malformed
from neopack.facts.code_generation import Linking, generated_code
from neopack.goldens.arrays import load_arrays, save_arrays
from neopack.runtimes import this_cpu
from neopack.values.artifact import Array

__all__ = ["LIBRARY", "TreeKernel", "build", "is_built", "parts", "write_tables"]

LIBRARY, TABLES, BEFORE, AFTER = (
    "compiled.so",
    "compiled.npz",
    "compiled.before.onnx",
    "compiled.after.onnx",
)
SOURCE = Path(__file__).with_name("tree_kernel.c")
# any CPU of x86-64
SYSTEM = "linux/x86_64"
TYPES = {
    "nodes": "int32",
    "roots": "int32",
    "depths": "int32",
    "first": "int32",
    "votes": "float32",
    "base": "float32",
}


class _Model(ctypes.Structure):
    """``model`` of ``tree_kernel.c``."""

    _fields_ = (
        *((name, ctypes.c_void_p) for name in ("nodes", "roots", "depths", "first", "votes")),
        *((name, ctypes.c_int64) for name in ("trees", "width", "columns", "targets")),
    )


def build(model: Path, out: Path) -> bool:
    """Write the parts for the ONNX model into ``out``; False for trees that the kernel does not
    compute. Raises ``Missing`` where nothing here compiles C, ``EngineFailed`` where that fails.
    """
    linker = linking.linker_for(_linking())
    if not write_tables(model, out):
        return False
    source = out / SOURCE.name
    source.write_bytes(SOURCE.read_bytes())
    linker.link(linker.compile([source]), out / LIBRARY)
    return True


def write_tables(model: Path, out: Path) -> bool:
    """The parts without the library, which is the same for all models."""
    tables = tables_of(str(model))
    if tables is None:
        return False
    with (out / TABLES).open("wb") as stream:
        save_arrays(stream, tables.arrays)
    (out / AFTER).write_bytes(tables.after)
    if tables.before is not None:
        (out / BEFORE).write_bytes(tables.before)
    return True


def parts(folder: Path) -> list[Path]:
    """The files of ``build`` that are in ``folder``."""
    names = (LIBRARY, TABLES, BEFORE, AFTER)
    return [path for path in (folder / name for name in names) if path.is_file()]


def is_built(folder: Path) -> bool:
    """Whether ``folder`` has code for this machine. Raises ``Malformed`` for another library."""
    code = generated_code(facts.target(SYSTEM))
    if not (folder / LIBRARY).is_file() or not this_cpu.runs(code):
        return False
    linking.refuse_other_code(folder / LIBRARY, _linking().machine)
    return True


class TreeKernel:
    """The compiled kernel with the trees of ``folder``; any number of threads may call it."""

    def __init__(self, folder: Path, columns: int, session: Callable[[Path], Any]) -> None:
        self._arrays = _tables(folder / TABLES)
        self._before = session(folder / BEFORE) if (folder / BEFORE).is_file() else None
        self._after = session(folder / AFTER)
        self._sums = self._after.get_inputs()[0].name
        self._add = ctypes.CDLL(str(folder / LIBRARY)).neopack_add_trees
        self._add.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p)
        self._add.restype = None
        self._columns = columns if self._before is None else 2 * columns
        self._model = _model(self._arrays, self._columns)
        self._place = ctypes.addressof(self._model)

    def computed(self, rows: Array, outputs: Sequence[str]) -> list[Array]:
        """``outputs`` for float32 ``rows``, which lie one after another."""
        import numpy as np

        if self._before is not None:
            (rows,) = self._before.run(None, {self._before.get_inputs()[0].name: rows})
        if rows.shape != (len(rows), self._columns):
            raise ValueError(f"rows are {rows.shape}, not [any, {self._columns}]")
        sums = np.empty((len(rows), len(self._arrays["base"])), np.float32)
        sums[:] = self._arrays["base"]
        self._add(self._place, rows.ctypes.data, len(rows), sums.ctypes.data)
        answers: list[Array] = self._after.run(outputs, {self._sums: sums})
        return answers


def _model(arrays: Mapping[str, Array], columns: int) -> _Model:
    return _Model(
        *(arrays[name].ctypes.data for name in ("nodes", "roots", "depths", "first", "votes")),
        len(arrays["roots"]),
        arrays["votes"].shape[1],
        columns,
        len(arrays["base"]),
    )


def _tables(path: Path) -> dict[str, Array]:
    """Raises ``Malformed`` for other arrays than ``build`` writes."""
    arrays = load_arrays(path)
    wrong = sorted(set(TYPES) ^ set(arrays)) or [
        name for name, dtype in TYPES.items() if arrays[name].dtype != dtype
    ]
    if wrong:
        raise Malformed(f"its {wrong[0]} is not what the compiled trees need", where=path.name)
    return arrays


def _linking() -> Linking:
    known = generated_code(facts.target(SYSTEM)).linking
    assert known is not None  # noqa: S101 - a row of the facts
    return known
