"""An experiment as text: a row for each subject and level, the ratios, what they cost."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.experiments.result import Compared, ExperimentResult, Figure, Measured
from neopack.measure.price import Price
from neopack.reports.cost import price_words
from neopack.reports.load import head, level, loop_words, row, stage_remarks
from neopack.reports.quantization import quantization_text
from neopack.reports.wrapping import table, wrapped

__all__ = [
    "accuracy_rows",
    "any_price",
    "experiment_text",
    "figure_head",
    "figure_rows",
    "interval_words",
    "notes",
    "ratio_rows",
    "served_words",
    "verdicts",
]

RATIO_HEAD = ("against the first", "load", "answers/s", "p50", "p95")
ACCURACY_HEAD = ("", "computed by", "difference", "wrong answers", "accuracy")
# answers to a caller in a turn
FEW = 5
FIGURES: tuple[Figure, ...] = ("throughput", "p50", "p95")


def experiment_text(result: ExperimentResult) -> str:
    lines = [*table([figure_head(result), *figure_rows(result)])]
    ratios = list(ratio_rows(result))
    if ratios:
        lines += ["", *table([RATIO_HEAD, *ratios])]
    lines += ["", *table([ACCURACY_HEAD, *accuracy_rows(result)])]
    lines += [line for text in (*verdicts(result), *notes(result)) for line in wrapped("", text)]
    return "\n".join(lines)


def any_price(result: ExperimentResult) -> Price | None:
    """A price of the result; all are in one currency."""
    return next((each.price for each in result.measured if each.price is not None), None)


def figure_head(result: ExperimentResult) -> tuple[str, ...]:
    return ("", *head(result.settings, any_price(result)))


def figure_rows(result: ExperimentResult) -> Iterator[tuple[str, ...]]:
    """Level by level, so that the subjects stand below each other."""
    price = any_price(result)
    for at in range(len(result.measured[0].stages)):
        for each in result.measured:
            yield (each.name, *row(each.stages[at], result.settings, price))


def ratio_rows(result: ExperimentResult) -> Iterator[tuple[str, ...]]:
    for at, first in enumerate(result.compared):
        if at % len(FIGURES) == 0:
            group = result.compared[at : at + len(FIGURES)]
            yield (first.subject, _level(first, result), *map(interval_words, group))


def interval_words(compared: Compared) -> str:
    """The ratio with its interval, or why there is none."""
    if compared.low is None or compared.high is None:
        return "too few rounds"
    span = f"{compared.low:.2f}-{compared.high:.2f}"
    return f"{compared.ratio:.2f}x ({span})" if compared.ratio else f"noise ({span})"


def _level(compared: Compared, result: ExperimentResult) -> str:
    stages = result.measured[0].stages
    where = (compared.callers, compared.rate)
    return next(
        level(stage, result.settings) for stage in stages if (stage.callers, stage.rate) == where
    )


def verdicts(result: ExperimentResult) -> Iterator[str]:
    """What the ratios of the throughput say at the highest level, a sentence for each subject."""
    for compared in _at_the_highest(result):
        where = _level(compared, result)
        if compared.low is None or compared.high is None:
            yield (f"{compared.subject}: no ratio, as fewer than five rounds answered; --rounds 6")
        elif compared.ratio is None:
            yield (
                f"{compared.subject} against {compared.baseline}: no ratio, as the noise is "
                f"larger than the difference ({compared.low:.2f} to {compared.high:.2f} times, "
                f"{where}); --seconds 60 may tell them apart"
            )
        else:
            yield (
                f"{compared.subject} answers {compared.ratio:.2f} times as many requests as "
                f"{compared.baseline} ({compared.low:.2f} to {compared.high:.2f} with 95 % "
                f"confidence, {where})"
            )


def _at_the_highest(result: ExperimentResult) -> list[Compared]:
    ratios = [each for each in result.compared if each.figure == "throughput"]
    last = {each.subject: each for each in ratios}
    return list(last.values())


def accuracy_rows(result: ExperimentResult) -> Iterator[tuple[str, ...]]:
    for each in result.measured:
        wrong = sum(stage.errors.get("wrong answer", 0) for stage in each.stages)
        yield (each.name, served_words(each), _difference(each), f"{wrong:,}", _accuracy(each))


def served_words(measured: Measured) -> str:
    served = measured.served
    words = (served.engine, served.version, served.precision)
    return " ".join(word for word in words if word) or measured.kind


def _difference(measured: Measured) -> str:
    if measured.difference is None:
        return "not compared"
    return f"{measured.difference:.2g} of the largest"


def _accuracy(measured: Measured) -> str:
    """What bits cost, of a quantized model."""
    quantization = measured.served.quantization
    return "" if quantization is None else quantization_text(quantization)


def _short_turns(result: ExperimentResult) -> Iterator[str]:
    """Where few answers to a caller fit into a turn, those that begin or end it weigh much."""
    turn = result.settings.seconds / result.settings.rounds
    for each in result.measured:
        slowest = max(stage.latency.p50 for stage in each.stages) / 1e3
        if FEW * slowest > turn:
            yield (
                f"{each.name}: turns of {turn:.3g} s are short for answers of {slowest:.2g} s; "
                "--seconds"
            )


def notes(result: ExperimentResult) -> Iterator[str]:
    """What limits the figures, and how they were measured."""
    for each in result.measured:
        for remark in stage_remarks(each.stages, result.settings):
            yield f"{each.name}, {remark}"
    yield from _short_turns(result)
    yield from dict.fromkeys(
        price_words(each.price, each.instance) for each in result.measured if each.price
    )
    machine, settings = result.machine, result.settings
    turn = settings.seconds / settings.rounds
    yield (
        f"in turns, {settings.rounds} rounds of {turn:.3g} s a level; "
        f"client on {machine.processor}, {machine.cores} cores, {loop_words(settings)}"
    )
