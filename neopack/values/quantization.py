"""Numbers in 8 bits: what a user gives to calibrate them with, and what they cost."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = [
    "AUTO",
    "PRECISIONS",
    "QUANTIZED",
    "RANDOM",
    "Calibration",
    "Quantization",
    "Trial",
]

# precisions that a model is converted to with data, all of them, and the word for the one that is
# chosen by measurement
QUANTIZED = ("int8", "int8-weights")
PRECISIONS = ("fp32", "tf32", "bf16", "fp16", *QUANTIZED)
AUTO = "auto"
# in place of data: seeded numbers, which say nothing of accuracy
RANDOM = "random"


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibration:
    """The data that ranges are taken from, and how much accuracy may be lost.

    ``data`` is a path, ``module:callable`` or "random". ``preprocess`` says how images become
    inputs. ``metric`` is a built-in one or ``module:callable``; None: top1 where the data has
    labels, else cosine. ``max_drop`` is in the units of the metric.
    """

    data: str
    preprocess: str | None = None
    metric: str | None = None
    max_drop: float = 0.01

    @property
    def is_random(self) -> bool:
        return self.data == RANDOM


@dataclass(frozen=True, slots=True, kw_only=True)
class Quantization:
    """What the loss of bits cost, on samples that did not calibrate.

    ``before`` is the metric of the fp32 model, ``after`` that of the artifact, ``drop`` how much
    worse it is; they are None where accuracy is unknown. ``agreement`` is the part of the rows
    whose largest score is where fp32 has it; None where the first output is not scores.
    ``calibrated`` and ``held_back`` are numbers of calls. ``kept`` are the layers that stayed in
    fp32 for the sake of accuracy.
    """

    calibration: str = ""
    calibrated: int = 0
    held_back: int = 0
    metric: str = ""
    before: float | None = None
    after: float | None = None
    drop: float | None = None
    max_drop: float | None = None
    agreement: float | None = None
    kept: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A precision that was tried, or an engine, where ``engine`` says which. ``milliseconds`` of
    its fastest call; ``why_not`` where it was not measured, or may not be taken."""

    precision: str
    engine: str = ""
    milliseconds: float | None = None
    drop: float | None = None
    why_not: str = ""
