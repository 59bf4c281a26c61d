"""Where an archive or an artifact comes from: provenance, signatures, ``audit``, ``rebuild``."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Unpack

from neopack.options import Place, chosen
from neopack.provenance import auditing, documents, rebuilding, signing
from neopack.provenance.documents import WrittenDocument
from neopack.provenance.options import (
    AuditChoices,
    AuditOptions,
    RebuildChoices,
    RebuildOptions,
)
from neopack.provenance.result import Audit, Rebuilt
from neopack.provenance.signing import Signed, Signer, Verifier
from neopack.provenance.statement import builder_of
from neopack.values.log import Log, SilentLog

__all__ = [
    "audit",
    "bom",
    "provenance",
    "rebuild",
    "sign",
    "signer_wanted",
    "verify_signature",
]


def provenance(
    path: Place,
    *,
    project: Place = ".",
    benchmarks: Sequence[Place] = (),
    builder: str = "",
    force: bool = False,
) -> WrittenDocument:
    """Write ``NAME.provenance.json`` beside an archive or an artifact: an in-toto statement with
    SLSA provenance. ``project`` is the folder of its sources, whose git commit is named.
    ``benchmarks`` are results of ``bench`` and its like; ``builder`` is a URI."""
    return documents.write_statement(
        Path(path),
        Path(project),
        builder_of(os.environ, builder),
        [Path(each) for each in benchmarks],
        force=force,
    )


def bom(path: Place, *, force: bool = False) -> WrittenDocument:
    """Write ``NAME.cdx.json``, a bill of materials of CycloneDX 1.6."""
    return documents.write_bom(Path(path), force=force)


def sign(path: Place, *, key: Place | None = None, force: bool = False) -> Signed:
    """Sign a file and what belongs to it by a private key in PEM; without a key, as the CI job
    that this runs in. Raises ``Unsupported`` where that has no identity."""
    return signing.sign(Path(path), Signer(key=Path(key) if key else None), force=force)


def verify_signature(
    path: Place, *, key: Place | None = None, identity: str = "", issuer: str = ""
) -> Signed:
    """Raises ``VerificationFailed`` unless the signature beside ``path`` is of the public ``key``,
    or of ``identity`` as ``issuer`` vouches for it, and all that was signed is as it was."""
    return signing.verify_signature(Path(path), signer_wanted(key, identity, issuer))


def signer_wanted(key: Place | None, identity: str = "", issuer: str = "") -> Verifier:
    """Whose signature it must be. Raises ``UsageError`` where that is not said."""
    return Verifier(key=Path(key) if key else None, identity=identity, issuer=issuer)


def audit(
    path: Place,
    *,
    options: AuditOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[AuditChoices],
) -> Audit:
    """Recompute all that is said of where an archive or an artifact comes from."""
    options = chosen(AuditOptions, options, _places(choices))
    return auditing.audit(Path(path), options, log or SilentLog())


def rebuild(
    path: Place,
    *,
    options: RebuildOptions | None = None,
    log: Log | None = None,
    **choices: Unpack[RebuildChoices],
) -> Rebuilt:
    """Package an archive again from its manifest, compile it again where ``path`` is an artifact,
    and compare the bytes."""
    options = chosen(RebuildOptions, options, _places(choices))
    return rebuilding.rebuild(Path(path), options, log or SilentLog())


def _places(choices: AuditChoices | RebuildChoices) -> dict[str, object]:
    places = ("project", "archive")
    return {
        name: Path(str(value)) if name in places and value is not None else value
        for name, value in choices.items()
    }
