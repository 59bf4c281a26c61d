"""What the report of an experiment says beside its figures: on what, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path

from neopack.experiments.result import ExperimentResult, Measured
from neopack.loadtests.destination import masked
from neopack.reports.cost import price_words
from neopack.reports.experiment import served_words
from neopack.reports.load import loop_words
from neopack.reports.load_about import machine_words, option_words
from neopack.values.subject import Subject

__all__ = ["about", "command"]


def about(result: ExperimentResult, subjects: Sequence[Subject]) -> Iterator[tuple[str, str]]:
    """Pairs of a label and a text."""
    settings = result.settings
    for each in result.measured:
        yield each.name, _subject_words(each)
    yield "Load", loop_words(settings)
    turns = f"{settings.rounds} turns of {settings.seconds / settings.rounds:.3g} s"
    yield "A level", f"{turns} each, after {settings.warm_up:g} s to warm up at the first"
    yield "Client and server", machine_words(result.machine)
    for subject in subjects:
        yield (
            f"SHA-256 of {Path(subject.path).name}",
            f"{subject.sha256} ({subject.bytes:,} bytes)",
        )
    yield "Versions here", ", ".join(result.versions)
    yield "Date", result.as_of


def _subject_words(measured: Measured) -> str:
    words = [f"{measured.kind}: {served_words(measured)}"]
    if measured.served.target:
        words.append(f"compiled for {measured.served.target}")
    words.append(f"{measured.payload} as {measured.content_type}")
    if measured.price is not None:
        words.append(price_words(measured.price, measured.instance))
    elif measured.instance:
        words.append(f"on {measured.count} x {measured.instance}")
    return "; ".join(words)


def command(result: ExperimentResult) -> str:
    """The command that repeats it, where the files of these names are."""
    words = ["neopack", "experiment", *map(masked, result.named)]
    if result.target:
        words += ["--target", result.target]
    if result.goldens:
        words += ["--goldens", result.goldens]
    words += option_words(result.settings)
    words += result.pricing
    if result.beside:
        words += ["--beside", result.beside]
    return shlex.join(words)
