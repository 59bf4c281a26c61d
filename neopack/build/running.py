"""``build``: decide what is to be done, have it done, and place what came of it."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from neopack.build.cache import Entry, KnownReads, cached_file
from neopack.build.chain import Chain, Sources, Step
from neopack.build.keys import package_key, relative, with_reads
from neopack.build.results import StepProgress
from neopack.build.tasks import StepAnswer, StepKind, StepTask
from neopack.build.workers.interface import Begun, Done, StartWorkers, Workers
from neopack.formats.codec import to_json
from neopack.project.settings import ProjectSettings
from neopack.values.reads import Reads

__all__ = ["Run", "Show"]

# is told of each step that is done
Show: TypeAlias = Callable[[StepProgress], None]


class Run:
    """All chains of a build, and the steps that are under way.

    A step that several chains share, as the proof of the same files for three targets, is carried
    out once. Measuring waits until nothing else runs.
    """

    def __init__(
        self,
        chains: Sequence[Chain],
        sources: Sources,
        settings: ProjectSettings,
        before: Mapping[str, Mapping[str, str]],
        *,
        keep_going: bool,
        show: Show,
    ) -> None:
        self.chains, self._sources, self._settings = chains, sources, settings
        self._before, self._keep_going, self._show = before, keep_going, show
        self._sharing: dict[str, list[tuple[Chain, Step]]] = defaultdict(list)
        self._running = 0
        self._waiting: deque[StepTask] = deque()
        self._packages = sum(chain.package.state == "to do" for chain in chains)
        self._of_model: dict[str, list[Chain]] = defaultdict(list)
        for chain in chains:
            self._of_model[chain.model.name].append(chain)
        self._finished = {chain.name: _finished(chain) for chain in chains}
        self._totals = sum(self._finished.values()), sum(len(each.steps) for each in chains)

    def carry_out(self, start: StartWorkers) -> None:
        """Until nothing is left to do, or until something failed and nothing is to go on."""
        self._carry_out(start, ("package", "framework", "compiler", "compile"))
        if self._goes_on():
            self._carry_out(start, ("bench",), alone=True)

    def _carry_out(
        self, start: StartWorkers, kinds: Sequence[StepKind], *, alone: bool = False
    ) -> None:
        if not any(self._has_work(chain, kinds) for chain in self.chains):
            return
        workers = start(alone=alone)
        finished = False
        try:
            for chains in self._of_model.values():
                self._start_packages(chains, workers, kinds)
            for chain in self.chains:
                self._start_others(chain, workers, kinds)
            while self._running:
                event = workers.events.get()
                if isinstance(event, Begun):
                    self._show_begun(event.task)
                else:
                    self._finish(event, workers, kinds)
            finished = True
        finally:
            workers.close(now=not finished)

    def _has_work(self, chain: Chain, kinds: Sequence[StepKind]) -> bool:
        steps = [step for kind, step in chain.steps.items() if kind in kinds]
        return any(step.state == "to do" and step.failure is None for step in steps)

    def _goes_on(self) -> bool:
        return self._keep_going or not any(chain.failed for chain in self.chains)

    # --- starting

    def _start_packages(
        self, chains: list[Chain], workers: Workers, kinds: Sequence[StepKind]
    ) -> None:
        """One task for all targets of a model: they may share an export."""
        absent = [chain for chain in chains if chain.package.state == "to do"]
        if "package" not in kinds or not absent:
            return
        many = self._packages > workers.count
        for chain in absent:
            chain.package.started = True
        folder = absent[0].folder.parent
        self._submit(workers, self._task("package", absent, folder, many=many))

    def _start_others(self, chain: Chain, workers: Workers, kinds: Sequence[StepKind]) -> None:
        if not self._goes_on() or not chain.package.done:
            return
        for step in list(chain.to_start()):
            if step.kind not in kinds:
                continue
            if not workers.remote and not _have_files(chain, step):
                self._lost(chain, workers, kinds)
                return
            assert step.key is not None  # noqa: S101 - it is reached
            step.started = True
            sharing = self._sharing[step.key.digest]
            sharing.append((chain, step))
            if len(sharing) == 1:
                task = self._task(step.kind, [chain], chain.folder)
                self._submit(workers, replace(task, key=step.key.digest))

    def _lost(self, chain: Chain, workers: Workers, kinds: Sequence[StepKind]) -> None:
        """The cache lost files of a step that was done: it is done again."""
        lost = chain.steps["package" if not chain.package.done else "compile"]
        lost.started = False
        if lost.kind == "package":
            self._start_packages([chain], workers, kinds)
        else:
            self._start_others(chain, workers, kinds)

    def _task(
        self,
        kind: StepKind,
        chains: Sequence[Chain],
        folder: Path,
        *,
        many: bool = False,
    ) -> StepTask:
        chain = chains[0]
        files = {use: path for step in chain.steps.values() for use, path in step.files.items()}
        return StepTask(
            kind=kind,
            model=chain.settings,
            targets=tuple(each.target for each in chains),
            root=str(self._sources.root),
            folder=str(folder),
            outputs=self._settings.folder,
            archive=str(files.get("archive", "")),
            artifact=str(files.get("artifact", "")),
            many=many,
            keys={each.target: dict(_parts(each, kind)) for each in chains},
            region=self._settings.region,
            profile=self._settings.profile,
        )

    def _submit(self, workers: Workers, task: StepTask) -> None:
        self._waiting.append(task)
        self._hand_out(workers)

    def _hand_out(self, workers: Workers) -> None:
        """To workers: all at once, or, where one failure ends the build, one for each of them."""
        while self._waiting and (self._keep_going or self._running < workers.count):
            self._running += 1
            workers.submit(self._waiting.popleft())

    # --- finishing

    def _finish(self, done: Done, workers: Workers, kinds: Sequence[StepKind]) -> None:
        self._running -= 1
        chains = self._packaged(done) if done.task.kind == "package" else self._proven(done)
        self._sources.cache.for_each(chains, lambda chain: chain.look_further(self._before))
        for chain in chains:
            self._show(self._progress(chain, done))
            self._start_others(chain, workers, kinds)
        if not self._goes_on():
            self._waiting.clear()
        self._hand_out(workers)

    def _packaged(self, done: Done) -> list[Chain]:
        named = {chain.target: chain for chain in self._of_model[done.task.model.name]}
        for answer in done.answers:
            step = named[answer.target].package
            step.seconds, step.notes = done.seconds / len(done.answers), done.notes
            if answer.failure is not None:
                step.failed(answer.failure)
        kept = [each for each in done.answers if each.failure is None or _is_verdict(each)]
        self._sources.cache.for_each(
            kept, lambda answer: self._keep_package(named[answer.target], answer)
        )
        return [named[answer.target] for answer in done.answers]

    def _keep_package(self, chain: Chain, answer: StepAnswer) -> None:
        """Under the key of what the export read, unless that changed meanwhile."""
        sources, step = self._sources, chain.package
        reads = relative(answer.reads or Reads(), sources.root)
        known = KnownReads(reads=reads, distributions=answer.distributions)
        static = package_key(chain.settings, chain.target, sources.root, sources.digests)
        step.key = with_reads(static, known, sources.root, sources.digests)
        entry = _entry(step, answer)
        if answer.failure is None:
            step.made(entry)
        if static.digest != chain.static.digest or (answer.reads and answer.reads.changed):
            step.why = "its files changed while it was built"
            step.notes = (*step.notes, f"warning: {step.why}")
            return
        sources.cache.keep_reads(static.digest, known)
        sources.cache.keep(step.key.digest, entry, step.files)

    def _proven(self, done: Done) -> list[Chain]:
        """All that wait for this step have its answer."""
        (answer,) = done.answers
        sharing = self._sharing.pop(done.task.key)
        for index, (_, step) in enumerate(sharing):
            step.notes, step.seconds = done.notes, done.seconds if index == 0 else 0.0
            if answer.failure is not None:
                step.failed(answer.failure)
                continue
            entry = _entry(step, answer)
            step.made(entry)
            if index == 0:
                self._sources.cache.keep(done.task.key, entry, step.files)
        return [chain for chain, _ in sharing]

    def _show_begun(self, task: StepTask) -> None:
        finished, total = self._totals
        for target in task.targets:
            self._show(
                StepProgress(
                    model=task.model.name,
                    target=target,
                    step=task.kind,
                    state="running",
                    finished=finished,
                    total=total,
                )
            )

    def _progress(self, chain: Chain, done: Done) -> StepProgress:
        step = chain.steps[done.task.kind]
        finished, total = self._counted(chain)
        return StepProgress(
            model=chain.model.name,
            target=chain.target,
            step=step.kind,
            state=step.state,
            seconds=step.seconds,
            notes=step.notes,
            failure=step.failure.line() if step.failure else "",
            finished=finished,
            total=total,
        )

    def _counted(self, chain: Chain) -> tuple[int, int]:
        """How many steps are finished, of how many, after something changed in ``chain``."""
        (before, total), now = self._totals, _finished(chain)
        self._totals = before + now - self._finished[chain.name], total
        self._finished[chain.name] = now
        return self._totals


def _finished(chain: Chain) -> int:
    return sum(step.state != "to do" for step in chain.steps.values())


def _parts(chain: Chain, kind: StepKind) -> Iterable[tuple[str, str]]:
    """Of the key of a step, as far as it is known before the step."""
    key = chain.static if kind == "package" else chain.steps[kind].key
    return key.parts if key is not None else ()


def _have_files(chain: Chain, step: Step) -> bool:
    """Whether what ``step`` works on is here."""
    needs: tuple[StepKind, ...] = ("package", "compile") if step.kind == "bench" else ("package",)
    return all(chain.have_files(kind) for kind in needs)


def _is_verdict(answer: StepAnswer) -> bool:
    """Whether the failure is what the rules say, which they would say again."""
    failure = answer.failure
    return failure is not None and failure.report is not None and answer.reads is not None


def _entry(step: Step, answer: StepAnswer) -> Entry:
    if answer.failure is not None:
        return Entry(step=step.kind, value={"failure": to_json(answer.failure)})
    step.files = {use: Path(path) for use, path in answer.files.items()}
    known = {
        "archive": answer.value.get("sha256", ""),
        "goldens": answer.value.get("goldens_sha256", ""),
    }
    files = {use: cached_file(path, known.get(use, "")) for use, path in step.files.items()}
    files |= answer.cached
    return Entry(step=step.kind, value=answer.value, files=files, seconds=round(step.seconds, 3))
