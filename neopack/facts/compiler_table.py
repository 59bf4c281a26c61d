"""The operators that compilers convert, by release: ``tvm_operators.toml``, ``tvm_limits.toml``
and ``neuron_operators.toml``, which scripts write, and ``tvm.toml``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from neopack import versions
from neopack.facts.rows import facts_file

__all__ = [
    "CompilerRelease",
    "compiler_frameworks",
    "compiler_limits",
    "compiler_operators",
    "compiler_releases",
    "compilers",
    "converts",
    "tvm_canonical",
    "tvm_importer",
    "tvm_instead",
    "tvm_later",
    "tvm_of_neo",
    "tvm_said",
]

_FILES = {"tvm": "tvm_operators", "neuron": "neuron_operators"}
_LIMITS = "tvm_limits"


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilerRelease:
    """A release of a compiler, with the place that its operators were read from. ``in_place``
    says that it takes ``relu_`` where it has ``relu``."""

    name: str
    source: str
    commit: str
    date: str
    in_place: bool


def compilers() -> tuple[str, ...]:
    return tuple(_FILES)


@cache
def compiler_releases(compiler: str = "tvm") -> tuple[CompilerRelease, ...]:
    """Return the releases of a compiler, oldest first."""
    return tuple(
        CompilerRelease(
            name=name,
            source=row.text("source"),
            commit=row.text("commit"),
            date=row.text("date"),
            in_place=row.flag("in_place", False),
        )
        for name, row in facts_file(_FILES[compiler]).named_tables("release")
    )


def compiler_frameworks(compiler: str = "tvm") -> tuple[str, ...]:
    """Return the frameworks whose operators the tables of a compiler have."""
    return tuple(name for name in facts_file(_FILES[compiler]) if name != "release")


@cache
def compiler_operators(
    framework: str, release: str, compiler: str = "tvm"
) -> Mapping[str, tuple[int, ...]]:
    """Return the operators of a framework that a release converts, each with the opsets for which
    it has code of its own; empty if it does not read models of the framework."""
    rows = _rows(_FILES[compiler], framework).get(release, frozenset())
    words = (row.partition("\t")[0].split() for row in sorted(rows))
    return {name: tuple(int(opset) for opset in opsets) for name, *opsets in words}


@cache
def compiler_limits(
    framework: str, release: str, compiler: str = "tvm"
) -> Mapping[str, tuple[str, ...]]:
    """Return the conditions on operators that a release converts: what TVM raises about them, and
    what the pages of Neuron say."""
    file = _LIMITS if compiler == "tvm" else _FILES[compiler]
    limits: dict[str, tuple[str, ...]] = {}
    for row in sorted(_rows(file, framework).get(release, ())):
        name, tab, text = row.partition("\t")
        if tab:
            limits[name] = (*limits.get(name, ()), text)
    return limits


@cache
def _rows(file: str, framework: str) -> Mapping[str, frozenset[str]]:
    """The rows of each release, oldest first."""
    if framework not in facts_file(file):
        return {}
    changes, rows = facts_file(file).table(framework), frozenset[str]()
    by_release = {}
    releases = facts_file("tvm_operators" if file == _LIMITS else file).table("release")
    for release in releases:
        if framework not in (releases.table(release).texts("frameworks") or (framework,)):
            continue
        if release in changes:
            changed = changes.table(release)
            gone, new = (changed.text(key, "").splitlines() for key in ("gone", "new"))
            rows = rows - set(gone) | set(new)
        by_release[release] = rows
    return by_release


def converts(
    framework: str, operator: str, release: CompilerRelease, compiler: str = "tvm"
) -> bool:
    """Whether a release converts an operator, or the one that it is the in-place form of."""
    known = compiler_operators(framework, release.name, compiler)
    in_place = release.in_place and framework == "PYTORCH" and operator.endswith("_")
    return operator in known or (in_place and operator[:-1] in known)


@cache
def tvm_of_neo() -> tuple[CompilerRelease, ...]:
    """Return the releases of TVM from the time when Neo's public loader was written."""
    names = facts_file("tvm").texts("of_neo")
    return tuple(release for release in compiler_releases() if release.name in names)


@cache
def tvm_later() -> tuple[CompilerRelease, ...]:
    """Return the releases after those, which Neo may have and may not have."""
    names = facts_file("tvm").texts("later")
    return tuple(release for release in compiler_releases() if release.name in names)


def tvm_importer(framework: str, version: str) -> str:
    """Return the importer of TVM for a framework: TensorFlow 2 has one of its own."""
    newer = framework == "TENSORFLOW" and versions.at_least(version, "2")
    return "TENSORFLOW2" if newer else framework


@cache
def tvm_canonical(framework: str) -> Mapping[str, str]:
    """Return the names that the framework itself replaces when it loads a model."""
    names = facts_file("tvm").table("canonical")
    return names.words(framework) if framework in names else {}


def tvm_said(framework: str) -> str:
    """Return Neo's sentence about operators that TVM does not convert, with ``{operators}``."""
    return facts_file("tvm").words("said").get(framework, "")


def tvm_instead(framework: str, operator: str) -> str:
    """Return what to write instead of an operator that TVM does not convert, or ""."""
    hints = facts_file("tvm").table("instead")
    words = hints.words(framework) if framework in hints else {}
    return words.get(operator, words.get(operator.removesuffix("_"), ""))
