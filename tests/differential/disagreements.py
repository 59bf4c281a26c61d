"""Where judges disagree, and the table of the disagreements that are explained."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from functools import cache
from pathlib import Path

from specimen import Specimen
from verdicts import Verdict, Verdicts

__all__ = ["Disagreement", "Row", "disagreements", "rows", "unexplained", "unneeded"]


@dataclass(frozen=True, kw_only=True)
class Disagreement:
    """``kind`` is one of those that a row names, ``words`` what the refusing judge says."""

    specimen: str
    framework: str
    kind: str
    words: str

    def __str__(self) -> str:
        return f"{self.specimen}: {self.kind}: {self.words}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """An explanation: ``specimens`` is a pattern of their names, ``words`` begin a part of what
    is said. A row of ``sweep`` is needed by the sweep alone."""

    framework: str
    kind: str
    specimens: str
    words: str
    reason: str
    source: str
    sweep: bool = False

    def explains(self, found: Disagreement) -> bool:
        return (
            (self.framework, self.kind) == (found.framework, found.kind)
            and fnmatchcase(found.specimen, self.specimens)
            and self.words in found.words
        )


@cache
def rows() -> tuple[Row, ...]:
    path = Path(__file__).with_name("explained.toml")
    return tuple(Row(**row) for row in tomllib.loads(path.read_text("utf-8"))["row"])


def disagreements(
    specimen: Specimen, verdicts: Verdicts, known: frozenset[str]
) -> Iterator[Disagreement]:
    """``known`` are the findings of the specimen as it was before the change."""

    def found(kind: str, words: str) -> Disagreement:
        return Disagreement(
            specimen=specimen.name, framework=specimen.framework, kind=kind, words=words
        )

    asked = [(judge, verdict) for judge, verdict in verdicts.others if verdict.word != "silent"]
    refusing = [(judge, verdict) for judge, verdict in asked if verdict.word == "refuses"]
    check = verdicts.check
    if specimen.change == "names" and set(check.words.split()) <= known:
        check = Verdict(word="clean")  # what is found is not about names
    if _says_nothing(check, known):
        for judge, verdict in refusing:
            yield found(f"clean, refused by {judge}", verdict.words)
    others = [verdict.word for judge, verdict in asked if judge != "package"]
    if check.word == "refuses" and others and "refuses" not in others:
        yield found("refused, taken by all others", check.words)
    if verdicts.verify.word == "refuses":
        yield found("packaged, refused by verify", verdicts.verify.words)


def _says_nothing(check: Verdict, known: frozenset[str]) -> bool:
    warned = set(check.words.split()) if check.word == "warns" else set()
    return check.word == "clean" or (check.word == "warns" and warned <= known)


def unexplained(found: Sequence[Disagreement]) -> list[Disagreement]:
    return [each for each in found if not any(row.explains(each) for row in rows())]


def unneeded(framework: str, found: Sequence[Disagreement], *, sweep: bool = False) -> list[Row]:
    """Rows that explain nothing of what was found."""
    own = [row for row in rows() if row.framework == framework and (sweep or not row.sweep)]
    return [row for row in own if not any(row.explains(each) for each in found)]
