"""``build``: find what is done, have the rest done, place it, and say what came of it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from neopack.build import judging, placing
from neopack.build.cache import Cache
from neopack.build.chain import Chain, Sources
from neopack.build.digests import Digests, own_folder
from neopack.build.lock import LOCK, Lock, lock_of, read_lock, refuse_drift, write_lock
from neopack.build.memory import (
    HIDDEN,
    BuildMemory,
    PlacedOutputs,
    read_memory,
    write_memory,
)
from neopack.build.options import BuildOptions
from neopack.build.refusing import refuse_incomplete
from neopack.build.results import BuildResult, BuiltTarget, RowState
from neopack.build.running import Run, Show
from neopack.build.selecting import affected, selected
from neopack.build.store import open_store
from neopack.build.tasks import Failure, failure_of
from neopack.build.workers.dask_cluster import connected
from neopack.build.workers.dask_workers import DaskWorkers
from neopack.build.workers.local import LocalWorkers, fitting
from neopack.errors import CheckFailed, NeopackError
from neopack.outputs.atomic import writing
from neopack.outputs.hidden import alone_in
from neopack.outputs.staging import staging_directory
from neopack.project.settings import Project
from neopack.runtimes import install
from neopack.values.finding import CheckedModels, CheckResult, Level, UncheckedModel
from neopack.values.log import Log

__all__ = ["build", "cache_place"]

CACHE = "NEOPACK_CACHE"
FILES, LOCKED = "files.json", "alone"
THERE: tuple[RowState, ...] = ("made", "up to date", "restored")
SARIF, SARIF_REPORT = "sarif", "report.sarif"


def build(
    project: Project,
    options: BuildOptions,
    environment: Mapping[str, str],
    log: Log,
    show: Show,
) -> BuildResult:
    """Build the models of ``project`` that ``options`` name. A model that fails is a row of the
    result; raises for what is wrong with the whole: a name, a file that is missing, a lock."""
    start = time.monotonic()
    folder = project.folder / project.settings.folder
    models = selected(project, options.names, options.targets)
    refuse_incomplete(models, project.folder)
    cache = Cache(open_store(cache_place(project, options, environment)), log)
    with _alone_in(folder, options), staging_directory() as work:
        memory = read_memory(folder)
        digests = Digests(folder / HIDDEN / FILES, own_folder(folder, project.folder))
        if options.since:
            models = affected(models, options.since, project, memory.keys, digests)
        sources = Sources(root=project.folder, digests=digests, cache=cache)
        chains = [
            Chain(model, target, sources, work, check_only=options.check_only)
            for model in models
            for target in model.targets
        ]
        building = _Building(project, options, sources, chains, folder, memory)
        try:
            return building.result(log, show, start)
        finally:
            if not options.dry_run:
                digests.save()


@contextmanager
def _alone_in(folder: Path, options: BuildOptions) -> Iterator[None]:
    """One build at a time writes a folder; a dry run writes nothing and need not wait."""
    if options.dry_run:
        yield
        return
    with writing(folder):
        (folder / HIDDEN / LOCKED).mkdir(parents=True, exist_ok=True)
        (folder / HIDDEN / ".gitignore").write_text("*\n")
    with alone_in(folder / HIDDEN / LOCKED):
        yield


def cache_place(project: Project, options: BuildOptions, environment: Mapping[str, str]) -> str:
    """The option, else the environment, else the project, else a folder of the user's."""
    place = options.cache or environment.get(CACHE, "") or project.settings.cache
    if not place:
        return str(install.home() / "build")
    return place if "://" in place else str(project.folder / Path(place).expanduser())


@dataclass(slots=True)
class _Placed:
    state: RowState
    outputs: PlacedOutputs | None = None
    failures: tuple[Failure, ...] = ()


class _Building:
    def __init__(
        self,
        project: Project,
        options: BuildOptions,
        sources: Sources,
        chains: Sequence[Chain],
        folder: Path,
        memory: BuildMemory,
    ) -> None:
        self._project, self._options, self._sources = project, options, sources
        self._chains, self._folder, self._memory = chains, folder, memory
        self._passing: Level = "info" if project.settings.strict else "warning"

    def result(self, log: Log, show: Show, start: float) -> BuildResult:
        cache = self._sources.cache
        cache.for_each(self._chains, self._look_up)
        before = read_lock(self._project.folder / LOCK) if self._locks() else None
        if self._options.locked:
            refuse_drift(before, lock_of(self._chains), self._project.folder / LOCK)
        if self._options.dry_run:
            return self._said([self._planned(chain) for chain in self._chains], start, ())
        cache.for_each(self._chains, self._fetch)
        run = Run(
            self._chains,
            self._sources,
            self._project.settings,
            self._memory.keys,
            keep_going=self._options.keep_going,
            show=show,
        )
        self._carry_out(run, log)
        drifted = self._lock(before, log)
        placed = [self._placed(chain) for chain in self._chains]
        self._remember(placed)
        return self._said(placed, start, drifted)

    def _look_up(self, chain: Chain) -> None:
        chain.look_up(self._memory.keys)

    def _fetch(self, chain: Chain) -> None:
        """Have what is to be placed from the cache now: a step whose files it lost is to be done
        again."""
        if not self._options.check_only and self._planned(chain).state != "up to date":
            for kind in chain.steps:
                chain.have_files(kind)

    def _carry_out(self, run: Run, log: Log) -> None:
        if not self._options.scheduler:
            jobs = self._options.jobs or self._project.settings.jobs or fitting()
            run.carry_out(partial(LocalWorkers.started, jobs))
        elif not all(chain.complete for chain in self._chains):
            root, cache = self._project.folder, self._sources.cache
            with connected(self._options.scheduler, root, cache, log) as cluster:
                run.carry_out(partial(DaskWorkers, cluster))

    def _locks(self) -> bool:
        return self._options.locked or not (self._options.dry_run or self._options.check_only)

    # --- outputs

    def _planned(self, chain: Chain) -> _Placed:
        if not chain.complete:
            return _Placed(state="to do")
        placed = self._memory.outputs.get(chain.name)
        if self._options.check_only:
            return _Placed(state="made" if chain.package.state == "made" else "up to date")
        there = placing.are_placed(chain, placed, self._folder, self._sources.digests)
        return _Placed(state="up to date" if there else "restored", outputs=placed)

    def _placed(self, chain: Chain) -> _Placed:
        """Place what is whole and within its thresholds, unless it is there."""
        failures = tuple(step.failure for step in chain.steps.values() if step.failure)
        failures += tuple(judging.threshold_failures(chain, self._passing))
        if failures:
            return _Placed(state="refused", failures=failures)
        if not chain.complete:
            return _Placed(state="not reached")
        planned = self._planned(chain)
        if self._options.check_only:
            return planned
        made = any(step.state == "made" for step in chain.steps.values())
        if planned.state == "up to date":
            return replace(planned, state="made") if made else planned
        try:
            return self._written(chain, made=made)
        except NeopackError as error:
            return _Placed(state="refused", failures=(failure_of(error),))

    def _written(self, chain: Chain, *, made: bool) -> _Placed:
        if not all(chain.have_files(kind) for kind in chain.steps if chain.steps[kind].entry):
            raise CheckFailed("the cache lost it", where=chain.name, hint="build again")
        outputs = placing.place(chain, self._folder, self._sources.digests)
        return _Placed(state="made" if made else "restored", outputs=outputs)

    def _remember(self, placed: Sequence[_Placed]) -> None:
        outputs = dict(self._memory.outputs)
        keys = dict(self._memory.keys)
        for chain, each in zip(self._chains, placed, strict=True):
            if each.outputs is not None:
                outputs[chain.name] = each.outputs
            for kind, step in chain.steps.items():
                if step.done and step.key is not None:
                    keys[f"{chain.name} {kind}"] = dict(step.key.parts)
        memory = replace(self._memory, outputs=outputs, keys=keys)
        if memory != self._memory:
            write_memory(self._folder, memory)

    # --- what is said

    def _lock(self, before: Lock | None, log: Log) -> tuple[str, ...]:
        if not self._locks():
            return ()
        path, now = self._project.folder / LOCK, lock_of(self._chains)
        if self._options.locked:
            refuse_drift(before, now, path)
            return ()
        drift = before.drift(now) if before is not None else ()
        for each in drift:
            log.note(f"{LOCK}: {each}")
        write_lock(path, now, before)
        return drift

    def _said(
        self, placed: Sequence[_Placed], start: float, notes: tuple[str, ...]
    ) -> BuildResult:
        rows = tuple(
            judging.row_of(chain, each.state, each.failures, self._names(chain, each))
            for chain, each in zip(self._chains, placed, strict=True)
        )
        codes = [failure.exit_code for row in rows for failure in row.failures]
        return BuildResult(
            rows=rows,
            folder=self._project.settings.folder,
            seconds=round(time.monotonic() - start, 3),
            exit_code=max(codes, default=0),
            notes=notes,
            checked=self._checked(rows),
        )

    def _names(self, chain: Chain, placed: _Placed) -> Mapping[str, str]:
        """The paths of the outputs that are there, below the folder of the project."""
        if placed.state not in THERE or placed.outputs is None:
            return {}
        folder = Path(self._project.settings.folder)
        return {use: str(folder / name) for use, name in placing.output_names(chain).items()}

    def _checked(self, rows: Sequence[BuiltTarget]) -> CheckedModels | None:
        """All findings, where a report of them is due: not where it says the same already."""
        wanted = SARIF in self._project.settings.reports and not self._options.dry_run
        same = all(row.state == "up to date" for row in rows)
        if not wanted or (same and (self._folder / SARIF_REPORT).is_file()):
            return None
        results, others = [], []
        for chain, row in zip(self._chains, rows, strict=True):
            path = row.archive or chain.name
            report = chain.report()
            if report is not None:
                results.append(
                    CheckResult(
                        path=path,
                        members=(),
                        reports=(report,),
                        sha256=row.sha256,
                        passing=self._passing,
                    )
                )
            elif row.failures:
                others.append(_unchecked(path, row.failures[0]))
        return CheckedModels(results=tuple(results), unchecked=tuple(others))


def _unchecked(path: str, failure: Failure) -> UncheckedModel:
    return UncheckedModel(
        path=path, error=failure.kind, message=failure.line(), exit_code=failure.exit_code
    )
