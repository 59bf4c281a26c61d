"""Write ``neopack/facts/neuron_operators.toml``: what runs on Inferentia, by release of
torch-neuron and neuron-cc, from the pages of the Neuron SDK. Run it by hand:

    python tools/list_neuron_operators.py NEURON_SDK

where the argument is a clone of aws-neuron/aws-neuron-sdk.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from neopack import facts

FOLDER = "release-notes/archive/neuron-cc/neuron-cc-ops"
HEAD = """\
# The operators that Neuron runs on Inferentia, by the first release that lists them; "gone" are
# those that a release takes back. A row is a name, then a condition where the page has one. The
# date of a release is the one on its page, or that of the commit that lists it first.
# Written by tools/list_neuron_operators.py.
"""
# the page of each framework, and what its releases are of
PAGES = {
    "PYTORCH": ("neuron-cc-ops-pytorch.rst", "torch-neuron"),
    "TENSORFLOW": ("neuron-cc-ops-tensorflow.rst", "neuron-cc"),
    "MXNET": ("neuron-cc-ops-mxnet.rst", "neuron-cc"),
    "XLA": ("neuron-cc-ops-xla.rst", "neuron-cc"),
}
HEADING = re.compile(
    r"[Rr]elease \[(?:package version 1\.\*\.\*\.)?([\d.]+)[^\]]*\]\n[=~^-]{9,}\n"
)
DATE = re.compile(r"^Date: (\d\d)/(\d\d)/(\d{4})$", re.MULTILINE)
BULLET = re.compile(
    r"^ *[-*] +``((?:aten|prim)::\w+)``(?: *[:-] +(.+(?:\n {5,}\S.*)*))?", re.MULTILINE
)
LITERAL = re.compile(r"::\n\n((?:[ \t]+\w+\n|\n)+)")
INLINE = re.compile(r"^(Added|Removed)((?:,? ``\w+``)+)", re.MULTILINE)
REMOVED = re.compile(r"^Remove support for operators:\n\n((?:- .*\n|\n| {2,}.*\n)+)", re.MULTILINE)
CELL = re.compile(r"^\| (\w+) +\| (.*?) *\|\n((?:\|  +\| .*\|\n)*)", re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """``added`` are rows: a name, or a name and a condition after a tab. ``removed`` are names."""

    name: str
    framework: str
    commit: str
    date: str
    added: frozenset[str]
    removed: frozenset[str] = frozenset()


def main(clone: str) -> None:
    releases = [release for framework in PAGES for release in _releases(clone, framework)]
    path = Path(facts.__file__).parent / "neuron_operators.toml"
    path.write_text(HEAD + "\n" + "".join(_text(releases)), "utf-8")


def _releases(clone: str, framework: str) -> Iterator[Release]:
    """The releases of a page, oldest first."""
    page, product = PAGES[framework]
    text = _git(clone, "show", f"HEAD:{FOLDER}/{page}") + "\n"
    if framework == "XLA":
        commit, date = _first(clone, page, "Supported XLA Operators")
        rows = frozenset(_cells(text))
        yield Release(name="xla", framework=framework, commit=commit, date=date, added=rows)
        return
    parts = HEADING.split(text)[1:]
    for version, body in reversed(list(zip(parts[::2], parts[1::2], strict=True))):
        commit, date = _first(clone, page, f"[{version}]", f"{version},")
        told = DATE.search(body)
        yield Release(
            name=f"{product} {version}",
            framework=framework,
            commit=commit,
            date=f"{told[3]}-{told[1]}-{told[2]}" if told else date,
            added=frozenset(_added(body)),
            removed=frozenset(_removed(body)),
        )


def _removed(body: str) -> Iterator[str]:
    for block in REMOVED.findall(body):
        yield from (name for name, _ in BULLET.findall(block))
    yield from _inline(body, "Removed")


def _added(body: str) -> Iterator[str]:
    for name, condition in BULLET.findall(REMOVED.sub("", body)):
        yield f"{name}\t{' '.join(condition.split())}".strip()
    for block in LITERAL.findall(body):
        yield from block.split()
    yield from _inline(body, "Added")


def _inline(body: str, verb: str) -> Iterator[str]:
    for word, names in INLINE.findall(body):
        if word == verb:
            yield from re.findall(r"``(\w+)``", names)


def _cells(text: str) -> Iterator[str]:
    for name, note, more in CELL.findall(text):
        rest = " ".join(line.strip("| ") for line in more.splitlines())
        yield f"{name}\t{note} {rest}".strip()


def _first(clone: str, page: str, *words: str) -> tuple[str, str]:
    """The commit and the date at which a page first had one of these words."""
    pages = f"*{page.removesuffix('.rst')}.*"
    log = ("log", "--reverse", "--format=%H %cs")
    found = (_git(clone, *log, f"-S{word}", "--", pages, f"*/{pages}") for word in words)
    commit, date = min(
        (text.splitlines()[0].split() for text in found if text), key=lambda p: p[1]
    )
    return commit, date


def _git(clone: str, *words: str) -> str:
    command = ["git", "-C", clone, *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def _text(releases: list[Release]) -> Iterator[str]:
    for name in dict.fromkeys(release.name for release in sorted(releases, key=_order)):
        own = [each for each in releases if each.name == name]
        frameworks = ", ".join(f'"{each.framework}"' for each in own)
        release = min(own, key=lambda each: each.date)
        yield f'[release."{name}"]\nsource = "aws-neuron/aws-neuron-sdk, {FOLDER}"\n'
        yield f"frameworks = [{frameworks}]\n"
        yield f'commit = "{release.commit}"\ndate = "{release.date}"\n\n'
    known: dict[tuple[str, str], str] = {}
    for release in releases:
        changes = {"new": release.added, "gone": release.removed}
        if any(changes.values()):
            yield f'[{release.framework}."{release.name}"]\n'
            yield from _rows(changes, known, release.framework)


def _rows(
    changes: dict[str, frozenset[str]], known: dict[tuple[str, str], str], framework: str
) -> Iterator[str]:
    """Rows under "new" and "gone"; one whose condition changes is under both."""
    new, gone = set[str](), set[str]()
    for name in changes["gone"]:
        gone.add(known.pop((framework, name)))
    for row in sorted(changes["new"]):
        before = known.get((framework, row.partition("\t")[0]))
        if before != row:
            new.add(row)
            gone |= {before} if before is not None else set()
        known[framework, row.partition("\t")[0]] = row
    for key, rows in (("new", new), ("gone", gone)):
        if rows:
            lines = "".join(f"{row}\n" for row in sorted(rows))
            yield f"{key} = '''\n{lines}'''\n"
    yield "\n"


def _order(release: Release) -> tuple[str, list[int]]:
    product, _, version = release.name.partition(" ")
    return product, [int(part) for part in version.split(".") if part]


if __name__ == "__main__":
    main(*sys.argv[1:])
