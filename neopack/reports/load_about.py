"""What the report of a load test says beside its figures: on what, and how to repeat it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path

from neopack.distributions import version_text
from neopack.loadtests.running import LoadResult
from neopack.options import LoadOptions
from neopack.reports.cost import price_words
from neopack.reports.load import loop_words
from neopack.values.subject import Subject

__all__ = ["about", "command"]

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
}


def about(result: LoadResult, subjects: Sequence[Subject]) -> Iterator[tuple[str, str]]:
    """Pairs of a label and a text."""
    settings, machine = result.settings, result.machine
    yield "Address", result.url
    yield "Request", f"{result.payload} as {result.content_type}"
    yield "Load", loop_words(result)
    yield "A stage", f"{settings.seconds:g} s, after {settings.warm_up:g} s to warm up"
    cores = f"{machine.cores} cores, {machine.memory_gib:g} GiB"
    features = " ".join(machine.features) or "no AVX2"
    yield "Client", f"{machine.processor}, {cores}, {features}; {machine.system}"
    if result.price is not None:
        yield "Price", price_words(result.price, result.instance)
    elif result.instance:
        yield "Instance", result.instance
    for subject in subjects:
        yield (
            f"SHA-256 of {Path(subject.path).name}",
            f"{subject.sha256} ({subject.bytes:,} bytes)",
        )
    yield "Versions here", ", ".join(_versions())


def _versions() -> Iterator[str]:
    for line in version_text().splitlines():
        if not line.strip().startswith("not installed"):
            yield " ".join(line.split())


def command(result: LoadResult) -> str:
    """The command that repeats the load, where the files of these names are."""
    words = ["neopack", "loadtest", result.subject]
    if result.goldens:
        words += ["--goldens", result.goldens]
    defaults = LoadOptions()
    for field in fields(LoadOptions):
        value = getattr(result.settings, field.name)
        if field.name in OPTIONS and value != getattr(defaults, field.name):
            words += [OPTIONS[field.name], *_value(value)]
    if result.instance:
        words += ["--instance", result.instance]
    if result.price is not None:
        words += ["--price", f"{result.price.hourly:g}"]
    return shlex.join(words)


def _value(value: object) -> list[str]:
    if isinstance(value, bool):
        return []
    if isinstance(value, tuple):
        return [",".join(f"{number:g}" for number in value)]
    return [f"{value:g}" if isinstance(value, float) else str(value)]
