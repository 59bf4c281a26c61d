"""The operators that the compilers behind Neo convert, by framework and release."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from neopack import facts
from neopack.errors import Unsupported, UsageError
from neopack.facts.compiler_table import (
    CompilerRelease,
    compiler_frameworks,
    compiler_limits,
    compiler_operators,
    compiler_releases,
    compilers,
    converts,
    tvm_instead,
)
from neopack.support.names import Reading, framework_of, readings

__all__ = ["OperatorCount", "OperatorRow", "OperatorsAnswer", "UnknownOperator", "operators"]

_COMPILER = re.compile(
    r"(?P<name>[a-z][a-z-]*?)[\s=@:_-]*(?P<release>(?:neo-)?\d[\w.]*)?", re.IGNORECASE
)
TF2 = "TENSORFLOW2"


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorRow:
    """An operator of a framework. ``releases`` are those that convert it, ``opsets`` those of ONNX
    for which the newest of them has code of its own, ``limits`` what that one raises about it."""

    framework: str
    operator: str
    releases: tuple[str, ...]
    opsets: tuple[int, ...]
    limits: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorCount:
    """How many operators of a framework each release converts, in the order of the releases."""

    framework: str
    operators: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownOperator:
    """A name that no release in the tables converts, the nearest one that some release does, and
    what to write instead where that is known."""

    operator: str
    nearest: str
    instead: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorsAnswer:
    """``rows`` are the operators that were named, or all of a framework, ``counts`` is for
    neither. ``unknown`` are the names that no table has."""

    compiler: str
    releases: tuple[CompilerRelease, ...]
    rows: tuple[OperatorRow, ...]
    counts: tuple[OperatorCount, ...]
    unknown: tuple[UnknownOperator, ...]
    readings: tuple[Reading, ...]


def operators(
    names: Sequence[str] = (), *, framework: str = "", compiler: str = "tvm"
) -> OperatorsAnswer:
    """Return the operators that a compiler converts, of one release or of all in the tables.

    Names may be in any case and without ``aten::``. Raises ``UsageError`` for a compiler or a
    release that is in no table, and ``Unsupported`` where the compiler reads no models of the
    framework.
    """
    name, releases = _compiler_of(compiler)
    frameworks, reading = _frameworks_of(framework, name)
    known = {of: _known(of, name) for of in frameworks}
    releases = tuple(r for r in releases if _reads(r, frameworks, name)) or releases
    rows: list[OperatorRow] = []
    for of in frameworks if names or framework else ():
        chosen = [row for word in names for row in _spelled(word, known[of])] or known[of]
        if not names or chosen is not known[of]:
            rows += (_row(of, operator, releases, name) for operator in dict.fromkeys(chosen))
    return OperatorsAnswer(
        compiler=name,
        releases=releases,
        rows=tuple(row for row in rows if names or row.releases),
        counts=() if names or framework else tuple(_counts(frameworks, releases, name)),
        unknown=tuple(_unknown(word, known) for word in names if not _spelled_in(word, known)),
        readings=readings(reading),
    )


def _compiler_of(text: str) -> tuple[str, tuple[CompilerRelease, ...]]:
    """Read ``tvm``, ``tvm==0.8``, ``neuron`` or ``torch-neuron==2.9.0.0``."""
    match = _COMPILER.fullmatch(text.strip())
    name = match["name"].casefold() if match else text
    compiler = next((c for c in compilers() if name == c or name in _products(c)), "")
    if not compiler:
        every = [*compilers(), *(p for c in compilers() for p in _products(c))]
        hint = f"there are {', '.join(every)}"
        raise UsageError(f"{text!r} is not a compiler of the tables", hint=hint)
    releases = [r for r in compiler_releases(compiler) if name == compiler or _product(r) == name]
    version = match["release"] if match else None
    chosen = tuple(r for r in releases if not version or _same(r.name, version))
    if not chosen:
        every = [release.name for release in releases]
        raise UsageError(f"the tables lack {name} {version}", hint=f"they have {', '.join(every)}")
    return compiler, chosen


def _products(compiler: str) -> tuple[str, ...]:
    """What the releases of a compiler are of, where their names say so: ``torch-neuron 2.9``."""
    names = (_product(release) for release in compiler_releases(compiler))
    return tuple(name for name in dict.fromkeys(names) if name)


def _product(release: CompilerRelease) -> str:
    return release.name.rpartition(" ")[0]


def _same(listed: str, version: str) -> bool:
    """``0.8.0`` means ``0.8``."""
    name = listed.rpartition(" ")[2]
    return version.casefold() == name or version.startswith(f"{name}.")


def _reads(release: CompilerRelease, frameworks: Sequence[str], compiler: str) -> bool:
    return any(compiler_operators(of, release.name, compiler) for of in frameworks)


def _frameworks_of(text: str, compiler: str) -> tuple[tuple[str, ...], tuple[str, str]]:
    every = compiler_frameworks(compiler)
    if not text:
        return every, ("", "")
    query = framework_of(text, also=("tensorflow2",))
    name = query.framework.upper()
    newer = name == "TENSORFLOW" and query.version.startswith("2") and TF2 in every
    name = TF2 if newer else name
    if name not in every:
        hint = f"the tables have {', '.join(every)}"
        raise Unsupported(f"{compiler} does not read {name} models", hint=hint)
    return (name,), (text, name)


def _known(framework: str, compiler: str) -> list[str]:
    """The operators of a framework that any release converts."""
    tables = [compiler_operators(framework, r.name, compiler) for r in compiler_releases(compiler)]
    names = {name for table in tables for name in table}
    return sorted(names, key=lambda name: (name.casefold(), name))


def _spelled(word: str, known: Sequence[str]) -> list[str]:
    """The operators of that name: as it is written, or else in any case and without ``aten::``."""
    return [name for name in known if name == word] or [
        name for name in known if _plain(name) == _plain(word)
    ]


def _plain(name: str) -> str:
    return name.casefold().removeprefix("aten::").removeprefix("torch.")


def _spelled_in(word: str, known: Mapping[str, Sequence[str]]) -> bool:
    return any(_spelled(word, names) for names in known.values())


def _unknown(word: str, known: Mapping[str, Sequence[str]]) -> UnknownOperator:
    plain = {_plain(name): name for names in known.values() for name in names}
    close = facts.nearest(_plain(word), plain)
    hints = (tvm_instead(of, form) for of in known for form in (word, f"aten::{word}"))
    return UnknownOperator(
        operator=word,
        nearest=plain[close] if close else "",
        instead=next(filter(None, hints), ""),
    )


def _row(
    framework: str, operator: str, releases: Sequence[CompilerRelease], compiler: str
) -> OperatorRow:
    having = [r for r in releases if converts(framework, operator, r, compiler)]
    newest = having[-1].name if having else ""
    limits = compiler_limits(framework, newest, compiler)
    return OperatorRow(
        framework=framework,
        operator=operator,
        releases=tuple(release.name for release in having),
        opsets=compiler_operators(framework, newest, compiler).get(operator, ()),
        limits=limits.get(operator, ()),
    )


def _counts(
    frameworks: Sequence[str], releases: Sequence[CompilerRelease], compiler: str
) -> Iterator[OperatorCount]:
    for framework in frameworks:
        tables = [compiler_operators(framework, r.name, compiler) for r in releases]
        yield OperatorCount(framework=framework, operators=tuple(map(len, tables)))
