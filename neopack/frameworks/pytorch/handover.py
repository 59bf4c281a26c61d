"""Hand a live module to a child process, where tracing it can harm nobody and gives the same
class names every time (torch numbers classes by all that a process has traced before)."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:
    """By the names of its classes: a module can only be live where torch is imported. Keras's
    models on torch are modules too, and are Keras's."""
    names = {(kind.__module__, kind.__name__) for kind in type(model).__mro__}
    packages = {module.split(".")[0] for module, _ in names}
    return ("torch.nn.modules.module", "Module") in names and "keras" not in packages


def hand_over(model: Any, staging: Path) -> ModelSource | None:
    """A source that the child restores, or None where its classes live in ``__main__`` or it
    cannot be pickled: then it is traced in this process."""
    import torch

    if isinstance(model, torch.jit.ScriptModule):
        model.save(str(staging / "given.pth"))
        return ModelSource(kind="file", where=str(staging / "given.pth"), framework="PYTORCH")
    if any(type(module).__module__ == "__main__" for module in model.modules()):
        return None
    path = staging / "given.pickle"
    try:
        torch.save(model, path)
    except (pickle.PicklingError, AttributeError, TypeError, RuntimeError):
        return None
    return ModelSource(kind="handed-over", where=str(path), framework="PYTORCH")
