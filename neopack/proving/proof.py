"""A packaged model to prove, in an archive or about to be in one, and what both proofs share."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from neopack import facts
from neopack.archive.manifest import Manifest, goldens_of, manifest_of
from neopack.artifacts.load import member_names, open_archive, unpack
from neopack.errors import SourceError, Unsupported, UsageError
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.frameworks import registry
from neopack.goldens.comparison import check_max_difference
from neopack.outputs.staging import staging_directory
from neopack.proving import comparing
from neopack.values.log import Log
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature
from neopack.values.target import Target

__all__ = ["ALLOWED", "Proof", "allowed_difference", "archived", "info_of", "packaged"]

# the default limit of the relative difference: rounding in another version's kernels
ALLOWED = 1e-4
ALLOWED_HALF = 2e-3


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The model to prove: its main file, the parts beside it, and the golden numbers.

    ``folder`` has the ``members`` of the archive, in its order, directories too. ``target`` is
    what is compiled for; the two strings are those of the compilation job. ``archived`` says that
    it is in an archive already.
    """

    subject: str
    framework: str
    framework_version: str
    model: Path
    parts: Sequence[Path]
    signature: Signature
    goldens: Path
    folder: Path
    members: Sequence[str]
    target: Target
    data_input_config: str | None = None
    compiler_options: str | None = None
    max_difference: float | None = None
    random: tuple[str, ...] = ()
    archived: bool = False


@contextmanager
def archived(
    archive: Path, target: str | None, max_difference: float | None, limits: Limits, log: Log
) -> Iterator[tuple[Proof, Manifest]]:
    """Unpack an archive to prove it, for ``target`` or that of its manifest.

    Raises ``SourceError`` without golden numbers to compare with, ``UsageError`` for a compiled
    archive, ``Unsupported`` for a ``target`` that does not take models of this framework.
    """
    check_max_difference(max_difference)
    with log.step("reading"):
        opened = open_archive(archive, limits)
    if opened.compiled is not None:
        raise UsageError(
            "is compiled already",
            where=str(archive),
            hint="verify the archive before it is compiled",
        )
    manifest = manifest_of(archive, opened.scan.content_sha256)
    goldens = goldens_of(archive, opened.scan.content_sha256)
    if manifest is None or goldens is None:
        raise SourceError(
            "has no golden outputs beside it to compare with",
            where=str(archive),
            hint="keep the .neopack.json and .golden.npz that package wrote",
        )
    version = manifest.framework_version
    if target is not None:
        version = _version_of(opened.framework, facts.target(target))
    with staging_directory() as folder:
        model = unpack(opened, folder, limits)
        files = [path for path in folder.rglob("*") if path.is_file() and path != model]
        names = member_names(opened, folder)
        proof = Proof(
            subject=archive.name,
            framework=opened.framework,
            framework_version=version,
            model=model,
            parts=sorted(files),
            signature=manifest.signature,
            goldens=goldens,
            folder=folder,
            members=names,
            target=facts.target(target or manifest.target),
            data_input_config=manifest.data_input_config,
            compiler_options=manifest.compiler_options,
            max_difference=max_difference,
            random=manifest.random,
            archived=True,
        )
        yield proof, manifest


def _version_of(framework: str, target: Target) -> str:
    """The default version of ``target``. Raises ``Unsupported`` if it lacks the framework."""
    if facts.support(framework, target) is None:
        raise Unsupported(
            f"Neo lists no {framework} models for {target.name}, so there is no version to prove",
            hint=f"neopack targets --framework {framework} lists the targets that take them",
        )
    return facts.default_version(framework, target)


def info_of(proof: Proof) -> ModelInfo:
    """What the packaged bytes tell."""
    files, name = comparing.files_of(proof.model, proof.parts)
    return registry.get(proof.framework).read(files, name, DEFAULT_LIMITS)


def allowed_difference(proof: Proof, info: ModelInfo) -> float:
    """The user's limit; else, of a model with float16 inside, whose numbers have 11 bits, more
    than of others."""
    if proof.max_difference is not None:
        return proof.max_difference
    dtypes = {*info.dtypes, *(spec.dtype for spec in proof.signature.outputs)}
    return ALLOWED_HALF if "float16" in dtypes else ALLOWED


def packaged(proof: Proof, *, by_compiler: bool = False) -> comparing.Packaged:
    """For the error of a comparison."""
    model = comparing.Packaged(
        subject=proof.subject,
        framework=proof.framework,
        model=proof.model,
        parts=proof.parts,
        signature=proof.signature,
        archived=proof.archived,
    )
    if not by_compiler:
        return model
    return replace(
        model,
        command="neopack verify ARCHIVE --compiler",
        otherwise="what Neo compiles may compute otherwise too",
    )
