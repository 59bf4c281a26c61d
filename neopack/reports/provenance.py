"""Provenance, signatures, audits and rebuilds as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.provenance.documents import WrittenDocument
from neopack.provenance.result import Audit, Rebuilt
from neopack.provenance.signing import Signed
from neopack.reports.printable import printable
from neopack.reports.wrapping import fitted

__all__ = ["audit_text", "documents_text", "rebuilt_text", "signed_text", "verified_text"]


def documents_text(documents: Sequence[WrittenDocument]) -> str:
    lines = [f"{each.path}{'  unchanged' if each.unchanged else ''}" for each in documents]
    return "\n".join(map(printable, lines))


def signed_text(signed: Signed) -> str:
    return _fitted(f"{signed.path}: {', '.join(signed.files)}, signed by {signed.by}")


def verified_text(signed: Signed) -> str:
    return _fitted(f"{signed.path} holds: {', '.join(signed.files)}, signed by {signed.by}")


def audit_text(audit: Audit) -> str:
    """A line for each claim, in the order of the chain, and a line of counts."""
    width = max(len(claim.link) for claim in audit.claims)
    lines = [f"{audit.path}: {audit.what}, sha256 {audit.sha256[:12]}"]
    for claim in audit.claims:
        why = f": {claim.why}" if claim.why else ""
        lines.append(f"{claim.state:<9}  {claim.link:<{width}}  {claim.subject}{why}")
    lines.append(
        f"{audit.count('holds')} hold, {audit.count('unchecked')} unchecked, "
        f"{audit.count('broken')} broken"
    )
    return _fitted(*lines)


def rebuilt_text(rebuilt: Rebuilt) -> str:
    return _fitted(*_rebuilt(rebuilt))


def _rebuilt(rebuilt: Rebuilt) -> Iterator[str]:
    if rebuilt.same:
        yield f"{rebuilt.path}: the same bytes, sha256 {rebuilt.sha256[:12]}"
    else:
        yield f"{rebuilt.path}: other bytes"
        yield f"  sha256 {rebuilt.sha256[:12]} -> {rebuilt.rebuilt_sha256[:12]}"
        yield f"  members that differ: {', '.join(rebuilt.members) or 'none'}"
    if rebuilt.changed:
        yield f"  sources that changed: {', '.join(rebuilt.changed)}"
    for name, what in rebuilt.versions.items():
        yield f"  {name} {what}"


def _fitted(*lines: str) -> str:
    return "\n".join(part for line in lines for part in fitted(printable(line)))
