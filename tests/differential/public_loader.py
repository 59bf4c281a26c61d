"""Which names Neo's public loader takes (neo-ai/neo-loader@06788c0, 2022-08-17), as the rows of
``neopack/emulator/verdicts.toml`` have it, for any archive.

It drops members whose name starts with a dot, and looks at the rest by suffix, wherever they lie.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import PurePosixPath

__all__ = ["refusal"]

NOT_SYMBOLS = {"model-shapes.json", "hyperparams.json", "amba_config.json", "model-metadata.json"}
FIRST_FOLD = "model0"


def refusal(framework: str, members: Sequence[str]) -> str:
    """Why it refuses an archive of these members, whose directories end in a slash; "" where it
    does not."""
    seen = [name for name in members if not PurePosixPath("/" + name).name.startswith(".")]
    seen = [name for name in seen if name not in {"./", "."}]
    if not seen:
        return "no file"
    return RULES[framework](seen)


def _one(suffix: str) -> Callable[[Sequence[str]], str]:
    def rule(members: Sequence[str]) -> str:
        count = len(_with(members, suffix))
        return "" if count == 1 else f"{count} files end in {suffix}"

    return rule


def _darknet(members: Sequence[str]) -> str:
    """Whatever the two are called, and wherever they lie."""
    return _one(".cfg")(members) or _one(".weights")(members)


def _with(members: Sequence[str], *suffixes: str) -> list[PurePosixPath]:
    paths = [PurePosixPath(name) for name in members]
    return [path for path in paths if path.suffix in suffixes]


def _xgboost(members: Sequence[str]) -> str:
    if len(members) == 1:
        return ""
    first = [name for name in members if name.endswith("xgboost-model-0")]
    return "" if len(first) == 1 else f"{len(members)} members"


def _mxnet(members: Sequence[str]) -> str:
    symbols = [path for path in _with(members, ".json") if path.name not in NOT_SYMBOLS]
    if len(symbols) > 1:
        symbols = [path for path in symbols if path.name.startswith(FIRST_FOLD)]
    if len(symbols) != 1:
        return f"{len(symbols)} symbols"
    name = symbols[0].name
    prefix = name.replace("-symbol.json" if "-symbol.json" in name else ".json", "")
    fitting = [path for path in _with(members, ".params") if path.name.startswith(prefix)]
    if not fitting:
        return "no parameters of the symbol's name"
    if len(fitting) > 1 and not all(path.name[-11:-7].isdigit() for path in fitting):
        return "an epoch that is not a number"
    return ""


def _tensorflow(members: Sequence[str]) -> str:
    graphs = _with(members, ".pb", ".pbtxt")
    if len(graphs) > 1:
        return f"{len(graphs)} graphs"
    folders = [name for name in members if name.endswith("/")]
    files = {name.lstrip("/") for name in members}
    saved = []
    for folder in folders:
        inside = folder.lstrip("/")
        if inside + "checkpoint" in files:
            return "a checkpoint"
        if any(name.startswith(f"{inside}variables/") for name in files):
            saved.append(folder)
            # TensorFlow itself refuses the folder then
            if not {inside + "saved_model.pb", inside + "saved_model.pbtxt"} & files:
                return "a SavedModel without its graph"
    if len(saved) > 1:
        return f"{len(saved)} SavedModels"
    if saved:
        return ""
    if not graphs:
        return "no graph"
    return "a SavedModel without its directory" if graphs[0].name == "saved_model.pb" else ""


RULES: dict[str, Callable[[Sequence[str]], str]] = {
    "DARKNET": _darknet,
    "XGBOOST": _xgboost,
    "PYTORCH": _one(".pth"),
    "ONNX": _one(".onnx"),
    "KERAS": _one(".h5"),
    "TFLITE": _one(".tflite"),
    "MXNET": _mxnet,
    "TENSORFLOW": _tensorflow,
}
