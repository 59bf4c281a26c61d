"""The catalogue's answers as plain text, 80 columns wide."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from neopack.facts import Option
from neopack.reports.wrapping import wrap
from neopack.support import (
    BatchRow,
    ChangesAnswer,
    EdgeAnswer,
    EdgeRow,
    ElasticAnswer,
    Image,
    ListedVersions,
    MatrixAnswer,
    ParallelAnswer,
    TargetEntry,
    TargetsAnswer,
    TrainingAnswer,
)
from neopack.support.matrix import wording
from neopack.support.names import Reading

__all__ = [
    "changes_text",
    "columns",
    "echo",
    "edge_text",
    "elastic_text",
    "field",
    "image_text",
    "matrix_text",
    "parallel_text",
    "sources",
    "targets_text",
    "training_text",
    "wrapped",
]

WIDTH = 80
LABEL = 16
LONG_NAME = 22


def targets_text(answer: TargetsAnswer, *, detailed: bool, framework: bool) -> str:
    """A target with all its rows, or a line for each target."""
    lines = [*echo(answer.readings)]
    if detailed:
        lines += [line for entry in answer.targets for line in _entry(entry)]
        return "\n".join(lines)
    head = ("target", "class", "accelerator", "versions" if framework else "frameworks")
    rows = [_target_row(entry, framework=framework) for entry in answer.targets]
    lines += [f"support table as of {answer.as_of}", *columns([head, *rows])]
    return "\n".join([*lines, *sources(f.source for e in answer.targets for f in e.frameworks)])


def _target_row(entry: TargetEntry, *, framework: bool) -> tuple[str, ...]:
    names = ", ".join(f.framework for f in entry.frameworks)
    rules = "; ".join(f.rule for f in entry.frameworks) if framework else names
    state = "retired" if entry.retired else "" if entry.documented else "in no page"
    last = f"{rules} ({state})" if state else rules
    return (entry.name, entry.kind, entry.accelerator, last.strip())


def _entry(entry: TargetEntry) -> Iterator[str]:
    built = " ".join(word for word in (entry.os, entry.arch, entry.accelerator) if word)
    yield f"{entry.name}  {entry.kind}{', ' if built else ''}{built}"
    yield from field("retired", entry.retired)
    for notice in entry.notices:
        yield from field("notice", notice.line)
    yield from field("documented", "" if entry.documented else "no: only the API has it")
    yield from field("regions", ", ".join(entry.regions) or "no limit known")
    yield from field("instances", ", ".join(entry.instances))
    yield from field("accelerators", ", ".join(entry.accelerator_types))
    if entry.device is not None:
        cells = (entry.device.soc, entry.device.os, entry.device.arch, entry.device.accelerator)
        yield from field("page says", ", ".join(cell for cell in cells if cell))
        yield from field("options shown", _json(entry.device.options_shown))
        yield from field("note", entry.device.note)
    yield from field("source", entry.source)
    for row in entry.frameworks:
        yield from _listed(row)
    if not entry.frameworks:
        yield "  no page lists a framework for it"


def _listed(row: ListedVersions) -> Iterator[str]:
    yield f"{row.framework}  {row.rule}"
    yield from field("table of", row.as_of if row.tabulated else f"{row.as_of}, by its containers")
    yield from field("the same since", row.since if row.since != row.as_of else "")
    yield from field("compiled with", ", ".join(row.compiled_with))
    yield from field("compiler path", row.path)
    yield from field("archive", row.formats)
    yield from field("models", ", ".join(row.models))
    yield from field("toolkits", ", ".join(row.toolkits))
    yield from field("options", "; ".join(map(_option, row.options)))
    yield from field("options as", row.options_form)
    yield from field("required", ", ".join(row.options_required))
    yield from field("image", f"{row.image} {', '.join(row.image_versions)}".strip())
    yield from field("note", row.note)
    yield from field("source", row.source)


def _option(option: Option) -> str:
    values = ", ".join(option.values)
    return f"{option.key} ({values})" if values else option.key


def matrix_text(answer: MatrixAnswer) -> str:
    head = ("class", "framework", "table of", "versions")
    rows = [(r.target_class, r.framework, r.as_of, wording(r)) for r in answer.rows]
    body = columns([head, *rows]) if rows else ["no page lists it"]
    told = sources(row.source for row in answer.rows)
    return "\n".join([*echo(answer.readings), *body, *told])


def changes_text(answer: ChangesAnswer) -> str:
    if not answer.changes:
        return f"nothing moved from {answer.first} to {answer.last}"
    lines: list[str] = []
    for date in dict.fromkeys(change.date for change in answer.changes):
        moved = [change for change in answer.changes if change.date == date]
        lines.append(date)
        for c in moved:
            told = c.what or f"{c.before} -> {c.after}"
            lines += wrapped(f"  {c.target_class:<12}{c.framework:<12}", told)
    return "\n".join([*lines, *sources(change.source for change in answer.changes)])


def edge_text(answer: EdgeAnswer) -> str:
    lines = [*echo(answer.readings)]
    for section in dict.fromkeys(row.section for row in answer.rows):
        own = [row for row in answer.rows if row.section == section]
        lines += columns([(section, "tested on"), *map(_tested, own)])
    notes = [note for note in dict.fromkeys(row.note for row in answer.rows) if note]
    lines.append("tested by AWS; the page does not list everything that compiles")
    return "\n".join([*lines, *_items(notes), *sources([answer.source])])


def _tested(row: EdgeRow) -> tuple[str, str]:
    return (row.model, ", ".join(row.chips) or "no cross on the page")


def elastic_text(answer: ElasticAnswer) -> str:
    head = ("accelerator", "TFLOPS F32", "F16", "memory", "Neo", "")
    rows = [
        (
            row.type,
            str(row.tflops_f32),
            str(row.tflops_f16),
            f"{row.memory_gb} GB",
            "yes" if row.from_neo else "no",
            "begin with this one" if row.type == answer.smallest else "",
        )
        for row in answer.accelerators
    ]
    lines = [*columns([head, *rows])]
    if answer.model_bytes is not None:
        lines.append(f"the model has {answer.model_bytes:,} bytes; running it can take much more")
    lines += ["frameworks", *(x for k, v in answer.frameworks.items() for x in field(k, v))]
    lines += field("algorithms", ", ".join(answer.algorithms))
    lines += ["rules", *_items(answer.rules), "status", *_items(answer.status)]
    return "\n".join([*lines, *field("instead", answer.replacement), *sources([answer.source])])


def parallel_text(answer: ParallelAnswer) -> str:
    """Addresses are for copying: they stay in one piece, however long."""
    lines = [*echo(answer.readings)]
    head = ("framework", "version", "library", "wheel", "")
    rows = [
        (r.framework, r.version, r.library, "yes" if r.wheel else "no", r.note)
        for r in answer.releases
    ]
    lines += columns([head, *rows])
    for row in answer.releases:
        lines += [f"image for {row.framework} {row.version}", f"  {row.uri or row.image}"]
        lines += [f"wheel for {row.framework} {row.version}", f"  {row.wheel}"] * bool(row.wheel)
    if answer.allowed is not None:
        runs = "runs" if answer.allowed else "does not run"
        lines.append(f"the library {runs} on {answer.instance}")
    lines += field("instances", ", ".join(answer.instances))
    return "\n".join([*lines, *_items(answer.notes), *sources([answer.source])])


def training_text(answer: TrainingAnswer) -> str:
    lines = [*echo(answer.readings)]
    if not answer.exact:
        what = f"no such row; nearest: {', '.join(answer.differs)}" if answer.rows else "no rows"
        lines += wrapped("", what)
    for release in dict.fromkeys((row.release, row.scope) for row in answer.rows):
        own = [row for row in answer.rows if (row.release, row.scope) == release]
        lines += [": ".join(part for part in release if part), *_batches(own)]
    if any(row.smaller for row in answer.rows):
        lines.append("! the compiler needs a smaller batch than the framework alone")
    lines.append("batch sizes per GPU; an empty cell is empty on the page")
    return "\n".join([*lines, *sources([answer.source])])


def _batches(rows: Sequence[BatchRow]) -> list[str]:
    """A table; the numbers of a model with a long name stand under it."""
    head = ("model", "instance", "precision", "length", "native", "compiled", "")
    lines = columns([head, *map(_batch, rows)])
    told = [lines[0]]
    for row, line in zip(rows, lines[1:], strict=True):
        told += [line] if len(row.model) <= LONG_NAME else [row.model, line]
    return told


def _batch(row: BatchRow) -> tuple[str, ...]:
    return (
        row.model if len(row.model) <= LONG_NAME else "",
        row.instance,
        row.precision,
        "" if row.sequence_length is None else str(row.sequence_length),
        "" if row.batch_native is None else str(row.batch_native),
        str(row.batch_compiled),
        "!" if row.smaller else "",
    )


def image_text(answer: Image) -> str:
    lines = [*echo(answer.readings), answer.uri]
    lines += field("account", f"{answer.account} in {answer.region}")
    lines += field("family", answer.family)
    lines += field("serves", f"{answer.framework} {answer.version or answer.served_by}")
    if answer.sdk_uri != answer.uri:
        lines += ["  the SageMaker SDK writes it as", f"  {answer.sdk_uri}"]
    for remark in answer.remarks:
        lines += field("note", remark)
    return "\n".join([*lines, *sources([answer.source])])


# --- lines ----------------------------------------------------------------------------------


def columns(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns two spaces apart; the last one wraps at 80."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    lines: list[str] = []
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        lines += wrapped("  ".join([*cells, ""]), row[-1])
    return lines


def field(label: str, text: str) -> list[str]:
    """An indented line with a label; nothing for an empty text."""
    return wrapped(f"  {label:<{LABEL - 2}} ", text) if text else []


def _items(texts: Sequence[str]) -> list[str]:
    return [line for text in texts for line in wrapped("  - ", text)]


def echo(readings: Sequence[Reading]) -> list[str]:
    return [f"{reading.given} is read as {reading.read_as}" for reading in readings]


def sources(texts: Iterator[str] | Sequence[str]) -> list[str]:
    return [line for text in dict.fromkeys(texts) for line in wrapped("source: ", text)]


def wrapped(label: str, text: str) -> list[str]:
    return wrap(label, text, WIDTH)


def _json(value: object) -> str:
    if not isinstance(value, Mapping):
        return ""
    import json

    return json.dumps(value)
