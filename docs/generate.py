"""Write the pages that follow from the code: ``python docs/generate.py``.

rules.md from neopack/facts/errors.toml, exit-codes.md from neopack/errors.py, commands.md and a
page for each command from their own help, support-matrix.md from the catalogue, a list in
pytorch.md from the rewrites. A test compares the pages with what this would write.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import neopack
from neopack import errors, facts, support
from neopack.facts import ErrorRow, accounts, images
from neopack.facts.mending import mended_by
from neopack.frameworks.pytorch import lower
from neopack.support.matrix import wording

sys.path.insert(0, str(Path(__file__).parent))
from tree_page import tree_page

FOLDER = Path(__file__).parent
BEGIN, END = "<!-- rewrites -->", "<!-- end -->"
REWRITES = {
    "lacking": "Operators that old versions lack",
    "called_otherwise": "Operators that they have and do not take so",
}
# what the help is wrapped to, whatever terminal this runs in
WIDTH = 88
FAMILIES = {
    "NEO-AR": "The archive",
    "NEO-DC": "DataInputConfig",
    "NEO-TG": "The target",
    "NEO-CO": "CompilerOptions",
    "NEO-HD": "The script that serves the compiled model",
    "NEO-CA": "What a job returned",
    "NEO-TL": "TensorFlow Lite",
    "NEO-SK": "scikit-learn",
    "NEO-PT": "PyTorch",
    "NEO-ON": "ONNX",
    "NEO-XG": "XGBoost",
    "NEO-MX": "MXNet",
    "NEO-TF": "TensorFlow",
    "NEO-KR": "Keras",
}
MENDS = {
    "fix": "`neopack check --fix`",
    "package": "`neopack package`, which rewrites it or names what is in the way",
    "call": "what the job says beside the archive",
}
RULES = """\
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


def rules_page() -> str:
    rows = [facts.error_row(id_) for id_ in facts.error_ids()]
    parts = [RULES, *_contents(rows)]
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
    mends = [MENDS[mend] for mend in mended_by(row.id)]
    if mends:
        lines.append(f"- Mended by: {', '.join(mends)}")
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


# --- exit codes -----------------------------------------------------------------------------

EXIT_CODES = """\
# Exit codes

The same in every command. This page is written from `neopack/errors.py` by
`python docs/generate.py`: change the code, not the page.

| Code | Raised as | When |
|---|---|---|
| 0 | | success: there is no finding at error level; warnings do not count |
"""
AFTER_CODES = """
A missing or empty input, or one that could not be checked, never exits with 0: a rule that could
not run counts as a finding, and `check` prints it as `not checked`.

If the program that reads neopack's output stops early, the code is 141, as a shell reports for any
closed pipe. Any other exception is a bug in neopack: the exit code is 1 and the message says so.
Please run the command again with `--debug` and report it.

Standard error has one line, `error: WHERE: MESSAGE (HINT)`. With `--format json`, standard output
has the same as a document:
"""
TREE = re.compile(r"^ *[├└│─ ]*(?P<name>[A-Z]\w+) +(?P<code>\d+) {3}(?P<when>.+)$")


def exit_codes_page() -> str:
    """Raises ``ValueError`` where the docstring of errors.py and its classes disagree."""
    rows = _errors()
    _refuse_disagreement(rows)
    lines = [
        f"| {code} | `{name}` | {when} |"
        for code, name, when in sorted(rows, key=lambda row: (row[0], rows.index(row)))
    ]
    return EXIT_CODES + "\n".join(lines) + "\n" + AFTER_CODES + _example_of_a_failure()


def _errors() -> list[tuple[int, str, str]]:
    """(code, class, when) from the tree in the module's docstring."""
    rows: list[tuple[int, str, str]] = []
    for line in (errors.__doc__ or "").splitlines():
        found = TREE.match(line)
        if found:
            rows.append((int(found["code"]), found["name"], found["when"]))
        elif rows and line.strip("│ ") and line.startswith("    "):
            code, name, when = rows.pop()
            rows.append((code, name, f"{when} {line.strip('│ ')}"))
    # the words after a semicolon are for readers of the code
    return [(code, name, when.partition(";")[0]) for code, name, when in rows]


def _refuse_disagreement(rows: list[tuple[int, str, str]]) -> None:
    named = {name: code for code, name, _ in rows}
    classes = {n: getattr(errors, n) for n in errors.__all__ if n[0].isupper()}
    codes = {name: kind.exit_code for name, kind in classes.items() if name != "NeopackError"}
    if named != codes:
        raise ValueError(f"errors.py: {set(named.items()) ^ set(codes.items())}")


def _example_of_a_failure() -> str:
    from neopack.reports.json_documents import failure

    error = errors.SourceError("no such file", where="resnet50.tar.gz")
    return f"\n```json\n{failure(error)}\n```\n"


# --- commands -------------------------------------------------------------------------------

COMMANDS = """\
# Commands

A page for each command, written from its own help by `python docs/generate.py`: change the
command, not the page.

Data goes to standard output, progress and remarks to standard error. `--format json` makes data
and errors one JSON object with `schema` and `kind`; `--quiet` leaves errors and data. On a
terminal progress is a bar; colours obey `NO_COLOR`. Codes: [exit-codes.md](exit-codes.md).

"""
COMMAND = """\
<!-- Written by python docs/generate.py from the command's own help: change the command. -->

# neopack {name}

"""
# the page that tells more than the help
GUIDES = {
    "bench": ("bench.md",),
    "cost": ("bench.md",),
    "check": ("check.md", "rules.md"),
    "compile": ("compile.md", "sagemaker.md"),
    "deploy": ("sagemaker.md",),
    "dev": ("emulator.md",),
    "explain": ("check.md",),
    "image": ("support.md",),
    "init": ("sagemaker.md",),
    "jobs": ("sagemaker.md",),
    "package": ("package.md", "archive.md"),
    "run": ("compile.md",),
    "runtimes": ("runtimes.md",),
    "support": ("support.md",),
    "targets": ("support.md", "support-matrix.md"),
    "undeploy": ("sagemaker.md",),
    "verify": ("verify.md",),
}
VALUE = re.compile(r" <(?P<kind>[^>]+)>$")
EXTRA = re.compile(r"\[(?:default: (?P<default>[^;\]]+))?(?:; )?(?P<required>required)?\]$")


def commands_page() -> str:
    root, context = _root()
    rows = (
        (f"[{name}](commands/{name}.md)", _first_sentence(root.get_command(context, name)))
        for name in root.list_commands(context)
    )
    table = _grid(("Command", "What it does"), rows)
    return f"{COMMANDS}{table}\n```console\n$ neopack --help\n{root.get_help(context)}\n```\n"


def command_pages() -> dict[str, str]:
    """The page of each command by its name under docs/."""
    root, context = _root()
    names = root.list_commands(context)
    return {
        f"commands/{name}.md": _command(name, root.get_command(context, name), context)
        for name in names
    }


def _root() -> tuple[Any, Any]:
    root = command_line()
    context = root.make_context(
        "neopack", ["check"], terminal_width=WIDTH, max_content_width=WIDTH, resilient_parsing=True
    )
    return root, context


def _command(name: str, command: Any, parent: Any) -> str:
    parts = [COMMAND.format(name=name) + "\n".join(_sections(command, name, parent, 2))]
    more = [f"[{page}](../{page})" for page in GUIDES.get(name, ())]
    parts.append(f"More: {', '.join([*more, '[exit-codes.md](../exit-codes.md)'])}.\n")
    return "\n".join(parts)


def _sections(command: Any, name: str, parent: Any, level: int) -> Iterator[str]:
    """A command's usage and what it takes, as tables; then those of the commands under it."""
    inner = command.context_class(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield f"{_escaped(command.help)}\n"
    usage = " ".join(command.get_usage(inner).split()).removeprefix("Usage: ")
    yield f"```text\n{usage}\n```\n"
    taken = [p for p in command.get_params(inner) if "--help" not in p.opts]
    for kind, title in (("argument", "Argument"), ("option", "Option")):
        own = [_parameter(p, inner) for p in taken if p.param_type_name == kind]
        if own:
            yield _grid((title, "Value", "Default", "What"), own)
    for below in command.list_commands(inner) if hasattr(command, "list_commands") else ():
        yield f"{'#' * level} {inner.command_path} {below}\n"
        yield from _sections(command.get_command(inner, below), below, inner, level + 1)


def _parameter(parameter: Any, context: Any) -> tuple[str, str, str, str]:
    """(names, value, default, help) of an argument or an option."""
    names, text = parameter.get_help_record(context)
    value, extra = VALUE.search(names), EXTRA.search(text)
    default = (extra["default"] or "required") if extra else ""
    kind = value["kind"].replace("|", ", ") if value else ""
    several = kind.startswith("list[")
    kind = f"{kind[5:-1]}, may repeat" if several else kind
    names = VALUE.sub("", names)
    return f"`{names}`", kind, default, _escaped(EXTRA.sub("", text).strip())


def _escaped(text: str) -> str:
    """What Markdown would take for something else."""
    return re.sub(r"(?<![\\`])([*_<\[|])", r"\\\1", " ".join(text.split()))


def _first_sentence(command: Any) -> str:
    return _escaped(command.help.split("\n")[0])


def command_line() -> Any:
    """The root command, with its help in plain text."""
    import typer.main

    from neopack.cli import app

    app.rich_markup_mode = None
    return typer.main.get_command(app)


# --- the support matrix ---------------------------------------------------------------------

MATRIX = """\
# Support matrix

What takes what, since when, where. This page is written from `neopack/facts` by `python
docs/generate.py`: change the data, not the page. `neopack targets`, `support` and `image` answer
the same for one name and one date ([support.md](support.md)).

"1.8 or earlier" is what the guide says; elsewhere a version is taken only if it is listed. No page
says which framework a single edge device takes; the rows of *edge* count for all of them and for
platforms.
"""
TESTED = """\
The 235 tested rows of Training Compiler and the 131 models tested on edge devices are not repeated
here: `neopack support training-compiler`, `neopack support edge`.
"""


def matrix_page() -> str:
    parts = [MATRIX, "## Neo\n", *_neo(), "## What moved\n", *_moved(), "## Targets\n"]
    parts += [*_targets(), "## Container images\n", *_images(), "## Elastic Inference\n"]
    parts += [*_elastic(), "## Model parallel library\n", *_parallel()]
    return "\n".join([*parts, "## Tested models\n", TESTED])


def _grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _neo() -> Iterator[str]:
    rows = support.neo().rows
    head = ("Class", "Framework", "Versions", "Compiled with", "Archive", "Models", "Table of")
    yield _grid(
        head,
        (
            (
                row.target_class,
                row.framework,
                wording(row),
                ", ".join(row.compiled_with),
                row.formats,
                ", ".join(row.models),
                row.as_of,
            )
            for row in rows
        ),
    )
    yield _sources(row.source for row in rows)


def _moved() -> Iterator[str]:
    moved = support.changes().changes
    head = ("Date", "Class", "Framework", "Before", "After")
    yield _grid(
        head, ((c.date, c.target_class, c.framework, c.before, c.what or c.after) for c in moved)
    )
    yield _sources(change.source for change in moved)


def _targets() -> Iterator[str]:
    entries = support.targets().targets
    head = ("Target", "Class", "System", "Accelerator", "Instances", "Regions", "Remarks")
    yield _grid(
        head,
        (
            (
                f"`{e.name}`",
                e.kind,
                " ".join(word for word in (e.os, e.arch) if word),
                e.accelerator,
                ", ".join(name.partition(".")[2] for name in e.instances)
                if e.kind != "eia"
                else "any with a CPU",
                ", ".join(e.regions),
                e.retired or ("" if e.documented else "in the API, in no page"),
            )
            for e in entries
        ),
    )
    yield _sources(entry.source for entry in entries)


def _images() -> Iterator[str]:
    rows = images.image_rows()
    head = ("Repository", "Family", "Frameworks", "Classes", "Versions", "Remarks")
    yield _grid(
        head,
        (
            (
                f"`{row.repository}`",
                row.family,
                ", ".join(row.scope.frameworks),
                ", ".join(row.scope.kinds),
                ", ".join(row.versions),
                row.note,
            )
            for row in rows
        ),
    )
    tables = (accounts.accounts(), accounts.accounts("deep_learning_containers"))
    regions = sorted({region for table in tables for region in table})
    names = ("Region", "Account of Neo's images", "of the deep learning containers (neuronx)")
    yield _grid(names, ((r, *(table.get(r, "") for table in tables)) for r in regions))
    yield _sources(row.source for row in rows)


def _elastic() -> Iterator[str]:
    answer = support.ei()
    yield "".join(f"- {text}\n" for text in answer.status)
    head = ("Accelerator", "TFLOPS F32", "F16", "Memory, GB", "From Neo")
    yield _grid(
        head,
        (
            (
                a.type,
                str(a.tflops_f32),
                str(a.tflops_f16),
                str(a.memory_gb),
                "yes" if a.from_neo else "no",
            )
            for a in answer.accelerators
        ),
    )
    yield _sources([answer.source])


def _parallel() -> Iterator[str]:
    answer = support.smp()
    yield _grid(
        ("Framework", "Version", "Library", "Image", "Wheel"),
        (
            (r.framework, r.version, r.library, f"`{r.image}`", "yes" if r.wheel else "no")
            for r in answer.releases
        ),
    )
    yield f"Instances: {', '.join(answer.instances)}.\n"
    yield _sources([answer.source])


def _sources(texts: Iterable[str]) -> str:
    return "".join(f"- Source: {text}\n" for text in dict.fromkeys(texts))


# --- pytorch.md ----------------------------------------------------------------------------------


def pytorch_page() -> str:
    """The page as it is, with the list of what is rewritten as it follows from the rewrites."""
    page = (FOLDER / "pytorch.md").read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{''.join(_rewrites())}{END}{tail}"


def _rewrites() -> Iterator[str]:
    folder = Path(neopack.__file__).parent / "frameworks/pytorch/rewrites"
    for file, what in REWRITES.items():
        text = (folder / f"{file}.torchscript").read_text("utf-8")
        names = {match[1] for match in lower.FUNCTION.finditer(text)}
        yield f"**{what}**: {', '.join(f'`{name}`' for name in sorted(names))}.\n\n"


# --- what ONNX operators become -------------------------------------------------------------

OPERATORS = """\
# ONNX operators in older opsets

What `package` makes of each operator of ONNX on the way to an older opset: at once to 12, which
ONNX 1.7.0 reads, and from there back by one at a time, to 7 at the lowest. This page is written
from `neopack/frameworks/onnx` and the schemas of onnx {onnx} by `python docs/generate.py`.

All of it is neopack's own rewriting: onnx's `version_converter` refuses most of the operators
below ([onnx.md](onnx.md#below-opset-12)).

*as it is*: only types, words or defaults changed; attributes that say what was meant before are
left out, and a type that the older form lacks is an error. *refused*: an error that names the
operator, its node and what stands here. Where a rewrite needs a constant or a shape that the
model does not tell, that is the error. An operator that is not in a table did not change.

"""


def onnx_page() -> str:
    import onnx

    from neopack.frameworks.onnx.ways import to_newest_of_neo, to_one_before

    parts = [OPERATORS.format(onnx=onnx.__version__)]
    for title, rows in (
        ("From newer opsets to 12", to_newest_of_neo()),
        *((f"From {opset} to {opset - 1}", to_one_before(opset)) for opset in range(12, 7, -1)),
    ):
        table = _grid(("Operator", "Became so in", "Becomes"), rows)
        parts.append(f"## {title}\n\n{table}\n")
    return "".join(parts).rstrip("\n") + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "onnx-operators.md": onnx_page,
    "pytorch.md": pytorch_page,
    "rules.md": rules_page,
    "support-matrix.md": matrix_page,
    "tree.md": lambda: tree_page((FOLDER / "tree.md").read_text("utf-8")),
}


def pages() -> dict[str, str]:
    """Every page that is written from the code, by its name under docs/."""
    return {name: page() for name, page in PAGES.items()} | command_pages()


if __name__ == "__main__":
    (FOLDER / "commands").mkdir(exist_ok=True)
    for path in (FOLDER / "commands").glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
