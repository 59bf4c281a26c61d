"""The substitute for Neo's compilers: the local engine that takes the job, if any.

What Neo compiles with TVM or Treelite is compiled with Neo's public loader and these, where they
are installed; for an instance only where the code runs on this machine, so that an endpoint can
compute with it. Another engine compiles what is left, and the job's log says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.read import extract_member, scan
from neopack.archive.write import write_archive
from neopack.artifacts.emulated import EmulatedMark
from neopack.artifacts.load import find_model, open_archive
from neopack.artifacts.own_names import MARK, own_member, own_name
from neopack.compiling import local
from neopack.dataconfig.compiler_options import cpu_options, parse_options
from neopack.dataconfig.data_input_config import with_shapes
from neopack.engines import EngineVerdict
from neopack.engines import registry as engines
from neopack.engines.tvm import compiled_code
from neopack.errors import Missing, NeopackError, Unsupported
from neopack.frameworks import Framework
from neopack.goldens.inputs import random_inputs, stand_ins
from neopack.options import CompileOptions
from neopack.runtimes import this_cpu
from neopack.serving.container import Container
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.json import Json
from neopack.values.log import SilentLog
from neopack.values.model import Member
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["CompilationTask", "CompiledFiles", "compile_model", "has_loader"]

UNCOMPILED = "no local engine takes this: the model is unchanged"
# kinds of targets that no endpoint serves
ON_DEVICES = ("edge", "platform")
OF_NEO = "tvm"
UNREAD = "neopack finds no model of this framework in it: it is unchanged"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilationTask:
    """One archive to compile in ``folder``, with the parameters of the job."""

    archive: Path
    folder: Path
    target: Target
    job: str
    framework: str
    source: Mapping[str, Json]
    config: str | None
    options: str | None
    version: str = ""
    engines: tuple[str, ...] | None = None

    @property
    def cpu(self) -> str | None:
        """What CompilerOptions say of the CPU; flags for Neuron say nothing of it. Raises
        ``UsageError`` for what LLVM could not have."""
        stated = parse_options(self.options) if self.options else None
        is_object = stated is not None and stated.form == "object"
        return cpu_options(self.options).text if is_object else None


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFiles:
    """An artifact with the emulator's mark in it; ``derived`` is DerivedDataInputConfig."""

    path: Path
    how: str
    derived: str = ""


def compile_model(task: CompilationTask) -> CompiledFiles:
    """Compile with the local engine that takes the job; without one, return the archive, marked.

    Raises ``LoaderRefused`` for a model that Neo's public loader refuses, ``EngineFailed`` if the
    engine fails otherwise.
    """
    mark = EmulatedMark(
        job=task.job, target=task.target.name, framework=task.framework, source=task.source
    )
    scanned = scan(task.archive)
    model = find_model(scanned, framework=task.framework)
    if model is None:
        return _unchanged(task, mark, UNREAD)
    framework, _, info = model
    names = scanned.file_names()
    signature = _signature(task, info.signature, framework, names)
    if signature is None:
        return _unchanged(task, mark, UNCOMPILED)
    layout = framework.layout(signature, task.target, names)
    derived = layout.data_input_config or ""
    mark = replace(mark, signature=signature)
    try:
        engine = _engine(task, signature)
        signature = _with_outputs(task.archive, signature)
        artifact = _compiled(task, signature, engine)
    except (Unsupported, Missing) as error:
        why = error.line() if isinstance(error, Missing) else error.message
        return replace(_unchanged(task, mark, f"{UNCOMPILED} ({why})"), derived=derived)
    assert artifact.path is not None  # noqa: S101 - written above
    mark = replace(mark, signature=signature, engine=artifact.engine)
    how = f"compiled by {artifact.engine} {artifact.engine_version} on this machine"
    how += _in_place_of_loader(task, artifact.engine)
    return CompiledFiles(path=_marked(artifact.path, task.folder, mark), how=how, derived=derived)


def has_loader(framework: str, version: str, target: Target, among: Sequence[str] | None) -> bool:
    """Whether Neo's public loader itself will say what it refuses of a job's model."""
    names = engines.names() if among is None else among
    asked = OF_NEO in names and _is_asked(framework, version, target, None)
    verdict = _loaders_verdict(framework, target)
    return asked and verdict.takes and not verdict.lacking


def _is_asked(framework: str, version: str, target: Target, cpu: str | None) -> bool:
    """Whether Neo reads the model with its loader, and what that compiles is of use here."""
    if target.kind in ON_DEVICES:
        return True
    of_neo = _is_read_by_loader(framework, version, target)
    return of_neo and this_cpu.runs(compiled_code(framework, target, cpu))


def _is_read_by_loader(framework: str, version: str, target: Target) -> bool:
    return facts.compiler_path(framework, target, version) == OF_NEO


def _loaders_verdict(framework: str, target: Target) -> EngineVerdict:
    request = CompilationRequest(
        framework=framework, model=Path(), target=target, signature=Signature(inputs=())
    )
    return engines.get(OF_NEO).supports(request)


def _in_place_of_loader(task: CompilationTask, engine: str) -> str:
    """Why it was another engine, where Neo asks its loader."""
    if engine == OF_NEO or not _is_read_by_loader(task.framework, task.version, task.target):
        return ""
    if not _is_asked(task.framework, task.version, task.target, task.cpu):
        return f", not by Neo's public loader: this CPU does not run code for {task.target.name}"
    lacking = _loaders_verdict(task.framework, task.target).lacking
    return f", not by Neo's public loader, which is not installed ({lacking})" if lacking else ""


def _signature(
    task: CompilationTask, own: Signature | None, framework: Framework, names: Sequence[str]
) -> Signature | None:
    """What the model takes with the shapes of the job; None where one stays open. A model that
    needs no DataInputConfig, as XGBoost's, takes any number of rows."""
    shaped = with_shapes(own, task.config, task.options, task.framework)
    if shaped is not None or own is None or task.config:
        return shaped
    needs = framework.layout(own, task.target, names).data_input_config is not None
    return None if needs or any(None in spec.shape[1:] for spec in own.inputs) else own


def _unchanged(task: CompilationTask, mark: EmulatedMark, why: str) -> CompiledFiles:
    mark = replace(mark, unchanged=why)
    return CompiledFiles(path=_marked(task.archive, task.folder, mark), how=why)


def _engine(task: CompilationTask, signature: Signature) -> str:
    """The name of the engine that compiles this. Raises ``Unsupported`` or ``Missing``."""
    request = CompilationRequest(
        framework=task.framework, model=task.archive, target=task.target, signature=signature
    )
    names = engines.names() if task.engines is None else task.engines
    if _is_asked(task.framework, task.version, task.target, task.cpu):
        names = tuple(sorted(names, key=lambda name: name != OF_NEO))
    elif not this_cpu.runs(compiled_code(task.framework, task.target, task.cpu)):
        names = tuple(name for name in names if name != OF_NEO)
    return engines.choose(request, among=names).name


def _compiled(task: CompilationTask, signature: Signature, engine: str) -> CompiledArtifact:
    opened = open_archive(task.archive, signature=signature)
    path = task.folder / "compiled.tar.gz"
    cpu = task.cpu if engine == OF_NEO else None  # other engines find the CPU when they load
    options = CompileOptions(engine=engine, compiler_options=cpu)
    return local.compile_opened(opened, task.target, path, None, options, SilentLog())


def _with_outputs(archive: Path, signature: Signature) -> Signature:
    """The signature with outputs; if the file does not state them, the model is run once."""
    if signature.outputs:
        return signature
    inputs = random_inputs(stand_ins(signature), 0)
    try:
        with Container(archive, signature) as container:
            return replace(signature, outputs=container.outputs(inputs))
    except NeopackError:
        return signature


def _marked(archive: Path, folder: Path, mark: EmulatedMark) -> Path:
    """The archive with the emulator's mark as a further member."""
    scanned = scan(archive)
    names = sorted(name for name in scanned.file_names() if not own_member(MARK, [name]))
    own = own_name(MARK, names)
    described = folder / own
    described.write_bytes(mark.dumps())
    members = [
        Member(name=name, path=extract_member(scanned, name, folder / f"member-{index}"))
        for index, name in enumerate(names)
    ]
    directories = {entry.name for entry in scanned.entries if entry.kind == "directory"}
    path = folder / "artifact.tar.gz"
    with path.open("xb") as stream:
        write_archive(
            stream,
            [*members, Member(name=own, path=described)],
            directories=sorted(directories - {""}),
        )
    return path
