"""The names that a pickle imports: those that every PyTorch file has, and those that run code.

The first list follows what ``torch.load(weights_only=True)`` allows
(``torch/_weights_only_unpickler.py``, 2.13) and what TorchScript's own pickler writes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from neopack.formats.pickle import Global

__all__ = ["executing", "unexpected"]

_EXPECTED = frozenset(
    [
        "_codecs.encode",
        "collections.Counter",
        "collections.OrderedDict",
        "torch.Size",
        "torch.Tensor",
        "torch.device",
        "torch._tensor._rebuild_from_type_v2",
        "torch.nn.parameter.Buffer",
        "torch.nn.parameter.Parameter",
        "torch.serialization._get_layout",
        "torch.storage.TypedStorage",
        "torch.storage.UntypedStorage",
        *(
            f"{module}.{name}"
            for module in ("builtins", "__builtin__")
            for name in ("bytearray", "bytes", "complex", "frozenset", "set")
        ),
    ]
)
# in torch: storages, dtypes and quantization schemes; nothing with a dot, which goes deeper
_TORCH_NAMES = re.compile(
    r"[A-Za-z0-9]+Storage|bool|double|half|long|short|strided|per_(channel|tensor)_affine"
    r"|(b?float|complex|q?u?int|bits)\d*(x\d)?(_e\dm\d\w*)?"
)
# modules whose callables start processes, run code, or reach files and the network; with the
# names of Python 2, which protocols 0 to 2 write (subprocess is pickled as commands)
_EXECUTING = frozenset(
    [
        "asyncio",
        "bdb",
        "builtins",
        "__builtin__",
        "cPickle",
        "cProfile",
        "code",
        "codeop",
        "commands",
        "ctypes",
        "ftplib",
        "functools",
        "http",
        "importlib",
        "io",
        "marshal",
        "multiprocessing",
        "nt",
        "operator",
        "os",
        "pathlib",
        "pdb",
        "pickle",
        "_pickle",
        "pip",
        "pkgutil",
        "platform",
        "popen2",
        "posix",
        "posixpath",
        "profile",
        "pty",
        "requests",
        "runpy",
        "shutil",
        "signal",
        "socket",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "timeit",
        "torch.hub",
        "torch.serialization",
        "torch.storage",
        "trace",
        "types",
        "urllib",
        "urllib2",
        "webbrowser",
        "zipimport",
    ]
)


def unexpected(names: Iterable[Global]) -> list[str]:
    """The names beyond what weights and TorchScript need, sorted."""
    return sorted({str(name) for name in names if not _is_expected(name)})


def executing(names: Iterable[Global]) -> list[str]:
    """Those of the unexpected that are known to run commands or code when called.

    A name that is missing here is not thereby harmless: any class runs its own code.
    """
    unexpected_names = (name for name in names if not _is_expected(name))
    return sorted({str(name) for name in unexpected_names if _root(name) in _EXECUTING})


def _root(name: Global) -> str:
    module = name.module
    return module if module.startswith("torch.") else module.partition(".")[0]


def _is_expected(name: Global) -> bool:
    if str(name) in _EXPECTED or name.module.split(".")[0] == "__torch__":
        return True
    if name.module == "torch._utils":
        return name.name.startswith("_rebuild_") and "." not in name.name
    if name.module == "torch.jit._pickle":
        return "." not in name.name
    return name.module == "torch" and _TORCH_NAMES.fullmatch(name.name) is not None
