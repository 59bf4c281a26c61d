"""Write the pages that come from the code: ``python docs/generate.py``.

rules.md comes from neopack/facts/errors.toml, exit-codes.md from neopack/errors.py, commands.md
and a page per command from their help, support-matrix.md and compiler-operators.md from
neopack/facts, a list in pytorch.md from the rewrites, and the JSON Schema of neopack.toml from the
dataclasses that read it. A test compares the pages with the
output of this script.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import neopack
from neopack import errors, facts, support
from neopack.cli.examples import EXAMPLES
from neopack.facts import ErrorRow, accounts, images
from neopack.facts.mending import mended_by
from neopack.frameworks.pytorch.lowering import functions
from neopack.project.schema import project_schema
from neopack.support.matrix import wording

sys.path.insert(0, str(Path(__file__).parent))
from operators_page import operators_page
from tree_page import tree_page

FOLDER = Path(__file__).parent
BEGIN, END = "<!-- rewrites -->", "<!-- end -->"
REWRITES = {
    "new_operators": "Operators that old versions lack",
    "new_signatures": "Operators that they call with other arguments, or compute otherwise",
    "division": "Division and types",
    "attention": "Attention and bags",
    "order": "Order and extremes",
    "scatter": "Scattering",
    "linear_algebra": "Linear algebra",
    "special": "Special functions and sampling",
    "resizing": "Resizing by factors",
}
# the width of the help text, in every terminal
WIDTH = 88
FAMILIES = {
    "NEO-AR": "The archive",
    "NEO-DC": "DataInputConfig",
    "NEO-TG": "The target",
    "NEO-CO": "CompilerOptions",
    "NEO-HD": "The script that serves the compiled model",
    "NEO-CA": "The artifact of a job",
    "NEO-TV": "The operators that TVM converts",
    "NEO-NC": "What Inferentia runs",
    "NEO-TL": "TensorFlow Lite",
    "NEO-DK": "Darknet",
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
    "package": "`neopack package`, which rewrites it or names the obstacle",
    "call": "the parameters of the job",
}
RULES = """\
# Rules

Every rule of `neopack check`, with its cause, fix and source. `python docs/generate.py` writes
this page from `neopack/facts/errors.toml`: change the data, not the page.

**Level.** *error*: the job will fail, or its result will be wrong. *warning*: it may. *info*:
worth knowing. If the level depends on the compiler that Neo uses for the target, the table has
each one: `tvm` (edge devices and platforms; ONNX, Keras and XGBoost everywhere), `integrated`
(PyTorch, MXNet and TensorFlow on cloud instances), `neuron` (Inferentia and Trainium), `eia`.
AWS does not name these paths; they are inferred from artifacts, error texts and Neo's open
loader.

**Confidence.** *documented*: a page of AWS or of the format's owner says so. *loader source*:
the Neo team's open loader does so; the service may have changed since. *observed*: from a
report. *inferred*: neopack's conclusion.
"""


def rules_page() -> str:
    rows = [facts.error_row(id_) for id_ in facts.error_ids()]
    parts = [RULES, *_contents(rows)]
    for family, title in FAMILIES.items():
        parts.append(f"## {title}\n")
        parts += [_section(row) for row in rows if row.id.startswith(family)]
    return "\n".join(parts)


def _contents(rows: list[ErrorRow]) -> Iterator[str]:
    lines = ["| Rule | Level | Problem |", "|---|---|---|"]
    lines += [f"| [{row.id}](#{row.id.lower()}) | {_level(row)} | {row.title} |" for row in rows]
    yield "\n".join(lines) + "\n"


def _level(row: ErrorRow) -> str:
    by_path = dict(row.levels)
    elsewhere = by_path.pop("elsewhere")
    levels = [f"{level} ({path})" for path, level in by_path.items()]
    return ", ".join([*levels, f"{elsewhere} elsewhere"]) if levels else elsewhere


def _section(row: ErrorRow) -> str:
    lines = [f"### {row.id}", "", f"**{row.title}** ({_level(row)})", "", _marked(row.cause), ""]
    lines.append(f"- Fix: {_marked(row.fix)}")
    mends = [MENDS[mend] for mend in mended_by(row.id)]
    if mends:
        lines.append(f"- Resolved by: {', '.join(mends)}")
    if row.said_by_neo and not row.said_by_neo.startswith("{said}"):
        lines.append(f"- Neo's message: `{_places(row.said_by_neo)}`")
    lines.append(f"- Source: {row.source} ({row.date}); {row.confidence}")
    return "\n".join(lines) + "\n"


def _places(text: str) -> str:
    return re.sub(r"\{(\w+)\}", r"<\1>", text)


def _marked(text: str) -> str:
    """Set placeholders in italics and JSON as code, and escape Markdown's own characters."""
    text = re.sub(r"(?<!`)(\{\"[^ ]*\}+)", r"`\1`", text)
    text = re.sub(r"\{(\w+)\}", r"*\1*", text)
    return re.sub(r"(?<![`\w])__(\w+)__", r"\_\_\1\_\_", text)


# --- exit codes -----------------------------------------------------------------------------

EXIT_CODES = """\
# Exit codes

All commands use the same exit codes. `python docs/generate.py` writes this page from
`neopack/errors.py`: change the code, not the page.

| Code | Raised as | When |
|---|---|---|
| 0 | | success: there is no finding at error level; warnings do not count |
"""
AFTER_CODES = """
A missing or empty input, or one that could not be checked, never exits with 0: a rule that could
not run counts as a finding, and `check` prints it as `not checked`.

If the program that reads neopack's output stops early, the code is 141, as a shell reports for
any closed pipe. Any other exception is a bug in neopack: the exit code is 1 and the message says
so. Please run the command again with `--debug` and report it.

Standard error has one line, `error: WHERE: MESSAGE (HINT)`. With `--format json`, standard
output has the same as a document:
"""
TREE = re.compile(r"^ *[├└│─ ]*(?P<name>[A-Z]\w+) +(?P<code>\d+) {3}(?P<when>.+)$")


def exit_codes_page() -> str:
    """Return the page. Raises ``ValueError`` if the docstring contradicts the classes."""
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
        match = TREE.match(line)
        if match:
            rows.append((int(match["code"]), match["name"], match["when"]))
        elif rows and line.strip("│ ") and line.startswith("    "):
            code, name, when = rows.pop()
            rows.append((code, name, f"{when} {line.strip('│ ')}"))
    # the words after a semicolon are for readers of the code
    return [(code, name, when.partition(";")[0]) for code, name, when in rows]


def _refuse_disagreement(rows: list[tuple[int, str, str]]) -> None:
    listed = {name: code for code, name, _ in rows}
    classes = {n: getattr(errors, n) for n in errors.__all__ if n[0].isupper()}
    codes = {name: kind.exit_code for name, kind in classes.items() if name != "NeopackError"}
    if listed != codes:
        raise ValueError(f"errors.py: {set(listed.items()) ^ set(codes.items())}")


def _example_of_a_failure() -> str:
    from neopack.reports.json_documents import failure

    error = errors.SourceError("no such file", where="resnet50.tar.gz")
    return f"\n```json\n{failure(error)}\n```\n"


# --- commands -------------------------------------------------------------------------------

COMMANDS = """\
# Commands

`python docs/generate.py` writes a page for each command from its help: change the command, not
the page.

Data goes to standard output, progress and notes to standard error. With `--format json`, data
and errors are one JSON object with `schema` and `kind`; `--quiet` prints only errors and data.
On a terminal, progress is a bar; colors obey `NO_COLOR`. Exit codes:
[exit-codes.md](exit-codes.md).

"""
COMMAND = """\
<!-- Written by python docs/generate.py from the command's own help: change the command. -->

# neopack {name}

"""
# the pages with more details than the help
GUIDES = {
    "audit": ("evidence.md",),
    "bench": ("bench.md",),
    "bom": ("evidence.md",),
    "compare": ("load-tests.md",),
    "cost": ("bench.md",),
    "loadtest": ("load-tests.md",),
    "check": ("check.md", "rules.md"),
    "compile": ("compile.md", "sagemaker.md"),
    "deploy": ("sagemaker.md",),
    "diff": ("archive.md",),
    "dev": ("emulator.md",),
    "explain": ("check.md",),
    "image": ("support.md",),
    "init": ("begin.md", "sagemaker.md"),
    "jobs": ("sagemaker.md",),
    "package": ("package.md", "archive.md"),
    "provenance": ("evidence.md",),
    "pull": ("sharing.md",),
    "push": ("sharing.md",),
    "rebuild": ("evidence.md",),
    "run": ("compile.md",),
    "runtimes": ("runtimes.md",),
    "sign": ("evidence.md",),
    "support": ("support.md", "compiler-operators.md"),
    "targets": ("support.md", "support-matrix.md"),
    "undeploy": ("sagemaker.md",),
    "verify": ("verify.md",),
    "verify-signature": ("evidence.md",),
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
    """Return the page of each command by its name under docs/."""
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
    """The usage of a command and its parameters as tables, then those of its subcommands."""
    inner = command.context_class(
        command, info_name=name, parent=parent, terminal_width=WIDTH, max_content_width=WIDTH
    )
    yield f"{_escaped(command.help)}\n"
    usage = " ".join(command.get_usage(inner).split()).removeprefix("Usage: ")
    yield f"```text\n{usage}\n```\n"
    parameters = [p for p in command.get_params(inner) if "--help" not in p.opts]
    for title, own in _by_section(parameters).items():
        rows = [_parameter(parameter, inner) for parameter in own]
        yield _grid((title, "Value", "Default", "Meaning"), rows)
    if inner.command_path.partition(" ")[2] in EXAMPLES:
        yield f"```sh\n{EXAMPLES[inner.command_path.partition(' ')[2]]}\n```\n"
    for below in command.list_commands(inner) if hasattr(command, "list_commands") else ():
        yield f"{'#' * level} {inner.command_path} {below}\n"
        yield from _sections(command.get_command(inner, below), below, inner, level + 1)


def _by_section(parameters: Iterable[Any]) -> dict[str, list[Any]]:
    """Arguments, options, and the options of single frameworks or of a place."""
    sections: dict[str, list[Any]] = {}
    for parameter in parameters:
        if parameter.param_type_name == "argument":
            title = "Argument"
        else:
            panel = getattr(parameter, "rich_help_panel", None)
            title = f"Option ({panel})" if panel else "Option"
        sections.setdefault(title, []).append(parameter)
    return sections


def _parameter(parameter: Any, context: Any) -> tuple[str, str, str, str]:
    """The (names, value, default, help) of an argument or an option."""
    names, text = parameter.get_help_record(context)
    value, extra = VALUE.search(names), EXTRA.search(text)
    default = (extra["default"] or "required") if extra else ""
    kind = value["kind"].replace("|", ", ") if value else ""
    several = kind.startswith("list[")
    kind = f"{kind[5:-1]}, may repeat" if several else kind
    names = VALUE.sub("", names)
    if parameter.metavar and parameter.param_type_name == "option":
        kind = f"{parameter.metavar}, may repeat" if parameter.multiple else parameter.metavar
        names = names.removesuffix(parameter.metavar).rstrip()
    return f"`{names}`", kind, default, _escaped(EXTRA.sub("", text).strip())


def _escaped(text: str) -> str:
    """Escape Markdown's own characters."""
    return re.sub(r"(?<![\\`])([*_<\[|])", r"\\\1", " ".join(text.split()))


def _first_sentence(command: Any) -> str:
    return _escaped(command.help.split("\n")[0])


def command_line() -> Any:
    """Return the root command, with its help in plain text."""
    import typer.main

    from neopack.cli import app

    app.rich_markup_mode = None
    return typer.main.get_command(app)


# --- the support matrix ---------------------------------------------------------------------

MATRIX = """\
# Support matrix

The frameworks and versions that each target takes, with dates, images and regions. `python
docs/generate.py` writes this page from `neopack/facts`: change the data, not the page. `neopack
targets`, `support` and `image` answer for one name and one date ([support.md](support.md)).

"1.8 or earlier" is the guide's wording; elsewhere a version is taken only if it is listed. No
page says which frameworks a single edge device takes; the rows of *edge* apply to all of them
and to platforms.
"""
TESTED = """\
The 235 tested rows of Training Compiler and the 131 models tested on edge devices are not
repeated here: use `neopack support training-compiler` and `neopack support edge`.
"""


def matrix_page() -> str:
    parts = [MATRIX, "## Neo\n", *_neo(), "## Changes\n", *_moved(), "## Targets\n"]
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
                e.retired or ("" if e.documented else "in the API, but on no page"),
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
    """Return the page with the current list of rewrites."""
    page = (FOLDER / "pytorch.md").read_text("utf-8")
    head, _, rest = page.partition(BEGIN)
    _, _, tail = rest.partition(END)
    return f"{head}{BEGIN}\n{''.join(_rewrites())}{END}{tail}"


def _rewrites() -> Iterator[str]:
    folder = Path(neopack.__file__).parent / "frameworks/pytorch/lowering"
    for file, title in REWRITES.items():
        ways = (folder / way / f"{file}.torchscript" for way in ("rewrites", "rewrites_of_both"))
        text = next(way for way in ways if way.exists()).read_text("utf-8")
        if file == "new_signatures":
            text += (folder / "rewrites_for_fusers/on_cpus.torchscript").read_text("utf-8")
        if file == "new_operators":
            text += (folder / "rewrites_of_both/same.torchscript").read_text("utf-8")
        names = {match[2] for match in functions.FUNCTION.finditer(text)}
        yield f"**{title}**: {', '.join(f'`{name}`' for name in sorted(names))}.\n\n"


# --- what ONNX operators become -------------------------------------------------------------

OPERATORS = """\
# ONNX operators in older opsets

How `package` rewrites each ONNX operator for an older opset: in one step to 12, which ONNX 1.7.0
reads, and from there one opset at a time, down to 7. Files of opset 6 and below are raised to 7.
`python docs/generate.py` writes this page from `lowering` and `raising` in
`neopack/frameworks/onnx` and the schemas of onnx {onnx}.

All rewrites are neopack's own, because onnx's `version_converter` refuses most of the operators
below ([onnx.md](onnx.md#below-opset-12)).

*as it is*: only types, words or defaults changed. Attributes with the old meaning are left out,
and a type that the older form lacks is an error. *refused*: an error that names the operator,
its node and the reason given here. If a rewrite needs a constant or a shape that the model does
not have, that is the error. An operator that is in no table did not change.

"""


def onnx_page() -> str:
    import onnx

    from neopack.frameworks.onnx.lowering.operator_docs import (
        to_newest_of_neo,
        to_one_before,
        to_seven,
    )

    parts = [OPERATORS.format(onnx=onnx.__version__)]
    for title, rows in (
        ("From newer opsets to 12", to_newest_of_neo()),
        *((f"From {opset} to {opset - 1}", to_one_before(opset)) for opset in range(12, 7, -1)),
        ("From 6 and below up to 7", to_seven()),
    ):
        table = _grid(("Operator", "Changed in", "Becomes"), rows)
        parts.append(f"## {title}\n\n{table}\n")
    return "".join(parts).rstrip("\n") + "\n"


PAGES: Mapping[str, Callable[[], str]] = {
    "compiler-operators.md": operators_page,
    "commands.md": commands_page,
    "exit-codes.md": exit_codes_page,
    "onnx-operators.md": onnx_page,
    "neopack-toml-1.schema.json": project_schema,
    "pytorch.md": pytorch_page,
    "rules.md": rules_page,
    "support-matrix.md": matrix_page,
    "tree.md": lambda: tree_page((FOLDER / "tree.md").read_text("utf-8")),
}


def pages() -> dict[str, str]:
    """Return every page that comes from the code, by its name under docs/."""
    return {name: page() for name, page in PAGES.items()} | command_pages()


if __name__ == "__main__":
    (FOLDER / "commands").mkdir(exist_ok=True)
    for path in (FOLDER / "commands").glob("*.md"):
        path.unlink()
    for name, text in pages().items():
        (FOLDER / name).write_text(text, encoding="utf-8")
