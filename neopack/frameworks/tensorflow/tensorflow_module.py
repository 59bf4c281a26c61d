"""TensorFlow, quietly: imported where it is first used, by those that export and run."""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterator
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing

__all__ = ["quiet", "tensorflow"]

ERRORS_ONLY = "2"


def tensorflow() -> Any:
    """The package, whichever distribution brought it: tensorflow or tensorflow-cpu.

    Its own kernels do not compute dilated depthwise convolutions; those of oneDNN do, and
    TensorFlow turns them on by itself only on some CPUs.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", ERRORS_ONLY)
    os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
    try:
        import tensorflow as tf
    except ImportError as error:
        raise Missing(
            f"TensorFlow models need tensorflow ({error})",
            hint=install_hint("tensorflow"),
        ) from None
    return tf


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Without TensorFlow's advice on what is deprecated, which is not the user's to follow."""
    logger = tensorflow().get_logger()
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        yield
    finally:
        logger.setLevel(before)
