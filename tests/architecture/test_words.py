"""Messages, docstrings, help and docs are in plain American English: some phrases are refused.

Each phrase was once common in this repository, and readers had to translate it. "There is no" and
"is no longer" are fine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
COMPARISONS = "longer|more|less|larger|smaller|greater|fewer|higher|lower|newer|older"
REFUSED = re.compile(
    rf"(?<!there )\b(?:is|are|was|were) no\b(?! (?:{COMPARISONS})\b)"  # "is not a"
    r"|\b(?:has|have) not (?:a|an|the|any|its|their)\b"  # "lacks"
    r"|\b(?:that|which|what|it) (?:is|are) none\b"  # "if there is none", "if it is another"
    r"|\bwhoever\b"
    r"|\btold (?:by|from) (?:its|their|the) (?:bytes|files)\b"  # "recognized by its contents"
    r"|\bis no one's\b"
    r"|\bby their bytes\b"
    r"|\bmade anew\b"
    r"|\bspelt\b"
    r"|\b\w*(?:recogni|normali|quanti|optimi|initiali|hybridi|seriali|finali)s(?:e[ds]?|ing|ation)\b"
    r"|\b(?:colour|behaviour|neighbour|favour)\w*",
    re.IGNORECASE,
)
# AWS's and the public loader's own texts, and the sources that quote them
QUOTED = re.compile(r"^(?:said_by_neo|said|source) = ", re.MULTILINE)
# file names and words of others
ALLOWED = ("quantised.onnx",)
# not CHANGELOG.md, whose entries stay as they were written
CODE = ("neopack", "tools", "benchmarks", "docs", "templates")
TEXTS = ("README.md", "CONTRIBUTING.md", "docs", "templates", "fixtures/README.md")


def strings(path: Path) -> Iterator[tuple[int, str]]:
    """The strings of a module, including docstrings and the text of f-strings."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.lineno, node.value


def paragraphs(path: Path) -> Iterator[tuple[int, str]]:
    """The paragraphs of a page or table, each as one line, without quotations."""
    first, paragraph = 1, list[str]()
    for number, line in enumerate([*path.read_text("utf-8").splitlines(), ""], 1):
        if line.strip() and not QUOTED.match(line):
            paragraph.append(line)
        else:
            yield first, " ".join(paragraph)
            first, paragraph = number + 1, []


def pages() -> Iterator[Path]:
    for place in TEXTS:
        path = ROOT / place
        yield from path.rglob("*.md") if path.is_dir() else [path]


def refused(path: Path) -> Iterator[str]:
    shown = path.relative_to(ROOT)
    for number, text in strings(path) if path.suffix == ".py" else paragraphs(path):
        for match in REFUSED.finditer(" ".join(text.split())):
            if not match.string.startswith(ALLOWED, match.start()):
                yield f"{shown}:{number}: {match.group()}"


def modules() -> Iterator[Path]:
    for place in CODE:
        yield from (ROOT / place).rglob("*.py")


def test_messages_docstrings_and_help() -> None:
    assert not [line for path in sorted(modules()) for line in refused(path)]


def test_pages() -> None:
    assert not [line for path in sorted(pages()) for line in refused(path)]


def test_facts() -> None:
    facts = sorted((ROOT / "neopack/facts").glob("*.toml"))
    assert not [line for path in facts for line in refused(path)]


def test_the_phrases() -> None:
    for text in ("is no JSON", "Has not a signature", "what is none", "recognised", "a colour"):
        assert REFUSED.search(text), text
    for text in ("there is no image", "is no longer written", "is not JSON", "none of them"):
        assert not REFUSED.search(text), text
