"""``diff``: two archives or artifacts, section by section. Nothing in them is executed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import TypeAlias

from neopack.archive.read import ArchiveScan, extract_members
from neopack.artifacts.own_names import is_own
from neopack.differences.arrays import arrays_of
from neopack.differences.result import Change, Difference, FileWeights, Sections
from neopack.differences.side import OpenSide, read_side
from neopack.differences.weights import OpenModel, compare_arrays
from neopack.errors import Malformed
from neopack.formats.files import limits_for
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import FileSource, SpanSource
from neopack.options import CheckOptions, Place
from neopack.outputs.staging import staging_directory
from neopack.values.json import Json

__all__ = ["diff"]

CODE = "code/"
Proofs: TypeAlias = Mapping[str, Mapping[str, Json]]


def diff(
    first: Place, second: Place, *, target: str | None = None, limits: Limits = DEFAULT_LIMITS
) -> Difference:
    """Compare two archives, or two artifacts. Rules judge each for ``target``, or else for the
    target of its manifest.

    Weights are compared number by number in the members that differ: ONNX initializers, HDF5
    datasets, MXNet arrays and storages of PyTorch. Other members are compared by digest. What a
    clock read is not compared. Raises ``SourceError``, ``Malformed``, ``Unsafe`` and
    ``LimitExceeded`` where one cannot be read.
    """
    options = CheckOptions(limits=limits)
    before, after = (read_side(Path(place), target, options) for place in (first, second))
    weights, by_digest = _weights(before.scan, after.scan, limits)
    apart = _one_manifest(before, after)
    sections = Sections(
        layout=_changes(before.layout(), after.layout()),
        signature=_changes(*(side.signature(of_model=apart) for side in (before, after))),
        operators=_changes(before.operators(), after.operators()),
        weights=weights,
        by_digest=by_digest,
        manifest=_changes(*(side.about(beside_one=apart) for side in (before, after))),
        findings=_found(before, after),
        evidence=_evidence(before.proofs(), after.proofs()),
        compiled=_changes(before.compilation(), after.compilation()),
    )
    one, other = before.described(), after.described()
    alike = one.kind == other.kind and sections == Sections()
    return Difference(first=one, second=other, alike=alike, sections=sections)


def _changes(first: Mapping[str, Json], second: Mapping[str, Json]) -> tuple[Change, ...]:
    return tuple(
        Change(name=name, first=first.get(name), second=second.get(name))
        for name in dict.fromkeys([*first, *second])
        if first.get(name) != second.get(name)
    )


def _one_manifest(first: OpenSide, second: OpenSide) -> bool:
    """Whether one of two archives was moved without its manifest: nothing that only a manifest
    says is a difference then."""
    archives = first.artifact is None and second.artifact is None
    return archives and (first.manifest is None) != (second.manifest is None)


def _found(first: OpenSide, second: OpenSide) -> tuple[Change, ...]:
    """Nothing where only one side could be judged."""
    judged = not first.unjudged and not second.unjudged
    return _changes(first.findings, second.findings) if judged else ()


def _evidence(first: Proofs, second: Proofs) -> tuple[Change, ...]:
    """Each fact of a proof that both have; of another one, only the difference it proved."""
    changes: list[Change] = []
    for name in dict.fromkeys([*first, *second]):
        before, after = first.get(name), second.get(name)
        if before is None or after is None:
            sides = [proof and {"difference": proof["difference"]} for proof in (before, after)]
            changes.append(Change(name=name, first=sides[0], second=sides[1]))
        else:
            found = _changes(before, after)
            changes += [replace(each, name=f"{name} {each.name}") for each in found]
    return tuple(changes)


# --- weights ------------------------------------------------------------------------------------


def _weights(
    first: ArchiveScan, second: ArchiveScan, limits: Limits
) -> tuple[tuple[FileWeights, ...], tuple[str, ...]]:
    """Each pair of members that differ, unpacked in one pass over each archive."""
    pairs = tuple(_pairs(first, second))
    compared, by_digest = [], []
    with staging_directory() as folder:
        places = [(folder / f"{i}-first", folder / f"{i}-second") for i in range(len(pairs))]
        for side, scanned in enumerate((first, second)):
            spots = {
                scanned.entry(pair[side]).offset: place[side]
                for pair, place in zip(pairs, places, strict=True)
            }
            extract_members(scanned, spots, limits)
        for names, place in zip(pairs, places, strict=True):
            weights = _compared(names, place, limits)
            compared += [weights] if weights else []
            by_digest += [] if weights else [names[0]]
    return tuple(compared), tuple(by_digest)


def _pairs(first: ArchiveScan, second: ArchiveScan) -> Iterator[tuple[str, str]]:
    """Members of one name, and the only ones of one suffix that have no such namesake: a model
    whose file was renamed. Only those whose bytes differ, and neither code nor manifests."""
    before, after = _parts(first), _parts(second)
    shared = before & after
    for name in sorted(shared):
        if first.digests[name] != second.digests[name]:
            yield name, name
    renamed = _by_suffix(after - shared)
    for suffix, names in sorted(_by_suffix(before - shared).items()):
        others = renamed.get(suffix, [])
        if len(names) == len(others) == 1 and first.digests[names[0]] != second.digests[others[0]]:
            yield names[0], others[0]


def _parts(scanned: ArchiveScan) -> set[str]:
    names = scanned.file_names()
    return {name for name in names if not is_own(name) and not name.startswith(CODE)}


def _by_suffix(names: set[str]) -> Mapping[str, list[str]]:
    grouped = defaultdict[str, list[str]](list)
    for name in names:
        grouped[PurePosixPath(name).suffix].append(name)
    return grouped


def _compared(
    names: tuple[str, str], places: tuple[Path, Path], limits: Limits
) -> FileWeights | None:
    """The arrays of both; None where no reader gives them, or not the same one."""
    with FileSource(places[0]) as one, FileSource(places[1]) as other:
        first = _opened(names[0], one, limits_for(places[0], limits))
        second = _opened(names[1], other, limits_for(places[1], limits))
        if first is None or second is None or first.stored.read_as != second.stored.read_as:
            return None
        return compare_arrays(first, second)


def _opened(name: str, file: FileSource, limits: Limits) -> OpenModel | None:
    """None also for a file that breaks its own format: its digest still differs."""
    source = SpanSource(name, file, 0, file.size)
    try:
        stored = arrays_of(source, limits)
    except Malformed:
        return None
    return OpenModel(name=name, source=source, stored=stored) if stored else None
