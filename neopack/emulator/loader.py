"""What Neo's open loader says of the names in an archive: an oracle beside our own rules.

``verdicts.toml`` has what the loader answered when it was run. Our rules were written from AWS's
pages and from reading the loader; an emulator that judged by them alone could not show that one of
them is wrong.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal, TypeAlias

from neopack import facts
from neopack.formats.tar import TarEntry
from neopack.values.finding import Finding
from neopack.values.target import Target

__all__ = ["Row", "is_about_names", "is_about_operators", "rows", "verdict"]

Verdict: TypeAlias = Literal["takes", "refuses"]
# the rules about what the loader was shown: the names of members, and nothing that is in them
ABOUT_NAMES = ("NEO-AR-", "NEO-XG-001", "NEO-PT-001", "NEO-KR-001", "NEO-TF-00", "NEO-MX-00")
# the rules about what the importers of TVM convert
ABOUT_OPERATORS = ("NEO-TV-", "NEO-KR-015")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The verdict on one archive. ``rule`` is what neopack finds in it, and ``differs`` why
    neopack's verdict is another; the emulator heeds neither."""

    framework: str
    members: tuple[str, ...]
    verdict: Verdict
    rule: str = ""
    differs: str = ""


@cache
def rows() -> tuple[Row, ...]:
    path = Path(__file__).with_name("verdicts.toml")
    table = tomllib.loads(path.read_text("utf-8"))["row"]
    return tuple(Row(**{**row, "members": tuple(row["members"])}) for row in table)


def verdict(
    framework: str, target: Target, version: str, entries: Iterable[TarEntry]
) -> Verdict | None:
    """The loader's own, None for an archive it was not run on, or that another path of Neo's
    takes, where nobody knows what reads it."""
    if facts.compiler_path(framework, target, version) != "tvm":
        return None
    names = sorted(entry.name for entry in entries)
    fitting = (r for r in rows() if r.framework == framework and sorted(r.members) == names)
    return next((row.verdict for row in fitting), None)


def is_about_names(finding: Finding) -> bool:
    return finding.id.startswith(ABOUT_NAMES)


def is_about_operators(finding: Finding) -> bool:
    return finding.id.startswith(ABOUT_OPERATORS)
