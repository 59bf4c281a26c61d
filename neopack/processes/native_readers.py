"""Functions of libraries that open a file in C, which Python's audit hooks do not see.

Each is wrapped as soon as its module is imported, and tells of the files among its arguments.
"""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

__all__ = ["tell_of_reads"]

# the modules that have a function, and those that others import it into: a module may be there
# before it is wrapped
READERS: Mapping[str, tuple[str, ...]] = {
    "cv2": ("imread", "imreadmulti"),
    "h5py._hl.files": ("File.__init__",),
    "lightgbm.basic": ("Booster.__init__",),
    "onnxruntime.capi.onnxruntime_inference_collection": ("InferenceSession.__init__",),
    "safetensors": ("safe_open",),
    "safetensors.numpy": ("safe_open",),
    "safetensors.torch": ("safe_open",),
    "torch.jit": ("load",),
    "torch.jit._serialization": ("load",),
    "xgboost.core": ("Booster.load_model", "DMatrix.__init__"),
}
MARK = "tells of what it reads"


def tell_of_reads(hear: Callable[[str], None]) -> None:
    """Call ``hear`` with the path of each file that one of them is to read, before it does; from
    now on until the process ends."""
    for name in READERS:
        if name in sys.modules:
            _wrap_all(sys.modules[name], hear)
    sys.meta_path.insert(0, _Finder(hear))


class _Finder(MetaPathFinder):
    def __init__(self, hear: Callable[[str], None]) -> None:
        self._hear = hear

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname not in READERS:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._hear)
        return spec


class _Loader(Loader):
    """Wraps what a module has, once it has it. All else is the module's own loader's."""

    def __init__(self, own: Any, hear: Callable[[str], None]) -> None:
        self._own, self._hear = own, hear

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        created: ModuleType | None = self._own.create_module(spec)
        return created

    def exec_module(self, module: ModuleType) -> None:
        self._own.exec_module(module)
        _wrap_all(module, self._hear)


def _wrap_all(module: ModuleType, hear: Callable[[str], None]) -> None:
    for name in READERS[module.__name__]:
        holder, _, last = name.rpartition(".")
        owner = getattr(module, holder, None) if holder else module
        function = getattr(owner, last, None)
        if function is not None and not hasattr(function, MARK):
            setattr(owner, last, _telling(function, hear))


def _telling(function: Callable[..., Any], hear: Callable[[str], None]) -> Callable[..., Any]:
    @functools.wraps(function)
    def telling(*values: Any, **named: Any) -> Any:
        for value in (*values, *named.values()):
            if isinstance(value, str | bytes | os.PathLike) and os.path.isfile(value):  # noqa: PTH113
                hear(os.fsdecode(value))
        return function(*values, **named)

    setattr(telling, MARK, True)
    return telling
