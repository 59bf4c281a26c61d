"""The versions of installed frameworks and engines, read from file names alone.

Importing them, or even ``importlib.metadata``, costs more than all of ``neopack --version`` may.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

from neopack._version import __version__

__all__ = [
    "NO_ADDRESS",
    "absent_module",
    "install_hint",
    "known_versions",
    "requirement",
    "version",
    "version_text",
    "versions",
]

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

# the extra that each module comes with; NumPy comes with all of them
EXTRAS = {
    "boto3": "aws",
    "botocore": "aws",
    "cv2": "darknet",
    "h5py": "keras",
    "keras": "keras",
    "model_signing": "sign",
    "OpenSSL": "sign",
    "moto": "emulator",
    "nncf": "int8",
    "numpy": "all",
    "onnx": "onnx",
    "onnxruntime": "onnx",
    "openvino": "openvino",
    "requests": "oci",
    "safetensors": "torch",
    "tensorflow": "tensorflow",
    "torch": "torch",
    "uv": "runtimes",
    "xgboost": "xgboost",
}
DIST_INFO = ".dist-info"
ARCHIVES = (".whl", ".tar.gz")
# what somebody has to fill in
NO_ADDRESS = "ADDRESS-OF-THE-WHEEL"


def version(distribution: str) -> str | None:
    """The version of a distribution on ``sys.path``, or None where it is not installed."""
    return versions((distribution,)).get(distribution)


def versions(distributions: tuple[str, ...]) -> dict[str, str]:
    """The versions of those of ``distributions`` that are installed; the path's first wins."""
    wanted = {name.replace("-", "_").lower(): name for name in distributions}
    found: dict[str, str] = {}
    for _, entry in _installed():
        name, _, release = entry.removesuffix(DIST_INFO).partition("-")
        known = wanted.get(name.replace(".", "_").lower())
        if known:
            found.setdefault(known, release)
    return found


def known_versions() -> tuple[str, ...]:
    """neopack's version, and those of the frameworks and engines it sees: a name and a version
    each."""
    found = versions(SEEN)
    return (
        f"neopack {__version__} (Python {sys.version.split()[0]})",
        *(f"{name} {found[name]}" for name in SEEN if name in found),
    )


def version_text() -> str:
    """The same as lines, with what is not installed."""
    found = versions(SEEN)
    lines = [known_versions()[0]]
    lines += [f"  {name:12} {found[name]}" for name in SEEN if name in found]
    absent = [name for name in SEEN if name not in found]
    lines += [f"  not installed: {', '.join(absent)}"] if absent else []
    return "\n".join(lines) + "\n"


def absent_module(error: BaseException) -> tuple[str, str] | None:
    """What is said of a module of an extra that is not installed, and the command that adds it;
    None for any other module."""
    name = error.name if isinstance(error, ModuleNotFoundError) else None
    name = (name or "").partition(".")[0]
    if name not in EXTRAS:
        return None
    extra = EXTRAS[name]
    which = "every extra of a framework" if extra == "all" else f"the extra {extra}"
    return f"this needs {name}, which comes with {which}", install_hint(extra)


def install_hint(*extras: str) -> str:
    """The command that adds ``extras`` to this neopack, wherever it was installed from: neopack is
    not on an index yet, so its own name alone does not do."""
    import shlex
    from urllib.parse import unquote

    named = f"[{','.join(extras)}]"
    url, editable = _origin()
    path = unquote(url.removeprefix("file://")) if url.startswith("file://") else ""
    if path and not path.endswith(ARCHIVES):
        return f"pip install {'--editable ' if editable else ''}{shlex.quote(path + named)}"
    return f"pip install {shlex.quote(f'neopack{named} @ {url}' if url else f'neopack{named}')}"


def requirement(*extras: str) -> str:
    """This neopack with ``extras`` as another machine can install it: from the address that it
    came from, where that is one of the web."""
    url, _ = _origin()
    named = f"neopack[{','.join(extras)}]"
    if not url:
        return named
    return f"{named} @ {url if url.startswith('https://') else NO_ADDRESS}"


def _origin() -> tuple[str, bool]:
    """The address that neopack was installed from, and whether as a link to a checkout (PEP 610);
    empty where an index gave it."""
    own = ((folder, entry) for folder, entry in _installed() if entry.startswith("neopack-"))
    for folder, entry in own:
        return _direct_url(f"{folder}/{entry}/direct_url.json")
    return "", False


def _direct_url(path: str) -> tuple[str, bool]:
    import json

    try:
        with open(path, encoding="utf-8") as stream:  # noqa: PTH123 - pathlib is an import
            written = json.load(stream)
        return str(written["url"]), bool(written.get("dir_info", {}).get("editable"))
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "", False


def _installed() -> Iterator[tuple[str, str]]:
    """What describes each distribution: the folder on ``sys.path``, and the name in it."""
    for folder in sys.path:
        yield from ((folder, entry) for entry in _listed(folder) if entry.endswith(DIST_INFO))


def _listed(folder: str) -> list[str]:
    try:
        return os.listdir(folder or ".")  # noqa: PTH208 - pathlib is an import
    except OSError:
        return []
