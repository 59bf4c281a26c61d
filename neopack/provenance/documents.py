"""Documents beside an artifact: written whole, and left alone where they say the same."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from neopack.outputs.atomic import AtomicOutputs, settle
from neopack.provenance.bom import bom_of
from neopack.provenance.git import commit_of
from neopack.provenance.lineage import BENCHMARK, BOM, STATEMENT, Lineage, place_beside, trace
from neopack.provenance.statement import Builder, measures, statement_of
from neopack.values.json import AnyJson
from neopack.values.subject import Subject

__all__ = ["WrittenDocument", "write_bom", "write_bytes", "write_statement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenDocument:
    """A document at ``path`` about ``subject``; ``unchanged`` says that the same was there."""

    subject: Subject
    path: str
    sha256: str
    unchanged: bool


def write_statement(
    path: Path, project: Path, builder: Builder, benchmarks: Sequence[Path], *, force: bool
) -> WrittenDocument:
    """The provenance of ``path``, an archive or an artifact, whose sources lie in ``project``.

    Raises what ``trace`` does, ``UsageError`` for a benchmark of another file, ``OutputError``
    where another statement is there.
    """
    lineage = trace(path)
    manifest = lineage.own_manifest
    materials = manifest.origin.materials if manifest and manifest.origin else ()
    here = [each.path for each in materials if not each.elsewhere]
    commit = commit_of(project, here)
    measured = place_beside(path, BENCHMARK)
    if measured.is_file() and measures(measured, lineage.scan.sha256):
        benchmarks = (measured, *benchmarks)
    document = statement_of(lineage, commit, builder, benchmarks)
    return _written(lineage, STATEMENT, document, force=force)


def write_bom(path: Path, *, force: bool) -> WrittenDocument:
    """The bill of materials of ``path``. Raises what ``write_statement`` does."""
    lineage = trace(path)
    return _written(lineage, BOM, bom_of(lineage), force=force)


def _written(
    lineage: Lineage, ending: str, document: Mapping[str, AnyJson], *, force: bool
) -> WrittenDocument:
    text = json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    data = text.encode("utf-8", "backslashreplace")  # JSON's own form of what UTF-8 lacks
    path = place_beside(lineage.path, ending)
    return WrittenDocument(
        subject=lineage.subject,
        path=str(path),
        sha256=hashlib.sha256(data).hexdigest(),
        unchanged=write_bytes(path, data, force=force),
    )


def write_bytes(path: Path, data: bytes, *, force: bool) -> bool:
    """Whether the same was there already. Raises ``OutputError`` where something else was."""
    settle(path)
    if path.is_file() and path.stat().st_size == len(data) and path.read_bytes() == data:
        return True
    with AtomicOutputs(force=force) as outputs:
        outputs.open(path).write(data)
    return False
