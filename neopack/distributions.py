"""The versions of installed frameworks and engines, read from file names alone.

Importing them, or even ``importlib.metadata``, costs more than all of ``neopack --version`` may.
"""

from __future__ import annotations

import os
import sys

from neopack._version import __version__

__all__ = ["version", "version_text", "versions"]

# what ``neopack --version`` looks for, in the order it is printed
SEEN = (
    "torch",
    "torchvision",
    "tensorflow",
    "keras",
    "onnx",
    "xgboost",
    "mxnet",
    "openvino",
    "onnxruntime",
    "boto3",
)

DIST_INFO = ".dist-info"


def version(distribution: str) -> str | None:
    """The version of a distribution on ``sys.path``, or None where it is not installed."""
    return versions((distribution,)).get(distribution)


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    """The versions of those of ``distributions`` that are installed; the path's first wins."""
    wanted = {name.replace("-", "_").lower(): name for name in distributions}
    found: dict[str, str] = {}
    for folder in sys.path:
        for entry in _listed(folder):
            name, _, release = entry.removesuffix(DIST_INFO).partition("-")
            known = wanted.get(name.replace(".", "_").lower())
            if entry.endswith(DIST_INFO) and known:
                found.setdefault(known, release)
    return found


def version_text() -> str:
    """neopack's version, and those of the frameworks and engines it sees."""
    found = versions(SEEN)
    lines = [f"neopack {__version__} (Python {sys.version.split()[0]})"]
    lines += [f"  {name:12} {found[name]}" for name in SEEN if name in found]
    absent = [name for name in SEEN if name not in found]
    lines += [f"  not installed: {', '.join(absent)}"] if absent else []
    return "\n".join(lines) + "\n"


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208 - pathlib is an import
    except OSError:
        return []
