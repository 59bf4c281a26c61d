"""Write ``neopack/facts/tvm_operators.toml`` and ``tvm_limits.toml``: what each importer of TVM
converts, and what its source says that it does not take, by release.

Reads the importers' source out of two Git repositories and never imports it. Run it by hand:

    python tools/list_tvm_operators.py APACHE_TVM NEO_TVM

where the arguments are clones of apache/tvm and neo-ai/tvm.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tvm_source import Module, opsets_of, raised_by, strings, table_of

from neopack import facts

FOLDER = Path(facts.__file__).parent
FRONTEND = "python/tvm/relay/frontend"
OPERATORS_HEAD = """\
# The operators that TVM's Relay importers convert, by the first listed release that has them;
# "gone" are those that a release no longer has. A row is a name; for ONNX, the opsets for which
# the importer has code of its own follow. TENSORFLOW2 is the importer for graphs of TensorFlow 2.
# Written by tools/list_tvm_operators.py from the source of the importers.
"""
LIMITS_HEAD = """\
# What TVM's Relay importers raise about an operator that they convert: attributes, dtypes and
# shapes that they do not take, in their own words, {} where the importer fills in a value.
# The releases and the rows are as in tvm_operators.toml: a name, a tab and the text.
# Written by tools/list_tvm_operators.py from the source of the importers.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """A release of TVM, or of Neo's fork of it, oldest first in ``RELEASES``."""

    name: str
    repository: str
    ref: str


RELEASES = (
    Release(name="0.6", repository="apache/tvm", ref="refs/tags/v0.6.1"),
    Release(name="0.7", repository="apache/tvm", ref="refs/tags/v0.7.0"),
    Release(name="neo-1.7.0", repository="neo-ai/tvm", ref="origin/release-1.7.0"),
    Release(name="neo-1.8.0", repository="neo-ai/tvm", ref="origin/release-1.8.0-rc"),
    Release(name="0.8", repository="apache/tvm", ref="refs/tags/v0.8.0"),
    Release(name="0.9", repository="apache/tvm", ref="refs/tags/v0.9.0"),
    Release(name="0.10", repository="apache/tvm", ref="refs/tags/v0.10.0"),
    Release(name="0.16", repository="apache/tvm", ref="refs/tags/v0.16.0"),
)
# the files of an importer, and the names of the tables of operators in them
IMPORTERS: Mapping[str, tuple[tuple[str, ...], frozenset[str]]] = {
    "PYTORCH": (("pytorch", "qnn_torch"), frozenset({"convert_map", "known_ops"})),
    "ONNX": (("onnx",), frozenset({"_get_convert_map"})),
    "KERAS": (("keras",), frozenset({"_convert_map"})),
    "MXNET": (("mxnet", "mxnet_qnn_op_utils"), frozenset({"_convert_map", "_identity_list"})),
    "TENSORFLOW": (
        ("tensorflow", "tensorflow_ops"),
        frozenset({"_convert_map", "_control_flow_nodes", "_parse_import_prerequisites"}),
    ),
    "TENSORFLOW2": (
        ("tensorflow2", "tensorflow2_ops", "tensorflow_ops"),
        frozenset({"_convert_map", "_convert_operator", "_get_relay_func"}),
    ),
    "TFLITE": (("tflite",), frozenset({"convert_map"})),
    "DARKNET": (("darknet",), frozenset({"_DARKNET_CONVERT_MAP"})),
}
# an importer is there from the release on in which this file of it is
MARKS = {"TENSORFLOW2": "tensorflow2"}
# the converter of what an importer names and does not convert
REFUSED = "_darknet_not_support"


def main(apache: str, neo: str) -> None:
    clones = {"apache/tvm": apache, "neo-ai/tvm": neo}
    heads, rows, limits = [], {}, {}
    for release in RELEASES:
        clone = clones[release.repository]
        heads.append(_head(clone, release))
        for importer in IMPORTERS:
            module = _module(clone, release, importer)
            table = _table(module, importer) if module else {}
            rows[importer, release.name] = set(_rows(module, importer, table))
            limits[importer, release.name] = set(_limits(module, table))
    text = f"{OPERATORS_HEAD}\n{''.join(heads)}{''.join(_history(rows))}"
    (FOLDER / "tvm_operators.toml").write_text(text, "utf-8")
    (FOLDER / "tvm_limits.toml").write_text(LIMITS_HEAD + "".join(_history(limits)), "utf-8")


def _head(clone: str, release: Release) -> str:
    commit, date = _git(clone, "log", "-1", "--format=%H %cs", release.ref).split()
    tag = release.ref.rpartition("/")[2]
    suffix = 'endswith("_")' in _source(clone, release, "pytorch")
    return (
        f'[release."{release.name}"]\n'
        f'source = "{release.repository} {tag}, {FRONTEND}"\n'
        f'commit = "{commit}"\ndate = "{date}"\n'
        f"in_place = {str(suffix).lower()}\n\n"
    )


def _module(clone: str, release: Release, importer: str) -> Module | None:
    """The source of an importer, or None where the release has none."""
    files = IMPORTERS[importer][0]
    texts = [_source(clone, release, file) for file in files]
    if not texts[files.index(MARKS.get(importer, files[0]))]:
        return None
    return Module([ast.parse(text) for text in texts if text])


def _source(clone: str, release: Release, file: str) -> str:
    path = f"{FRONTEND}/{file}.py"
    if not _git(clone, "ls-tree", release.ref, path):
        return ""
    return _git(clone, "show", f"{release.ref}:{path}")


def _git(clone: str, *words: str) -> str:
    command = ["git", "-C", clone, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _table(module: Module, importer: str) -> dict[str, ast.expr | None]:
    """The operators of an importer, each with the expression of its converter where it has one."""
    names = IMPORTERS[importer][1]
    table: dict[str, ast.expr | None] = {}
    for node in module.walk():
        table |= table_of(node, names)
        if isinstance(node, ast.FunctionDef) and node.name in names:
            table |= dict.fromkeys(_compared(node))
    return {name: value for name, value in table.items() if REFUSED not in _names(value)}


def _compared(function: ast.FunctionDef) -> Iterator[str]:
    """The words that a function compares with: ``node.op == "Placeholder"``."""
    for node in ast.walk(function):
        if isinstance(node, ast.Compare):
            for side in node.comparators:
                yield from strings(side)


def _names(value: ast.expr | None) -> set[str]:
    return {n.id for n in ast.walk(value) if isinstance(n, ast.Name)} if value else set()


def _rows(
    module: Module | None, importer: str, table: Mapping[str, ast.expr | None]
) -> Iterator[str]:
    for name, value in table.items():
        opsets = opsets_of(module, value) if module and importer == "ONNX" else ()
        yield " ".join([name, *map(str, opsets)])


def _limits(module: Module | None, table: Mapping[str, ast.expr | None]) -> Iterator[str]:
    for name, value in table.items():
        for text in raised_by(module, value) if module and value else ():
            yield f"{name}\t{text}"


def _history(rows: Mapping[tuple[str, str], Iterable[str]]) -> Iterator[str]:
    for importer in IMPORTERS:
        before: set[str] = set()
        for release in RELEASES:
            now = set(rows[importer, release.name])
            if now == before:
                continue
            yield f'[{importer}."{release.name}"]\n'
            for key, changed in (("new", now - before), ("gone", before - now)):
                if changed:
                    lines = "".join(f"{row}\n" for row in sorted(changed))
                    yield f"{key} = '''\n{lines}'''\n"
            yield "\n"
            before = now


if __name__ == "__main__":
    main(*sys.argv[1:])
