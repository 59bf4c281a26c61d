"""Hand a live model to a child process: its symbol and parameters, exported by the MXNet that is
imported here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from neopack.errors import SourceError, first_line
from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]

BLOCK = ("mxnet.gluon.block", "Block")
MODULE = ("mxnet.module.base_module", "BaseModule")


def owns(model: object) -> bool:
    """By the names of its classes: a block can only be live where mxnet is imported."""
    return bool({BLOCK, MODULE} & _classes(model))


def hand_over(model: Any, staging: Path) -> ModelSource:
    """Raises ``SourceError`` for a block that cannot be exported, or was not run yet."""
    prefix = str(staging / "given")
    if MODULE in _classes(model):
        model.save_checkpoint(prefix, 0)
    elif not hasattr(model, "export"):
        raise SourceError(
            f"a {type(model).__name__} is not a HybridBlock, and only those are exported",
            hint="build it of HybridBlock and HybridSequential",
        )
    else:
        _export(model, prefix)
    return ModelSource(kind="file", where=f"{prefix}-symbol.json", framework="MXNET")


def _export(block: Any, prefix: str) -> None:
    try:
        block.export(prefix, 0)
    except RuntimeError as error:
        raise SourceError(
            f"cannot be exported: {first_line(error)}",
            where=type(block).__name__,
            hint="call net.hybridize() and run it once on real inputs first",
        ) from error


def _classes(model: object) -> set[tuple[str, str]]:
    return {(kind.__module__, kind.__name__) for kind in type(model).__mro__}
