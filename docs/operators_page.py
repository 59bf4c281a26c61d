"""The page of the operators that compilers convert, from ``neopack/facts``."""

from __future__ import annotations

from collections.abc import Iterator

from neopack.facts.compiler_table import (
    compiler_frameworks,
    compiler_limits,
    compiler_operators,
    compiler_releases,
    tvm_of_neo,
)

HEAD = """\
# Operators of the compilers

Which operators TVM's importers convert, by release. Neo compiles with TVM for edge devices and
platforms, and for ONNX, Keras and XGBoost everywhere. No page of AWS says with which release: its
public fork ends with 1.8.0 of January 2021, so that `neopack check` goes by {of_neo}. `python
docs/generate.py` writes this page from `neopack/facts`, which `tools/list_tvm_operators.py` writes
from the source of the importers. `neopack support operators` answers for one name or release.

TENSORFLOW2 is the importer for graphs of TensorFlow 2. From 0.9 on, the importer of PyTorch takes
the in-place form of an operator, such as `aten::relu_`, wherever it takes the operator.
"""


def operators_page() -> str:
    of_neo = ", ".join(release.name for release in tvm_of_neo())
    parts = [HEAD.format(of_neo=of_neo), *_sources()]
    for framework in compiler_frameworks():
        parts += [f"## {framework}\n", *_operators(framework), *_limits(framework)]
    return "\n".join(parts)


def _sources() -> Iterator[str]:
    lines = ["| Release | Source | Commit | Date |", "| --- | --- | --- | --- |"]
    lines += [
        f"| {release.name} | {release.source} | `{release.commit[:12]}` | {release.date} |"
        for release in compiler_releases()
    ]
    yield "\n".join(lines) + "\n"


def _operators(framework: str) -> Iterator[str]:
    """What each release has that the one before lacks, and the other way round."""
    before: set[str] = set()
    for release in compiler_releases():
        names = set(compiler_operators(framework, release.name))
        new, gone = _names(names - before), _names(before - names)
        verb = "adds" if before else "has"
        if new:
            yield f"**{release.name}** {verb} {new}.\n"
        if gone:
            yield f"**{release.name}** lacks {gone}.\n"
        before = names


def _names(names: set[str]) -> str:
    ordered = sorted(names, key=lambda name: (name.casefold(), name))
    return ", ".join(f"`{name}`" for name in ordered)


def _limits(framework: str) -> Iterator[str]:
    """What the newest release of Neo's time says about operators that it converts."""
    newest = tvm_of_neo()[-1].name
    limits = compiler_limits(framework, newest)
    if limits:
        lines = [f"| What {newest} raises | About |", "| --- | --- |"]
        about: dict[str, list[str]] = {}
        for name, texts in limits.items():
            for text in texts:
                about.setdefault(text, []).append(name)
        lines += [f"| {text} | {_names(set(names))} |" for text, names in about.items()]
        yield "\n".join(lines) + "\n"
