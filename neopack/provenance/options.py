"""How an artifact is audited, and made again."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

from neopack.options import Connection, Options, Place
from neopack.provenance.signing import Verifier

__all__ = ["AuditChoices", "AuditOptions", "RebuildChoices", "RebuildOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditOptions(Options):
    """``project`` is the folder of the sources, ``archive`` what an artifact was compiled from;
    None: the one beside it. ``verifier`` says whose signature it must have. ``connection`` is to
    the account of its job, None to ask nobody. ``proofs`` are made again, in the runtimes that
    are installed."""

    project: Path = Path()
    archive: Path | None = None
    verifier: Verifier | None = None
    connection: Connection | None = None
    proofs: bool = False


class AuditChoices(TypedDict, total=False):
    """The fields of ``AuditOptions`` as keywords."""

    project: Place
    archive: Place | None
    verifier: Verifier | None
    connection: Connection | None
    proofs: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RebuildOptions(Options):
    """``project`` is the folder of the sources. ``trust_manifest`` also runs what lies outside of
    it where the manifest says so: a callable of an installed package, a pickle."""

    project: Path = Path()
    trust_manifest: bool = False


class RebuildChoices(TypedDict, total=False):
    """The fields of ``RebuildOptions`` as keywords."""

    project: Place
    trust_manifest: bool
