"""The substitute for Neo's compilers: the local engine that takes the job, if any."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from neopack.archive.read import extract_member, scan
from neopack.archive.write import write_archive
from neopack.artifacts.emulated import EmulatedMark
from neopack.artifacts.load import find_model, open_archive
from neopack.artifacts.own_names import MARK, own_member, own_name
from neopack.compiling import local
from neopack.dataconfig.data_input_config import with_shapes
from neopack.engines import registry as engines
from neopack.errors import Missing, NeopackError, Unsupported
from neopack.goldens.inputs import random_inputs, request_of
from neopack.options import CompileOptions
from neopack.serving.container import Container
from neopack.values.artifact import CompilationRequest, CompiledArtifact
from neopack.values.json import Json
from neopack.values.log import SilentLog
from neopack.values.model import Member
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["CompilationTask", "CompiledFiles", "compile_model"]

UNCOMPILED = "no local engine takes this: the model is unchanged"
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


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFiles:
    """An artifact with the emulator's mark in it; ``derived`` is DerivedDataInputConfig."""

    path: Path
    how: str
    derived: str = ""


def compile_model(task: CompilationTask) -> CompiledFiles:
    """Compile with the local engine that takes the job; without one, return the archive, marked.

    Raises ``EngineFailed`` if the engine fails.
    """
    mark = EmulatedMark(
        job=task.job, target=task.target.name, framework=task.framework, source=task.source
    )
    scanned = scan(task.archive)
    model = find_model(scanned, framework=task.framework)
    if model is None:
        return CompiledFiles(path=_marked(task.archive, task.folder, mark), how=UNREAD)
    framework, _, info = model
    signature = with_shapes(info.signature, task.config, task.options, task.framework)
    if signature is None:
        mark = replace(mark, signature=_with_free_rows(info.signature))
        return CompiledFiles(path=_marked(task.archive, task.folder, mark), how=UNCOMPILED)
    layout = framework.layout(signature, task.target, scanned.file_names())
    derived = layout.data_input_config or ""
    reason = _no_engine(task, signature)
    if reason:
        path = _marked(task.archive, task.folder, replace(mark, signature=signature))
        return CompiledFiles(path=path, how=f"{UNCOMPILED} ({reason})", derived=derived)
    signature = _with_outputs(task.archive, signature)
    artifact = _compiled(task, signature)
    assert artifact.path is not None  # noqa: S101 - written above
    mark = replace(mark, signature=signature, engine=artifact.engine)
    how = f"compiled by {artifact.engine} {artifact.engine_version} on this machine"
    return CompiledFiles(path=_marked(artifact.path, task.folder, mark), how=how, derived=derived)


def _with_free_rows(signature: Signature | None) -> Signature | None:
    """What an endpoint serves without shapes of the job, as XGBoost: any number of rows."""
    if signature is None or any(None in spec.shape[1:] for spec in signature.inputs):
        return None
    return signature


def _no_engine(task: CompilationTask, signature: Signature) -> str:
    """The reason why no local engine compiles this, or ""."""
    request = CompilationRequest(
        framework=task.framework, model=task.archive, target=task.target, signature=signature
    )
    try:
        engines.choose(request)
    except (Unsupported, Missing) as error:
        return error.message
    return ""


def _compiled(task: CompilationTask, signature: Signature) -> CompiledArtifact:
    opened = open_archive(task.archive, signature=signature)
    path = task.folder / "compiled.tar.gz"
    return local.compile_opened(opened, task.target, path, None, CompileOptions(), SilentLog())


def _with_outputs(archive: Path, signature: Signature) -> Signature:
    """The signature with outputs; if the file does not state them, the model is run once."""
    if signature.outputs:
        return signature
    inputs = random_inputs([request_of(spec) for spec in signature.inputs], 0)
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
