"""Cause each known failure, find it, fix it and check again: this writes docs/proof.md."""

from __future__ import annotations

import io
import tarfile
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from known import KNOWN, Case, Known, Package

import neopack
from neopack.api import check_targets, fix
from neopack.dataconfig.data_input_config import example
from neopack.errors import Malformed, NeopackError
from neopack.options import CheckOptions
from neopack.values.finding import Finding, Report

__all__ = ["Proof", "line", "others", "page", "prove"]

ROOT = Path(__file__).parents[2]
FIXTURES = ROOT / "fixtures"
LONGEST = 90
HEAD = """\
# Proof

The {count} known failures of Neo: the archive that causes each one, the finding of `neopack
check`, and the fix. `python docs/prove.py` writes this page: it builds each archive, checks it,
fixes it and checks it again. A test compares the result. *Gone* means that the finding was
there before the fix and is not there afterwards. [rules.md](rules.md) has the full causes and
fixes. The service itself was not asked.

## In the archive or the parameters of the job

| Failure | AWS's words | Caused by | Finding | Fix |
|---|---|---|---|---|
"""
REST = """
## Outside the archive

| Failure | AWS's words | Reason, and what neopack does | `neopack explain` |
|---|---|---|---|
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """``mended`` names the fix and its result; ``gone`` says whether the finding is gone."""

    known: Known
    found: str
    level: str
    mended: str
    gone: bool


def prove(known: Known, *, packaging: bool = True) -> Proof:
    """Return the proof. Without ``packaging``, fixes by ``package`` are not tried.

    Raises ``AssertionError`` if the failure is not found, or not fixed as stated.
    """
    with tempfile.TemporaryDirectory() as folder:
        return _proved(known, Path(folder), packaging=packaging)


def _proved(known: Known, folder: Path, *, packaging: bool) -> Proof:
    case = known.case
    assert case is not None
    archive = _built(case, folder)
    before = _finding(archive, case, case.config)
    assert before is not None, f"{known.id}: nothing is found"
    told = packaging or not isinstance(case.mend, Package)
    mended, gone = _mended(archive, case, folder) if told else ("", False)
    return Proof(known=known, found=before.message, level=before.level, mended=mended, gone=gone)


def _built(case: Case, folder: Path) -> Path:
    path = folder / case.name
    with tarfile.open(path, "w:gz" if case.tar == "gz" else "w") as tar:
        for name, said in case.members.items():
            content = _content(said)
            member = tarfile.TarInfo(name)
            member.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))
    return path


def _content(said: str) -> bytes:
    if said.startswith("half:"):
        whole = _content(said.removeprefix("half:"))
        return whole[: len(whole) // 2]
    if said.startswith("batch:"):
        return _content(said.removeprefix("batch:")).replace(b"[null, 8", b"[   4, 8")
    return (
        said[1:].encode() if said.startswith("=") or not said else (FIXTURES / said).read_bytes()
    )


def _report(archive: Path, case: Case, config: str | None) -> Report:
    wanted = CheckOptions(
        framework=case.framework or None,
        framework_version=case.version,
        data_input_config=config,
    )
    return check_targets(archive, [case.target], wanted).reports[0]


def _finding(archive: Path, case: Case, config: str | None) -> Finding | None:
    """The finding of the case's rule, or the error of an archive that cannot be opened."""
    try:
        report = _report(archive, case, config)
    except Malformed as error:
        if case.rule:
            raise
        return Finding(id="refused", level="error", message=error.message)
    return next((f for f in report.findings if f.id == case.rule), None)


def _mended(archive: Path, case: Case, folder: Path) -> tuple[str, bool]:
    if case.mend == "by hand":
        return "by hand", False
    if case.mend == "fix":
        mended = folder / "mended.tar.gz"
        wanted = CheckOptions(framework=case.framework, data_input_config=case.config)
        fix(archive, mended, target=case.target, options=wanted)
        assert _finding(mended, case, case.config) is None
        return "`check --fix`: gone", True
    if isinstance(case.mend, Package):
        return _packaged(case.mend, case, folder)
    config = _config(archive, case) if case.mend == "{all}" else case.mend
    assert _finding(archive, case, config) is None
    return f"DataInputConfig `{config}`: gone", True


def _config(archive: Path, case: Case) -> str:
    """The DataInputConfig of the rule's fix: all inputs, by their names in the file."""
    info = neopack.inspect(archive).info
    assert info is not None
    return example(info.signature, case.framework)


def _packaged(again: Package, case: Case, folder: Path) -> tuple[str, bool]:
    """A package without the finding, or the refusal that names the obstacle."""
    made = _package(again, again.target or case.target, folder)
    if isinstance(made, str):
        return f"`package` refuses: {made}", False
    assert not [finding for finding in made if finding.level == "error"], made
    if case.rule in [finding.id for finding in made]:
        return "`package` says so too, and writes it", False
    return "`package`: gone", True


_MADE: dict[str, Sequence[Finding] | str] = {}


def _package(again: Package, target: str, folder: Path) -> Sequence[Finding] | str:
    """The findings of the package, or the reason for its refusal; each is packaged once."""
    key, out = f"{again} {target}", folder / "packaged.tar.gz"
    if key not in _MADE:
        try:
            neopack.package(
                FIXTURES / again.source,
                path=out,
                inputs={name: list(shape) for name, shape in again.inputs.items()},
                target=target,
                framework_version=again.version or None,
                code=ROOT / again.code if again.code else None,
            )
            _MADE[key] = neopack.check(out, target=target).findings
        except NeopackError as error:
            _MADE[key] = error.message
    return _MADE[key]


# --- the page -------------------------------------------------------------------------------


def page() -> str:
    """Return the page. This takes some minutes."""
    return "".join([HEAD.format(count=len(KNOWN)), *map(line, _proofs()), REST, *others()])


def _proofs() -> Iterator[Proof]:
    for known in KNOWN:
        if known.case is not None:
            yield prove(known)


def line(proof: Proof) -> str:
    case = proof.known.case
    assert case is not None
    found = f"{case.rule or 'refused'} ({proof.level}): {_short(proof.found)}"
    cells = (proof.known.id, _short(proof.known.said), _provoked(case), found, proof.mended)
    return f"| {' | '.join(map(_plain, cells))} |\n"


def _provoked(case: Case) -> str:
    names = ", ".join(f"`{name}`" for name in case.members)
    form = "a tar without gzip of " if case.tar == "plain" else ""
    told = case.config and case.mend not in ("fix", "by hand") and isinstance(case.mend, str)
    config = f"; DataInputConfig `{case.config}`" if told or "SK" in case.rule else ""
    return f"{case.framework or 'artifact'} for {case.target}: {form}{names}{config}"


def others() -> Iterator[str]:
    for known in KNOWN:
        if known.case is None:
            said = neopack.explain(known.said)
            told = said.rule or (said.kind if said.cause else "does not know it")
            yield f"| {known.id} | {_plain(_short(known.said))} | {_plain(known.why)} | {told} |\n"


def _short(text: str) -> str:
    one = " ".join(text.split())
    return one if len(one) <= LONGEST else f"{one[:LONGEST].rstrip()}..."


def _plain(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
