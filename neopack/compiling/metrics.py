"""How good the outputs of a quantized model are: by built-in metrics, or by the user's."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.compiling.calibration import Sample
from neopack.errors import ExportFailed, UsageError, VerificationFailed, first_line
from neopack.frameworks.callables import import_callable, looks_like_callable
from neopack.spelling import did_you_mean
from neopack.values.artifact import Array

__all__ = ["METRICS", "HeldBack", "Loss", "default_metric", "finite_outputs"]

FP32 = "fp32"
Outputs = Mapping[str, Array]
Predict = Callable[[Outputs], Outputs]
# of two sums of floats: 0.99 - 0.98 is more than 0.01
DIGITS = 9


def default_metric(samples: Sequence[Sample]) -> str:
    return "top1" if samples and samples[0].labels is not None else "cosine"


class HeldBack:
    """Samples that did not calibrate, the outputs of the fp32 model for them, and a metric.

    A score is higher where the outputs are better. Raises ``UsageError`` for a metric that does
    not exist or does not fit the model.
    """

    def __init__(
        self,
        metric: str,
        samples: Sequence[Sample],
        predict: Predict,
        max_drop: float,
    ) -> None:
        self.metric, self.samples, self.max_drop = metric, samples, max_drop
        self.inputs = [sample.inputs for sample in samples]
        self._built_in = METRICS.get(metric)
        self._own = None if self._built_in else _imported(metric)
        self._references = self._outputs(predict, FP32)
        self.before = self.score(range(len(samples)), self._references)

    def score(self, places: Sequence[int], outputs: Sequence[Outputs]) -> float:
        """The metric of ``outputs``, which are those for the inputs at ``places``."""
        each = self.each(places, outputs)
        if each is not None:
            return sum(each) / len(each)
        assert self._own is not None  # noqa: S101 - one of both is there
        return _called(self._own, self.metric, _stacked(outputs), self._expected(places))

    def each(self, places: Sequence[int], outputs: Sequence[Outputs]) -> list[float] | None:
        """The score of each sample alone; None where the metric is the user's."""
        if self._built_in is None:
            return None
        return [
            self._built_in.score(given, self._references[place], self.samples[place].labels)
            for place, given in zip(places, outputs, strict=True)
        ]

    def within(self, predict: Predict, precision: str) -> Loss:
        """What a model loses.

        Raises ``VerificationFailed`` where that is more than ``max_drop``.
        """
        outputs = self._outputs(predict, precision)
        after = self.score(range(len(outputs)), outputs)
        drop = round(self.before - after, DIGITS)
        if drop > self.max_drop:
            raise VerificationFailed(
                f"{precision} loses {drop:.3g} of {self.metric} ({self._shown(self.before):.4g} "
                f"to {self._shown(after):.4g} on {len(self.samples)} held-back samples), more "
                f"than {self.max_drop:g}",
                hint=f"accept it with --max-accuracy-drop {1.01 * drop:.3g}, calibrate with more "
                "samples, or take another --precision",
            )
        return Loss(after=self._shown(after), drop=drop, agreement=self._agreement(outputs))

    def _outputs(self, predict: Predict, precision: str) -> list[Outputs]:
        """For all samples."""
        return [finite_outputs(predict, sample, precision) for sample in self.samples]

    def _agreement(self, outputs: Sequence[Outputs]) -> float | None:
        name, first = next(iter(self._references[0].items()))
        if not _are_scores(first):
            return None
        pairs = zip(outputs, self._references, strict=True)
        each = [_same_largest(ours[name], theirs[name]) for ours, theirs in pairs]
        return sum(each) / len(each)

    @property
    def shown_before(self) -> float:
        return self._shown(self.before)

    def _shown(self, score: float) -> float:
        """A score as the metric is written: the mean squared error is not below zero."""
        return abs(score) if self._built_in is not None and self._built_in.is_error else score

    def _expected(self, places: Sequence[int]) -> Any:
        import numpy as np

        labels = [label for place in places if (label := self.samples[place].labels) is not None]
        if labels:
            return np.stack(labels)
        return _stacked([self._references[place] for place in places])


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """``after`` is the metric of a model as it is written, ``drop`` how much worse it is than the
    fp32 model, ``agreement`` how often its largest score is where fp32 has it."""

    after: float
    drop: float
    agreement: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuiltIn:
    """``score`` takes outputs, those of fp32, and the labels of the rows or None."""

    score: Callable[[Outputs, Outputs, Array | None], float]
    is_error: bool = False


def _top1(outputs: Outputs, reference: Outputs, labels: Array | None) -> float:
    """The part of the rows whose largest score is at the label, or where fp32 has it."""
    name = next(iter(reference))
    expected = reference[name]
    if not _are_scores(expected):
        raise UsageError(
            f"metric top1 takes scores of [rows, classes]; output {name!r} has shape "
            f"{list(expected.shape)}",
            hint="--metric cosine takes any",
        )
    if labels is None:
        return _same_largest(outputs[name], expected)
    _refuse_unfit(labels, name, expected)
    return float((outputs[name].argmax(axis=1) == labels).mean())


def _refuse_unfit(labels: Array, name: str, scores: Array) -> None:
    """Labels that the model cannot answer would be wrong in fp32 too: nothing would seem lost."""
    rows, classes = scores.shape
    if labels.shape != (rows,):
        raise UsageError(f"there are {labels.size} labels for {rows} rows of {name!r}")
    if labels.dtype.kind not in "iu" or not 0 <= labels.min() <= labels.max() < classes:
        raise UsageError(
            f"metric top1 takes labels from 0 to {classes - 1}, the classes of output {name!r}; "
            f"one is {next(each for each in labels if each not in range(classes))!s}",
            hint="a label is the place of its score, counted from 0",
        )


def _are_scores(output: Array) -> bool:
    """Whether it is [rows, classes]."""
    return output.ndim == 2 and output.shape[1] > 1


def _same_largest(ours: Array, theirs: Array) -> float:
    return float((ours.argmax(axis=1) == theirs.argmax(axis=1)).mean())


def _cosine(outputs: Outputs, reference: Outputs, _: Array | None) -> float:
    """Of the output that is least alike: the cosine of the angle to that of fp32."""
    return min(_angle(outputs[name], reference[name]) for name in reference)


def _angle(ours: Array, theirs: Array) -> float:
    a, b = ours.astype("float64").ravel(), theirs.astype("float64").ravel()
    lengths = math.sqrt(float(a @ a) * float(b @ b))
    return float(a @ b) / lengths if lengths else float(not a.any() and not b.any())


def _mse(outputs: Outputs, reference: Outputs, _: Array | None) -> float:
    """Of the output that is furthest off: minus the mean squared error over the mean square of
    fp32."""
    return -max(_error(outputs[name], reference[name]) for name in reference)


def _error(ours: Array, theirs: Array) -> float:
    a, b = ours.astype("float64").ravel(), theirs.astype("float64").ravel()
    square = float(b @ b)
    error = float((a - b) @ (a - b))
    return error / square if square else float(error > 0)


METRICS: Mapping[str, BuiltIn] = {
    "top1": BuiltIn(score=_top1),
    "cosine": BuiltIn(score=_cosine),
    "mse": BuiltIn(score=_mse, is_error=True),
}


def _imported(metric: str) -> Callable[..., Any]:
    if looks_like_callable(metric):
        return import_callable(metric)
    hint = did_you_mean(metric, METRICS, f"{', '.join(METRICS)}, or module:callable")
    raise UsageError(f"no metric {metric!r}", hint=hint)


def _called(metric: Callable[..., Any], name: str, outputs: Outputs, expected: Any) -> float:
    """What the user's ``metric`` returns; the arrays are copies, which it may overwrite."""
    try:
        value = metric(outputs, expected)
        is_number = hasattr(value, "__float__") and not getattr(value, "ndim", 0)
        score = float(value) if is_number else None
    except (Exception, SystemExit) as error:
        raise ExportFailed(
            f"the metric raised {type(error).__name__}: {first_line(error)}",
            where=name,
            hint="it is called with the outputs by name, and the labels or the fp32 outputs",
        ) from error
    if score is None:
        kind, said = type(value).__name__, " ".join(f"{value!r:.60}".split())
        raise ExportFailed(f"the metric gives a {kind}, {said}, not a number", where=name)
    if not math.isfinite(score):
        raise ExportFailed(f"the metric gives {score}, not a finite number", where=name)
    return score


def _stacked(outputs: Sequence[Outputs]) -> dict[str, Array]:
    import numpy as np

    return {name: np.stack([each[name] for each in outputs]) for name in outputs[0]}


def finite_outputs(predict: Predict, sample: Sample, precision: str) -> Outputs:
    """Raises ``VerificationFailed`` for NaN and infinity."""
    import numpy as np

    outputs = predict(sample.inputs)
    for name, array in outputs.items():
        if array.dtype.kind == "f" and not np.isfinite(array).all():
            raise VerificationFailed(
                f"output {name!r} of the {precision} model is not finite",
                where=sample.where,
                hint="leave out the samples that the model does not take, or keep fp32",
            )
    return outputs
