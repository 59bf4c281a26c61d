"""The sources that a manifest names, as they are in a project now."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Mapping
from pathlib import Path

from neopack import distributions
from neopack.provenance.result import Claim, broken, holds, unchecked
from neopack.values.origin import Material, Origin

__all__ = ["changed_sources", "changed_versions", "source_claims"]


def source_claims(origin: Origin | None, project: Path) -> Iterator[Claim]:
    """A claim for each material, and one for the installed packages."""
    if origin is None:
        why = "the manifest does not tell them: an older neopack packaged it"
        yield unchecked("sources", "files", why)
        return
    if not origin.complete:
        why = "some are not known: a live object, built in an old runtime, or changed meanwhile"
        yield unchecked("sources", "files", why)
    absent = [each for each in origin.materials if not _is_there(each, project)]
    if len(absent) > 1 and len(absent) == len(origin.materials):
        why = f"none of {len(absent)} is in {project.resolve()}: --project says where they are"
        yield unchecked("sources", "files", why)
    else:
        yield from (_claim(each, project) for each in origin.materials)
    yield from _packages(origin)


def changed_sources(origin: Origin, project: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The paths of materials that are others now, and of those that are not there. What code reads
    elsewhere, such as the settings of a user, it finds by itself."""
    named = [m for m in origin.materials if not (m.elsewhere and m.use in ("code", "data"))]
    absent = [each.path for each in named if not _is_there(each, project)]
    changed = [
        each.path
        for each in named
        if each.path not in absent and _sha256(_file(each, project)) != each.sha256
    ]
    return tuple(changed), tuple(absent)


def changed_versions(recorded: Mapping[str, str]) -> dict[str, str]:
    """``was 2.1, is 2.2`` by the name of each package that is another one now."""
    now = distributions.versions(tuple(recorded))
    return {
        name: f"was {version}, is {now.get(name, 'absent')}"
        for name, version in recorded.items()
        if now.get(name) != version
    }


def _claim(material: Material, project: Path) -> Claim:
    path, name = _file(material, project), material.path
    if not _is_there(material, project):
        where = "it lay outside of the project" if material.elsewhere else "it is not here"
        return unchecked("sources", name, where)
    digest = _sha256(path)
    if digest == material.sha256:
        return holds("sources", name)
    if material.elsewhere:
        return unchecked("sources", name, "it lay outside of the project, which has another one")
    why = f"it is another one now: SHA-256 {digest[:12]}, not {material.sha256[:12]}"
    return broken("sources", name, why)


def _packages(origin: Origin) -> Iterator[Claim]:
    changed = changed_versions(origin.packages)
    if changed:
        why = "; ".join(f"{name} {what}" for name, what in changed.items())
        yield unchecked("sources", "installed packages", why)
    elif origin.packages:
        yield holds("sources", "installed packages")


def _file(material: Material, project: Path) -> Path:
    return project / material.path


def _is_there(material: Material, project: Path) -> bool:
    """False for a name that no file can have, too."""
    return os.path.isfile(_file(material, project))  # noqa: PTH113


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
