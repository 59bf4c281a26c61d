"""The distribution that computes an archive's model here, with its version."""

from __future__ import annotations

from neopack import distributions
from neopack.artifacts.load import OpenedArchive

__all__ = ["computed_by"]

# the distributions that compute a framework's models, any of which may be installed
RUNTIMES: dict[str, tuple[str, ...]] = {
    "PYTORCH": ("torch",),
    "ONNX": ("onnxruntime", "onnxruntime-gpu"),
    "XGBOOST": ("xgboost", "xgboost-cpu"),
    "KERAS": ("keras",),
    "TENSORFLOW": ("tensorflow", "tensorflow-cpu"),
    "TFLITE": ("tensorflow", "tensorflow-cpu"),
    "MXNET": ("mxnet",),
}


def computed_by(opened: OpenedArchive) -> tuple[str, str]:
    """The name, and the version or ""."""
    runtimes = RUNTIMES.get(opened.engine, (opened.engine,))
    # an engine that is not a package here computes in the version that it compiled in
    compiled_in = opened.compiled.engine_version if opened.compiled else ""
    version = next(filter(None, map(distributions.version, runtimes)), compiled_in)
    return runtimes[0], version
