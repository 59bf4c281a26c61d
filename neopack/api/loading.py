"""Models as their callers meet them: under load, alone or in turns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike
from pathlib import Path
from typing import Unpack

from neopack.api.compiling import compile as compiled
from neopack.api.places import path_of, subjects
from neopack.archive.read import scan
from neopack.artifacts.load import is_compiled
from neopack.errors import UsageError
from neopack.experiments import running as experimenting
from neopack.experiments.options import ExperimentChoices, ExperimentOptions
from neopack.experiments.pricing import pricing
from neopack.experiments.result import ExperimentResult
from neopack.facts.published import publication
from neopack.loadtests import target as loading
from neopack.loadtests.destination import masked
from neopack.loadtests.options import LoadChoices, LoadOptions, Objective
from neopack.loadtests.running import LoadResult
from neopack.loadtests.running import priced as priced_load
from neopack.measure.price import hourly_price
from neopack.options import Connection, Place, chosen
from neopack.reports.report_file import refuse_report, write_report
from neopack.values.log import Log, SilentLog


def loadtest(
    target: Place,
    *,
    goldens: Place | None = None,
    options: LoadOptions | None = None,
    connection: Connection | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    report: Place | None = None,
    force: bool = False,
    log: Log | None = None,
    **choices: Unpack[LoadChoices],
) -> LoadResult:
    """Throughput and latencies of a server under load: of an artifact or archive, which is served
    here in processes of its own, of the server at a URL, or of ``endpoint:NAME``, an endpoint of
    SageMaker that ``connection`` leads to.

    A URL or an endpoint is sent the golden inputs of the archive ``goldens``, or
    ``options.payload``. Raises ``UsageError`` where there is nothing to send, ``EngineFailed``
    where nothing is answered, ``VerificationFailed`` where an answer at rest is wrong.
    ``price`` and ``prices`` add costs, as for ``bench``. ``report`` is a file to write, as HTML,
    Markdown or JSON by its extension.
    """
    settings = chosen(LoadOptions, options, _parsed(choices))
    hourly = hourly_price(instance, price, path_of(prices))
    if report is not None:
        refuse_report("loadtest", Path(report), force=force)
    place, log = path_of(goldens), log or SilentLog()
    result = loading.loadtest(str(target), settings, goldens=place, connection=connection, log=log)
    result = priced_load(result, instance, hourly)
    if report is not None:
        sent = [each for each in (target, goldens, settings.payload) if each is not None]
        write_report("loadtest", Path(report), result, subjects(sent), force=force)
    return result


def experiment(
    models: Place | Sequence[Place],
    *,
    target: str = "",
    goldens: Place | None = None,
    options: ExperimentOptions | None = None,
    connection: Connection | None = None,
    instance: str = "",
    price: float | None = None,
    prices: Place | None = None,
    report: Place | None = None,
    beside: str = "",
    force: bool = False,
    log: Log | None = None,
    **choices: Unpack[ExperimentChoices],
) -> ExperimentResult:
    """The same load on each of ``models`` in turns, and how many times the first each other is:
    archives and artifacts, which are served here, URLs and ``endpoint:NAME``.

    With ``target``, each archive is measured compiled for it too, by the artifact that is there or
    is compiled now. URLs and endpoints are sent the golden inputs of ``goldens``, or of the first
    file. ``instance`` and its ``price``, or ``prices``, are of the machine that serves files and
    URLs; endpoints have their own. ``beside`` is the id of what AWS published, such as blog-2021,
    for reports to show it beside. Raises as ``loadtest`` does.
    """
    settings = chosen(ExperimentOptions, options, _parsed(choices))
    costs = pricing(instance, price, path_of(prices))
    if beside:
        publication(beside)
        if report is None:
            raise UsageError("--beside is for a report", hint="add --report report.html")
    if report is not None:
        refuse_report("experiment", Path(report), force=force)
    log, named = log or SilentLog(), _several(models)
    if target and not any(map(_is_archive, named)):
        raise UsageError(
            "--target is for archives that are not compiled, and none is here", hint="leave it out"
        )
    measured = [each for model in named for each in _with_compiled(model, target, log)]
    result = experimenting.experiment(
        measured, settings, goldens=path_of(goldens), connection=connection, log=log
    )
    result = replace(
        result,
        measured=tuple(map(costs.applied, result.measured)),
        target=target,
        beside=beside,
        named=tuple(Path(each).name if Path(each).is_file() else masked(each) for each in named),
        pricing=tuple(costs.words()),
    )
    if report is not None:
        sent = [each for each in (*measured, goldens, settings.payload) if each is not None]
        write_report("experiment", Path(report), result, subjects(sent), force=force)
    return result


def _parsed(choices: LoadChoices) -> Mapping[str, object]:
    slo = choices.get("slo")
    return {**choices, "slo": Objective.parse(slo)} if isinstance(slo, str) else {**choices}


def _several(models: Place | Sequence[Place]) -> list[str]:
    return [str(models)] if isinstance(models, str | PathLike) else [str(each) for each in models]


def _with_compiled(model: str, target: str, log: Log) -> Iterator[str]:
    """An archive, and what it is compiled to."""
    yield model
    if target and _is_archive(model):
        yield str(compiled(model, target=target, log=log).path)


def _is_archive(model: str) -> bool:
    """Whether it is a file that is not compiled."""
    return Path(model).is_file() and not is_compiled(scan(Path(model)))
