"""What neopack relies on in a framework."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack import facts
from neopack.errors import ExportFailed, NeopackError
from neopack.formats.codec import from_json, to_json
from neopack.formats.files import FolderFiles, PlacedFiles
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.source import BytesSource, FileSource
from neopack.frameworks import ExportTask, Framework, registry
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference
from neopack.packaging.exporting import TASKS
from neopack.processes.child import Child
from neopack.values.model import ExportedModel, ModelSource
from neopack.values.signature import InputRequest

__all__ = ["Sample", "assert_framework_conforms"]

NO_MODELS = {"nothing": b"", "text": b"a text\n" * 99, "zeros": bytes(4096)}
CLOSE = 1e-4


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """A model file that the framework packages, and what it has to be told for that."""

    path: Path
    inputs: tuple[InputRequest, ...] = ()
    target: str = "ml_c5"


def assert_framework_conforms(framework: Framework, samples: Sequence[Sample]) -> None:
    """Raise ``AssertionError`` that says what ``framework`` does otherwise than it must.

    It has to be installed: models are exported in child processes, which find it by its name.
    """
    assert facts.framework(framework.name).name == framework.name, "name is Neo's own word"
    ids = [rule.id for rule in framework.rules()]
    assert len(set(ids)) == len(ids), "each rule has an id of its own"
    assert set(ids) <= set(facts.error_ids()), "each rule has a row in facts/errors.toml"
    defaults = framework.options()
    assert from_json(framework.options, to_json(defaults)) == defaults, "options are JSON"
    assert not framework.owns(object()), "owns() is for the framework's own objects"
    for what, data in NO_MODELS.items():
        assert framework.recognize(BytesSource(what, data)) is None, f"recognize() takes {what}"
    for sample in samples:
        _assert_reads(framework, sample.path)
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        exports = _exports(framework, samples, Path(first))
        again = _exports(framework, samples, Path(second))
        for sample, made, other in zip(samples, exports, again, strict=True):
            assert _bytes(made) == _bytes(other), f"two exports of {sample.path.name} differ"
            _assert_export(framework, made)
            members = [member.name for member in made.members]
            layout = framework.layout(made.signature, facts.target(sample.target), members)
            assert layout.compiler_options != "{}", "the API refuses {}: leave the field out"


def _assert_reads(framework: Framework, path: Path) -> None:
    with FileSource(path) as source:
        assert framework.recognize(source), f"recognize() does not know {path.name}"
    info = framework.read(FolderFiles(path.parent), path.name, DEFAULT_LIMITS)
    assert info.framework == framework.name, "ModelInfo.framework is the framework's name"
    assert from_json(type(info), to_json(info)), "ModelInfo is JSON"
    same = from_json(type(info.facts), to_json(info.facts)) == info.facts
    assert same, "ModelInfo.facts are a dataclass that comes back from JSON as it was"
    data = path.read_bytes()
    for tenths in (0, 2, 5, 8, 9):
        part = data[: len(data) * tenths // 10]
        try:  # it is read or refused; any other exception is what fails here
            if framework.recognize(BytesSource(path.name, part)):
                _read_cut(framework, path, part)
        except NeopackError:
            continue


def _read_cut(framework: Framework, path: Path, part: bytes) -> None:
    """Read a truncated file beside its complete parts."""
    with tempfile.TemporaryDirectory() as folder:
        cut = Path(folder) / path.name
        cut.write_bytes(part)
        others = {other.name: other for other in path.parent.iterdir() if other.is_file()}
        files = PlacedFiles(path.name, {**others, path.name: cut})
        framework.read(files, path.name, DEFAULT_LIMITS)


def _exports(framework: Framework, samples: Sequence[Sample], to: Path) -> list[ExportedModel]:
    made = []
    preload = (TASKS, *registry.preload(framework.name))
    with Child(TASKS, failure=ExportFailed, preload=preload) as child:
        for place, sample in enumerate(samples):
            staging = to / str(place)
            staging.mkdir()
            where = ModelSource(kind="file", where=str(sample.path), framework=framework.name)
            task = ExportTask(source=where, inputs=sample.inputs, staging=staging)
            answer = child.call("export", to_json(task))
            made.append(from_json(ExportedModel, answer))
            inside = [*(member.path for member in made[-1].members), made[-1].goldens.path]
            assert all(p.is_relative_to(staging) for p in inside), "export() leaves staging"
    return made


def _bytes(made: ExportedModel) -> dict[str, bytes]:
    return {member.name: member.path.read_bytes() for member in made.members}


def _assert_export(framework: Framework, made: ExportedModel) -> None:
    files = PlacedFiles("the export", {member.name: member.path for member in made.members})
    (name,) = framework.models(files.names())
    with files.open(name) as source:
        assert framework.recognize(source), "recognize() does not know what export() wrote"
    others = set(files.names()) - {name}
    assert set(framework.parts(files.names(), name)) == others, "parts() are what export() wrote"
    framework.read(files, name, DEFAULT_LIMITS)
    inputs, outputs = load_goldens(made.goldens.path)
    for specs, arrays in ((made.signature.inputs, inputs), (made.signature.outputs, outputs)):
        said = [(spec.name, spec.dtype, spec.shape) for spec in specs]
        seen = [(name, str(array.dtype), array.shape) for name, array in arrays.items()]
        assert said == seen, f"the signature says {said}, the golden numbers are {seen}"
    runner = framework.runner(files, name, made.signature, 1)
    off = difference(outputs, runner.predict(inputs))
    assert off <= CLOSE, f"runner() is {off:.2g} away from the golden outputs"
