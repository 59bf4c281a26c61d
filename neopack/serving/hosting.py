"""Find how the container of an artifact serves it: its script, and what calls that."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping
from dataclasses import dataclass

from neopack import facts
from neopack.archive.read import ArchiveScan, MemberSource
from neopack.artifacts.compiled_manifest import ArtifactManifest
from neopack.artifacts.emulated import EmulatedMark
from neopack.artifacts.load import find_model, refuse_unsafe
from neopack.artifacts.own_names import MANIFEST, MARK, own_member
from neopack.errors import NeopackError
from neopack.facts import Handler
from neopack.serving.container import ANSWERING
from neopack.serving.requirements import REQUIREMENTS, absent
from neopack.serving.script import CODE, ServingScript, program_of
from neopack.serving.scripted import ScriptedContainer
from neopack.values.log import Log
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["CompiledFor", "compiled_for", "script_of", "started"]

LARGEST_TEXT = 16 << 20
# who brings a model of no framework loads it with a model_fn
DEFAULT_FRAMEWORK = "PYTORCH"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledFor:
    """What the mark or the manifest in an artifact says."""

    target: Target
    framework: str
    signature: Signature | None = None


def compiled_for(scanned: ArchiveScan) -> CompiledFor | None:
    """None where nothing is compiled."""
    where = scanned.path.name
    mark_name = own_member(MARK, scanned.file_names())
    if mark_name:
        mark = EmulatedMark.loads(_text(scanned, mark_name), where)
        return CompiledFor(
            target=facts.target(mark.target), framework=mark.framework, signature=mark.signature
        )
    name = own_member(MANIFEST, scanned.file_names())
    if name:
        manifest = ArtifactManifest.loads(_text(scanned, name), where)
        return CompiledFor(target=facts.target(manifest.target), framework=manifest.framework)
    return None


def script_of(
    scanned: ArchiveScan,
    environment: Mapping[str, str],
    compiled: CompiledFor | None,
    framework: str = "",
) -> ServingScript | None:
    """The script that the container of an archive runs, or None if the archive lacks it. The
    container of what is not compiled is that of ``framework``, or of the model's own.

    Raises ``Unsafe`` for an archive that is.
    """
    refuse_unsafe(scanned)
    if not any(name.startswith(CODE) for name in scanned.file_names()):
        return None
    if compiled is not None:
        handler = facts.handler(compiled.framework, compiled.target)
        return _script_in(scanned, handler, environment, compiled.signature)
    return _script_in(scanned, _cloud_handler(framework or _framework(scanned)), environment, None)


def _framework(scanned: ArchiveScan) -> str:
    model = find_model(scanned)
    return model[0].name if model else DEFAULT_FRAMEWORK


def _script_in(
    scanned: ArchiveScan,
    handler: Handler | None,
    environment: Mapping[str, str],
    signature: Signature | None,
) -> ServingScript | None:
    """The script that ``handler`` calls, if the archive has it."""
    if handler is None:
        return None
    program = program_of(handler, environment)
    if CODE + program not in {posixpath.normpath(name) for name in scanned.file_names()}:
        return None
    return ServingScript(
        calls=handler.calls,
        tensors=handler.tensors,
        program=program,
        environment=environment,
        signature=signature,
    )


def _cloud_handler(framework: str) -> Handler | None:
    """How the container on instances of the cloud calls a script."""
    cloud = next(target for target in facts.targets() if target.kind == "cloud")
    return facts.handler(framework, cloud)


def started(
    scanned: ArchiveScan,
    script: ServingScript,
    log: Log,
    *,
    answering: float = ANSWERING,
    threads: int | None = None,
    max_memory: int = 0,
) -> ScriptedContainer:
    """The container of the archive, with its script running, which has ``threads`` of the cores
    and ``max_memory`` MB.

    Raises ``NeopackError`` where it does not start, which says what may be lacking.
    """
    warning = _warned(scanned, log)
    try:
        return ScriptedContainer(
            scanned.path,
            script,
            answering=answering,
            threads=threads,
            max_memory=max_memory,
            log=log,
        )
    except NeopackError as error:
        raise NeopackError(f"{error}. {warning}" if warning else str(error)) from None


def _warned(scanned: ArchiveScan, log: Log) -> str:
    """The warning, also told, that packages which the container would install are absent here."""
    named = (name for name in scanned.file_names() if posixpath.normpath(name) == REQUIREMENTS)
    member = next(named, "")
    names = absent(_text(scanned, member).decode("utf-8", "replace")) if member else ()
    if not names:
        return ""
    warning = (
        f"{REQUIREMENTS} is not installed here, but by the container: install {', '.join(names)} "
        "beside neopack"
    )
    log.warn(warning)
    return warning


def _text(scanned: ArchiveScan, name: str) -> bytes:
    with MemberSource(scanned, name) as source:
        return source.read(0, min(source.size, LARGEST_TEXT))
