"""An experiment: the subjects are read, served, loaded in turns and compared."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from neopack.archive.subjects import subject
from neopack.distributions import known_versions
from neopack.errors import UsageError
from neopack.experiments.options import ExperimentOptions
from neopack.experiments.ratios import ratio_interval
from neopack.experiments.result import Compared, ExperimentResult, Figure, Measured, Window
from neopack.experiments.rounds import in_turns
from neopack.loadtests.destination import Destination
from neopack.loadtests.event_loop import run
from neopack.loadtests.merging import merged
from neopack.loadtests.recording import StageResult
from neopack.loadtests.running import refuse_nothing, what_was_sent
from neopack.loadtests.stages import Stages
from neopack.loadtests.target import Aim, aimed, preferred_type, reached, runs_already
from neopack.loadtests.unread import refuse_unread
from neopack.measure.machine import this_machine
from neopack.options import Connection
from neopack.values.log import Log

__all__ = ["comparisons", "experiment"]

FIGURES: tuple[Figure, ...] = ("throughput", "p50", "p95")


def experiment(
    targets: Sequence[str],
    options: ExperimentOptions,
    *,
    goldens: Path | None,
    connection: Connection | None,
    log: Log,
) -> ExperimentResult:
    """Load each of ``targets`` in turns. Addresses and endpoints are sent what ``goldens`` has, or
    else the first target that is a file.

    Raises what ``loadtest`` raises, of any of them, before or instead of a result.
    """
    here = any(not runs_already(target) for target in targets)
    refuse_unread(options, goldens, serves_files=here)
    aims = _aims(targets, options, goldens)
    with contextlib.ExitStack() as stack:
        places = [stack.enter_context(reached(aim, options, connection, log)) for aim in aims]
        subjects = [
            Stages(place, aim.payloads, options, aim.allowed)
            for place, aim in zip(places, aims, strict=True)
        ]
        windows = run(in_turns(subjects, options, log))
        for place, levels in zip(places, windows, strict=True):
            refuse_nothing(place, [window for level in levels for window in level])
        measured = tuple(map(_measured, aims, subjects, places, windows))
    return ExperimentResult(
        measured=measured,
        compared=tuple(comparisons(measured)),
        settings=options,
        machine=this_machine(),
        versions=known_versions(),
        as_of=datetime.now(UTC).date().isoformat(),
        goldens="" if goldens is None else goldens.name,
    )


def _aims(targets: Sequence[str], options: ExperimentOptions, goldens: Path | None) -> list[Aim]:
    if not targets:
        raise UsageError("an experiment needs a subject", hint="neopack experiment net.tar.gz")
    elsewhere = [target for target in targets if runs_already(target)]
    files = [Path(target) for target in targets if target not in elsewhere]
    source = goldens or next(iter(files), None)
    preferred = preferred_type(targets)
    aims = [
        aimed(target, options, source if target in elsewhere else goldens, preferred=preferred)
        for target in targets
    ]
    return _named_apart(aims)


def _named_apart(aims: Sequence[Aim]) -> list[Aim]:
    seen: Counter[str] = Counter()
    apart = []
    for aim in aims:
        seen[aim.name] += 1
        number = f" ({seen[aim.name]})" if seen[aim.name] > 1 else ""
        apart.append(replace(aim, name=aim.name + number))
    return apart


def _measured(
    aim: Aim, stages: Stages, place: Destination, levels: Sequence[Sequence[StageResult]]
) -> Measured:
    return Measured(
        name=aim.name,
        kind=aim.kind,
        payload=what_was_sent(aim.payloads),
        content_type=aim.payloads[0].content_type,
        stages=tuple(merged(windows) for windows in levels),
        windows=tuple(tuple(map(_window, windows)) for windows in levels),
        served=aim.served,
        difference=stages.answers.largest,
        allowed=stages.answers.allowed,
        sha256=subject(Path(aim.target)).sha256 if aim.is_file else "",
        instance=place.instance,
        count=place.count,
        memory=place.memory(),
    )


def _window(stage: StageResult) -> Window:
    return Window(throughput=stage.throughput, p50=stage.latency.p50, p95=stage.latency.p95)


def comparisons(subjects: Sequence[Measured]) -> Iterator[Compared]:
    """Each subject with the first, at each level."""
    baseline, *others = subjects
    for other in others:
        for at, stage in enumerate(other.stages):
            for figure in FIGURES:
                yield _compared(other, baseline, at, stage, figure)


def _compared(
    other: Measured, baseline: Measured, at: int, stage: StageResult, figure: Figure
) -> Compared:
    interval = ratio_interval(
        [getattr(window, figure) for window in other.windows[at]],
        [getattr(window, figure) for window in baseline.windows[at]],
    )
    return Compared(
        subject=other.name,
        baseline=baseline.name,
        callers=stage.callers,
        rate=stage.rate,
        figure=figure,
        ratio=interval.ratio if interval and interval.is_clear else None,
        low=interval.low if interval else None,
        high=interval.high if interval else None,
    )
