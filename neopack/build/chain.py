"""One model on its way to one target: its steps, and what is known of each."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from neopack import facts
from neopack.build import step_keys
from neopack.build.cache import Cache, CachedFile, Entry, KnownReads
from neopack.build.digests import Digests, digest_of
from neopack.build.keys import Key, package_key, with_reads
from neopack.build.results import StepState
from neopack.build.tasks import Failure, StepKind
from neopack.build.work import target_folder
from neopack.formats.codec import from_json
from neopack.project.model_settings import ModelSettings
from neopack.project.models import BuiltModel
from neopack.values.finding import Report
from neopack.values.json import AnyJson

__all__ = ["Chain", "Sources", "Step"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What chains look things up in."""

    root: Path
    digests: Digests
    cache: Cache


@dataclass(slots=True, kw_only=True)
class Step:
    """``key`` is None where it follows from a step that is not done yet; ``files`` are those that
    are here, by their use."""

    kind: StepKind
    state: StepState = "to do"
    key: Key | None = None
    entry: Entry | None = None
    files: dict[str, Path] = field(default_factory=dict)
    why: str = ""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    failure: Failure | None = None
    started: bool = False

    @property
    def done(self) -> bool:
        return self.entry is not None

    def found(self, entry: Entry) -> None:
        self.entry, self.state = entry, "up to date"

    def made(self, entry: Entry) -> None:
        self.entry, self.state = entry, "made"

    def failed(self, failure: Failure) -> None:
        self.failure, self.state = failure, "failed"

    def skip(self, why: str) -> None:
        self.state, self.why = "skipped", why


class Chain:
    """The steps of a model for a target, in their order; ``folder`` is where they work."""

    def __init__(
        self, model: BuiltModel, target: str, sources: Sources, folder: Path, *, check_only: bool
    ) -> None:
        self.model, self.target, self.sources = model, target, sources
        self.folder = folder / model.name / target_folder(target)
        self.steps = {kind: Step(kind=kind) for kind in _kinds(model.settings, target)}
        if check_only:
            self.steps = {"package": self.steps["package"]}
        self.static = package_key(model.settings, target, sources.root, sources.digests)

    @property
    def settings(self) -> ModelSettings:
        return self.model.settings

    @property
    def name(self) -> str:
        return f"{self.model.name} {self.target}"

    @property
    def package(self) -> Step:
        return self.steps["package"]

    @property
    def value(self) -> Mapping[str, AnyJson]:
        """What is known of the archive."""
        return self.package.entry.value if self.package.entry else {}

    def look_up(self, before: Mapping[str, Mapping[str, str]]) -> None:
        """Find what is done already. ``before`` are the parts of the keys of the last build."""
        known = self.sources.cache.known_reads(self.static.digest)
        keys = [self._with(each) for each in known]
        for key in keys:
            entry = self.sources.cache.entry(key.digest)
            if entry is not None:
                self.package.key = key
                self._found_package(entry)
                self.look_further(before)
                return
        self.package.key = next(iter(keys), self.static)
        earlier = before.get(f"{self.name} package")
        self.package.why = _why(self.package.key, earlier, partial=not keys)

    def _found_package(self, entry: Entry) -> None:
        """An archive, or that the rules refused one."""
        failure = entry.value.get("failure")
        if failure is not None:
            self.package.failed(from_json(Failure, failure))
        else:
            self.package.found(entry)

    def _with(self, known: KnownReads) -> Key:
        return with_reads(self.static, known, self.sources.root, self.sources.digests)

    def look_further(self, before: Mapping[str, Mapping[str, str]]) -> None:
        """The steps that follow from those that are done."""
        for kind, step in self.steps.items():
            if step.key is not None or step.state == "skipped" or not self._is_reached(kind):
                continue
            skips = step_keys.compiler_skips(self.target, self.value) if kind == "compiler" else ""
            if skips:
                step.skip(skips)
                continue
            step.key = self._key(kind)
            entry = self.sources.cache.entry(step.key.digest)
            if entry is not None:
                step.found(entry)
            else:
                step.why = _why(step.key, before.get(f"{self.name} {kind}"), partial=False)

    def _is_reached(self, kind: StepKind) -> bool:
        needed: StepKind = "compile" if kind == "bench" else "package"
        return self.steps[needed].done

    def _key(self, kind: StepKind) -> Key:
        settings, digests = self.settings, self.sources.digests
        if kind == "framework":
            return step_keys.framework_key(settings, self.value, digests)
        if kind == "compiler":
            return step_keys.compiler_key(settings, self.target, self.value, digests)
        if kind == "compile":
            return step_keys.compile_key(
                settings, self.target, self.value, self.sources.root, digests
            )
        compiled = self.compiled_file()
        artifact = compiled.sha256 if compiled else ""
        return step_keys.bench_key(settings, self.value, artifact, digests)

    def compiled_file(self) -> CachedFile | None:
        """The artifact, where it is done."""
        step = self.steps.get("compile")
        return step.entry.files["artifact"] if step is not None and step.entry else None

    def to_start(self) -> Iterator[Step]:
        """The steps after ``package`` that can be carried out now."""
        for kind, step in self.steps.items():
            waits = step.key is None or step.started or step.done
            if kind != "package" and not waits and step.state == "to do":
                yield step

    @property
    def failed(self) -> bool:
        return any(step.failure is not None for step in self.steps.values())

    @property
    def complete(self) -> bool:
        return all(step.done or step.state == "skipped" for step in self.steps.values())

    def made_from(self) -> str:
        """The digest of what the outputs are made of."""
        return digest_of(
            [
                [step.kind, step.entry.value.get("evidence"), _digests(step.entry)]
                for step in self.steps.values()
                if step.entry is not None and step.kind != "bench"
            ]
        )

    def have_files(self, kind: StepKind) -> bool:
        """Have the files of a step that is done here, from the cache. Where that lost them the
        step is to be done again."""
        step = self.steps[kind]
        if step.entry is None:
            return False
        for use, file in step.entry.files.items():
            path = self.folder / self.file_name(use)
            if use not in step.files and self.sources.cache.fetch(file, path):
                step.files[use] = path
        # each was fetched: the cache drops all that are damaged, not the first alone
        if step.entry.files.keys() - step.files.keys():
            step.entry, step.state, step.why = None, "to do", "the cache lost its files"
            return False
        return True

    def file_name(self, use: str) -> str:
        """The name of an output, or of another file, by its use."""
        from neopack.compiling.local import default_output

        name = self.model.name
        archive = Path(f"{name}.tar.gz")
        artifact = default_output(archive, facts.target(self.target)).name
        names = {
            "archive": archive.name,
            "manifest": f"{name}.neopack.json",
            "goldens": f"{name}.golden.npz",
            "artifact": artifact,
            "compiled": f"{artifact.removesuffix('.tar.gz')}.compiled.json",
            "bench": f"{artifact.removesuffix('.tar.gz')}.bench.json",
        }
        return names.get(use, f"{use}.json")

    def distributions(self) -> Iterator[tuple[str, str]]:
        """The installed packages that the export imported, with their versions."""
        known = self.sources.cache.known_reads(self.static.digest)
        names = {name for each in known[:1] for name in each.distributions}
        yield from (part for part in (self.package.key or self.static).parts if part[0] in names)

    def report(self) -> Report | None:
        """The findings: of the archive, or of what was refused."""
        if self.package.failure is not None:
            return self.package.failure.report
        if not self.have_files("package"):
            return None
        data = json.loads(self.package.files["report"].read_bytes())
        return from_json(Report, data)


def _digests(entry: Entry) -> dict[str, str]:
    return {use: file.sha256 for use, file in entry.files.items()}


def _kinds(settings: ModelSettings, target: str) -> Iterator[StepKind]:
    yield "package"
    if settings.verify in ("framework", "both"):
        yield "framework"
    if settings.verify in ("compiler", "both"):
        yield "compiler"
    compiled = settings.compile
    if compiled is None:
        return
    only = [facts.target(name).name for name in compiled.targets]
    if not only or target in only:
        yield "compile"
        if settings.bench is not None:
            yield "bench"


def _why(key: Key, before: Mapping[str, str] | None, *, partial: bool) -> str:
    """What is another than in the last build. Where what the model reads is not known yet, only
    the names of the static part count."""
    if before is None:
        return "new"
    own = {name for name, _ in key.parts}
    earlier = {name: v for name, v in before.items() if not partial or name in own}
    changes = key.changes(earlier)
    return ", ".join(changes[:3]) + (" changed" if changes else "not in the cache")
