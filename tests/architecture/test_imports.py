"""Who may import whom: the rooms, the frameworks, the printer."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rooms import PLACE, ROWS

ROOT = Path(__file__).parents[2] / "neopack"
# what runs inside old versions lives apart
INSIDE = ROOT / "runtimes" / "inside"
# and so does what is written for a container
SCRIPT = ROOT / "frameworks/xgboost/pipelines/handler.py"
APART = [*sorted(INSIDE.glob("*.py")), SCRIPT]
FILES = sorted(path for path in ROOT.rglob("*.py") if path not in APART)
HEAVY = {
    "torch",
    "tensorflow",
    "keras",
    "onnx",
    "onnxruntime",
    "openvino",
    "mxnet",
    "numpy",
    "boto3",
    "botocore",
    "moto",
    "werkzeug",
    "torchvision",
    "sagemaker",
}


def room(path: Path) -> str:
    return path.relative_to(ROOT).parts[0].removesuffix(".py")


def name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT.parent).with_suffix("").parts).removesuffix(".__init__")


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def top_level(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    plain = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    return {module.split(".")[0] for node in plain for module in imported(node)}


def rooms_imported(path: Path) -> set[str]:
    modules = [m for m in imported(ast.parse(path.read_text())) if m.startswith("neopack.")]
    return {m.split(".")[1] for m in modules} & set(PLACE)


def test_every_room_has_one_row() -> None:
    named = [each for row in ROWS for each in row]
    assert sorted(named) == sorted({room(path) for path in FILES} - {"__init__"})


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_room_imports_only_rooms_of_the_rows_before_it(path: Path) -> None:
    if path == ROOT / "__init__.py":
        return
    own = PLACE[room(path)]
    others = rooms_imported(path) - {room(path)}
    assert not {other for other in others if PLACE[other] >= own}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_heavy_packages_are_imported_inside_functions_only(path: Path) -> None:
    assert not top_level(path) & HEAVY


@pytest.mark.parametrize("path", FILES, ids=name)
def test_typer_and_rich_stay_in_the_command_line(path: Path) -> None:
    modules = {m.split(".")[0] for m in imported(ast.parse(path.read_text()))}
    assert room(path) == "cli" or not modules & {"typer", "rich", "click"}


@pytest.mark.parametrize("path", FILES, ids=name)
def test_frameworks_and_engines_do_not_know_each_other(path: Path) -> None:
    modules = [m for m in imported(ast.parse(path.read_text())) if m.startswith("neopack.")]
    if room(path) == "engines":
        assert not [m for m in modules if m.startswith("neopack.frameworks")]
    if room(path) == "frameworks" and len(path.relative_to(ROOT).parts) > 2:
        own = path.relative_to(ROOT).parts[1]
        others = {p.name for p in (ROOT / "frameworks").iterdir() if p.is_dir()} - {own}
        assert not [m for m in modules if m.startswith("neopack.engines")]
        assert not [m for m in modules if m.split(".")[2:3] and m.split(".")[2] in others]


def test_a_framework_is_imported_only_where_it_runs() -> None:
    """torch in a framework's export and run (and what they call), never in its readers."""
    for path in FILES:
        modules = {m.split(".")[0] for m in imported(ast.parse(path.read_text()))}
        if path.stem in {"read", "rules", "layout", "source", "__init__"} or room(path) in {
            "formats", "facts", "rules", "reports", "cli",
        }:  # fmt: skip
            assert not modules & (HEAVY - {"numpy"}), name(path)


@pytest.mark.parametrize("path", APART, ids=lambda path: path.stem)
def test_what_runs_elsewhere_is_python_3_6_and_knows_nothing_of_neopack(path: Path) -> None:
    tree = ast.parse(path.read_text(), feature_version=(3, 6))
    assert not [module for module in imported(tree) if module.startswith("neopack")]


def loaded_by(code: str) -> set[str]:
    script = f"import sys; {code}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    return {module.split(".")[0] for module in done.stdout.decode().split()}


def test_importing_neopack_imports_nothing_heavy() -> None:
    loaded = loaded_by("import neopack")
    assert not loaded & (HEAVY | {"typer", "rich", "dataclasses"})


def test_the_command_line_imports_no_framework() -> None:
    assert not loaded_by("import neopack.cli") & HEAVY


def test_reading_and_judging_import_no_framework() -> None:
    loaded = loaded_by(
        "import neopack.checks.judging, neopack.frameworks.pytorch.read, "
        "neopack.frameworks.onnx.read"
    )
    assert not loaded & HEAVY


# what the command line is made of beside the verbs: their options, their results, its settings
CLI_IMPORTS = {
    "api", "cli", "distributions", "emulator", "errors", "goldens", "options", "outputs",
    "project", "reports", "spelling", "values",
}  # fmt: skip


def test_the_command_line_works_through_the_api() -> None:
    for path in FILES:
        if room(path) == "cli":
            tree = ast.parse(path.read_text())
            assert rooms_imported_at_run_time(tree) <= CLI_IMPORTS, name(path)


def rooms_imported_at_run_time(tree: ast.Module) -> set[str]:
    """Types alone may come from anywhere."""
    tree.body = [
        n for n in tree.body if not (isinstance(n, ast.If) and "TYPE_CHECKING" in ast.dump(n.test))
    ]
    modules = [m for m in imported(tree) if m.startswith("neopack.")]
    return {m.split(".")[1] for m in modules} & set(PLACE)


def test_only_facts_reads_its_tables() -> None:
    readers = {
        room(path)
        for path in FILES
        if "neopack.facts.rows" in set(imported(ast.parse(path.read_text())))
    }
    assert readers == {"facts"}


def test_nothing_but_the_command_line_imports_the_emulator() -> None:
    """It is for tests and demos: what users run against AWS never reaches it."""
    importers = {room(path) for path in FILES if "emulator" in rooms_imported(path)}
    assert importers == {"emulator", "cli"}


def test_the_command_line_starts_without_the_rooms_that_do_the_work() -> None:
    script = "import sys, neopack.cli; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, check=True)
    modules = [m for m in run.stdout.decode().split() if m.startswith("neopack.")]
    rooms = {module.split(".")[1] for module in modules}
    assert not rooms & {"api", "checks", "compiling", "frameworks", "packaging", "sagemaker"}
