"""What the report of a load test says beside its figures: on what, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from neopack.distributions import known_versions
from neopack.loadtests.options import LoadOptions
from neopack.loadtests.running import LoadResult
from neopack.measure.machine import Machine
from neopack.reports.cost import price_words
from neopack.reports.load import loop_words
from neopack.values.subject import Subject

__all__ = ["about", "command", "machine_words", "option_words"]

# the option of each setting that is told where it is not the default; the rest have no option
OPTIONS = {
    "callers": "--callers",
    "rates": "--rate",
    "arrivals": "--arrivals",
    "seconds": "--seconds",
    "warm_up": "--warm-up",
    "think": "--think-ms",
    "timeout": "--timeout",
    "slo": "--slo",
    "search": "--search",
    "payload": "--payload",
    "content_type": "--content-type",
    "difference": "--max-difference",
    "workers": "--workers",
    "threads": "--threads",
    "rounds": "--rounds",
}


def about(result: LoadResult, subjects: Sequence[Subject]) -> Iterator[tuple[str, str]]:
    """Pairs of a label and a text."""
    settings, machine = result.settings, result.machine
    yield "Address", result.url
    yield "Request", f"{result.payload} as {result.content_type}"
    yield "Load", loop_words(settings)
    yield "A stage", f"{settings.seconds:g} s, after {settings.warm_up:g} s to warm up"
    yield "Client", machine_words(machine)
    if result.price is not None:
        yield "Price", price_words(result.price, result.instance)
    elif result.instance:
        yield "Instance", result.instance
    for subject in subjects:
        yield (
            f"SHA-256 of {Path(subject.path).name}",
            f"{subject.sha256} ({subject.bytes:,} bytes)",
        )
    yield "Versions here", ", ".join(known_versions())


def machine_words(machine: Machine) -> str:
    cores = f"{machine.cores} cores, {machine.memory_gib:g} GiB"
    features = " ".join(machine.features) or "no AVX2"
    return f"{machine.processor}, {cores}, {features}; {machine.system}"


def command(result: LoadResult) -> str:
    """The command that repeats the load, where the files of these names are."""
    words = ["neopack", "loadtest", result.subject]
    if result.goldens:
        words += ["--goldens", result.goldens]
    words += option_words(result.settings)
    if result.instance:
        words += ["--instance", result.instance]
    if result.price is not None:
        words += ["--price", f"{result.price.hourly:g}"]
    return shlex.join(words)


def option_words(settings: LoadOptions) -> Iterator[str]:
    """The options that are not the defaults."""
    defaults = type(settings)()
    for field in fields(settings):
        value = getattr(settings, field.name)
        if field.name in OPTIONS and value != getattr(defaults, field.name):
            yield OPTIONS[field.name]
            yield from _value(value)


def _value(value: object) -> list[str]:
    if isinstance(value, bool):
        return []
    if isinstance(value, tuple):
        return [",".join(f"{number:g}" for number in value)]
    return [f"{value:g}" if isinstance(value, float) else str(value)]
