"""There are no live Darknet networks in Python."""

from __future__ import annotations

from pathlib import Path

from neopack.values.model import ModelSource

__all__ = ["hand_over", "owns"]


def owns(model: object) -> bool:  # noqa: ARG001
    return False


def hand_over(model: object, staging: Path) -> ModelSource | None:  # noqa: ARG001
    return None
