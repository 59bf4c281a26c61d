"""The options of exports to TensorFlow Lite."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from neopack.frameworks.task import option

__all__ = ["TFLiteOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TFLiteOptions:
    """``quantize`` is what a Keras model or a SavedModel is converted to in place of float32:
    weights of float16, or all of the computation in int8, whose ranges the samples in
    ``calibration`` tell, an .npz with an array for each input. ``signature`` chooses in a
    SavedModel."""

    quantize: Literal["float16", "int8"] | None = option("--quantize", default=None)
    calibration: str | None = option("--calibration", default=None)
    signature: str | None = option("--signature", default=None)
