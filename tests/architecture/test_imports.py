"""Who may import whom: the rooms, the frameworks, the printer."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "neopack"
# what runs inside old versions lives apart
INSIDE = ROOT / "runtimes" / "inside"
FILES = sorted(path for path in ROOT.rglob("*.py") if INSIDE not in path.parents)
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

# from the bottom up; a room imports only rooms of its own row or of rows before it
ROWS = [
    {"errors", "_version"},
    {"types"},
    {"codec", "installed", "facts", "wire", "catalogue"},
    {
        "child",
        "frameworks",
        "engines",
        "artifacts",
        "measure",
        "rules",
        "archive",
        "catalog",
        "project",
        "runtimes",
    },
    {"resolving", "exporting"},
    {
        "judging",
        "packing",
        "compiling",
        "targeting",
        "inspecting",
        "tasks",
        "following",
        "deploying",
        "explaining",
    },
    {"submitting", "checking"},
    {"matrix", "fixing", "receiving"},
    {"charting"},
    {"reports"},
    {"api", "testing", "integrations"},
    {"emulator"},
    {"cli", "__main__"},
]
PLACE = {room: index for index, row in enumerate(ROWS) for room in row}


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


@pytest.mark.parametrize("path", FILES, ids=name)
def test_a_room_imports_only_what_lies_below(path: Path) -> None:
    if path == ROOT / "__init__.py":
        return
    assert room(path) in PLACE, "a new room wants a place in ROWS"
    # the child finds its tasks, and types name the report an error carries, when they are called
    excused = {("child", "tasks"), ("errors", "types")}
    above = {
        other
        for other in rooms_imported(path)
        if PLACE[other] > PLACE[room(path)] and (room(path), other) not in excused
    }
    assert not above, f"{name(path)} imports {above} from above"


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
            "wire", "facts", "rules", "reports", "cli",
        }:  # fmt: skip
            assert not modules & (HEAVY - {"numpy"}), name(path)


@pytest.mark.parametrize("path", sorted(INSIDE.glob("*.py")), ids=lambda path: path.stem)
def test_what_runs_inside_is_python_3_6_and_knows_nothing_of_neopack(path: Path) -> None:
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
        "import neopack.judging, neopack.frameworks.pytorch.read, neopack.frameworks.onnx.read"
    )
    assert not loaded & HEAVY


def test_nothing_but_the_command_line_imports_the_emulator() -> None:
    """It is for tests and demos: what users run against AWS never reaches it."""
    importers = {room(path) for path in FILES if "emulator" in rooms_imported(path)}
    assert importers == {"emulator", "cli"}
