"""Write docs/rules.md from neopack/facts/errors.toml: ``python docs/generate.py``.

A test compares the page with what this would write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from neopack import facts
from neopack.facts import ErrorRow

PAGE = Path(__file__).with_name("rules.md")
FAMILIES = {
    "NEO-AR": "The archive",
    "NEO-DC": "DataInputConfig",
    "NEO-TG": "The target",
    "NEO-CO": "CompilerOptions",
    "NEO-HD": "The script that serves the compiled model",
    "NEO-PT": "PyTorch",
    "NEO-ON": "ONNX",
}
INTRODUCTION = """\
# Rules

Every rule that `neopack check` knows, with its cause, its fix and its source. This page is written
from `neopack/facts/errors.toml` by `python docs/generate.py`: change the data, not the page.

**Level.** *error*: the job will fail, or its result be wrong. *warning*: it may. *info*: worth
knowing. Where the level depends on the compiler that Neo uses for the target, each is named:
`tvm` (edge devices and platforms; ONNX, Keras and XGBoost everywhere), `integrated` (PyTorch,
MXNet and TensorFlow on cloud instances), `neuron` (Inferentia and Trainium), `eia`. AWS names
no such paths; the split is read off artifacts, error texts and Neo's open loader.

**Confidence.** *documented*: a page of AWS's or of the format's owner says so. *loader source*:
the Neo team's open loader does so; the service may have moved on. *observed*: from a report.
*inferred*: our conclusion.
"""


def page() -> str:
    """The whole page."""
    rows = [facts.error_row(id_) for id_ in facts.error_ids()]
    parts = [INTRODUCTION, *_contents(rows)]
    for family, title in FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_section(row) for row in rows if row.id.startswith(family)]
    return "\n".join(parts)


def _contents(rows: list[ErrorRow]) -> Iterator[str]:
    lines = ["| Rule | Level | What is wrong |", "|---|---|---|"]
    lines += [f"| [{row.id}](#{row.id.lower()}) | {_level(row)} | {row.title} |" for row in rows]
    yield "\n".join(lines) + "\n"


def _level(row: ErrorRow) -> str:
    by_path = dict(row.levels)
    elsewhere = by_path.pop("elsewhere")
    named = [f"{level} ({path})" for path, level in by_path.items()]
    return ", ".join([*named, f"{elsewhere} elsewhere"]) if named else elsewhere


def _section(row: ErrorRow) -> str:
    lines = [f"### {row.id}", "", f"**{row.title}** ({_level(row)})", "", _marked(row.cause), ""]
    lines.append(f"- Fix: {_marked(row.fix)}")
    if row.said_by_neo and not row.said_by_neo.startswith("{said}"):
        lines.append(f"- Neo's words: `{_places(row.said_by_neo)}`")
    lines.append(f"- Source: {row.source} ({row.date}); {row.confidence}")
    return "\n".join(lines) + "\n"


def _places(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", text)


def _marked(text: str) -> str:
    """Placeholders in italics, JSON as code, what Markdown would eat escaped."""
    text = re.sub(r"(?<!`)(\{\"[^ ]*\}+)", r"`\1`", text)
    text = re.sub(r"\{(\w+)\}", r"*\1*", text)
    return re.sub(r"(?<![`\w])__(\w+)__", r"\_\_\1\_\_", text)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
