"""What the script needs of the archive and of its container: modules, files, a GPU.

Only what it does in any case counts: what a branch or a ``try`` guards may be handled.
Sources: aws/deep-learning-containers, Dockerfiles of the inference images (2023);
neo-ai/neo-ai-dlr, container/ (2022); SageMaker developer guide,
neo-deployment-hosting-services-prerequisites (2026).
"""

from __future__ import annotations

import ast
import posixpath
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from neopack import facts
from neopack.rules.handler import HandlerScript, handled, parsed, parsed_text, requirements
from neopack.rules.members import CODE, named, normal
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.rules.script_reading import Paths, Reached, called, certain_nodes, dotted, reached

__all__ = ["RULES"]

# what reads a file by its path
_READS = frozenset({"open", "load", "read_csv", "read_json", "imread", "loadtxt", "from_file"})
_READS_ITSELF = frozenset({"read_text", "read_bytes"})
# what may install modules or find them elsewhere, and what may write or fetch files
_INSTALLS = re.compile(r"subprocess\.\w+|os\.(system|popen|exec\w+)|pip\..*|site\.addsitedir")
_MAKES = re.compile(
    r"shutil\.\w+|os\.(rename|replace|link|symlink)|(.*\.)?(urlretrieve|\w*download\w*|extractall"
    r"|unpack_archive|save\w*|write_text|write_bytes|touch)"
)
_MODEL = (".pt", ".pth", ".params", ".onnx", ".h5", ".pb", ".json")
# Neo's names for what it compiled
_COMPILED = re.compile(r"(compiled|model)([-._]\S*)?")


@dataclass(frozen=True, slots=True)
class _Opened:
    """A file in the model's folder that the script reads, the call that does, and its line.
    ``loose`` is a path that begins where the container's process happens to run."""

    script: str
    path: str
    call: str
    line: int
    loose: bool = False


def _parts(context: CheckContext) -> tuple[HandlerScript, list[Reached]] | None:
    script, handler = parsed(context), handled(context)
    if script is None or handler is None:
        return None
    names = {*handler.optional, *(name for group in handler.sets for name in group)}
    return script, reached(script.tree, sorted(names))


def _makes_files(tree: ast.AST) -> bool:
    return _installs(tree) or any(
        _MAKES.fullmatch(dotted(node.func)) or _writes(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def _writes(call: ast.Call) -> bool:
    modes = [*call.args[1:2], *(k.value for k in call.keywords if k.arg == "mode")]
    return called(call) == "open" and any(
        not isinstance(mode, ast.Constant) or set(str(mode.value)) & set("wax+") for mode in modes
    )


# --- modules --------------------------------------------------------------------------------


@rule("NEO-HD-014")
def absent_modules(context: CheckContext) -> Iterator[Hit]:
    """The archive, its requirements or the container have the modules that are imported."""
    parts = _parts(context)
    if parts is None or any(map(_installs, _trees(context))):
        return
    script, pieces = parts
    known = _container(context.framework) | _archived(context)
    listed = _required(context)
    if listed is None:
        return
    lines: dict[str, int] = {}
    for piece in pieces:
        for name, line in _imports(piece.statements):
            lines.setdefault(name, line)
    for name in _of_helpers(context, lines):
        lines.setdefault(name, 0)
    absent = [name for name in lines if name not in known | listed]
    absent += _absent_parts(context, pieces)
    if absent:
        line = lines.get(absent[0], 0)
        yield Hit(
            message=f"imports {named(absent)}, which neither the archive nor the container has",
            where=f"{script.name}:{line}" if line else script.name,
            values={"module": absent[0]},
        )


def _imports(statements: tuple[ast.stmt, ...]) -> Iterator[tuple[str, int]]:
    for name, line in _modules(statements):
        yield name.partition(".")[0], line


def _modules(statements: tuple[ast.stmt, ...]) -> Iterator[tuple[str, int]]:
    """Each module that is imported, by its whole name; beside the script where it begins with a
    dot."""
    for statement in statements:
        if isinstance(statement, ast.Import):
            for alias in statement.names:
                yield alias.name, statement.lineno
        elif isinstance(statement, ast.ImportFrom) and statement.module:
            yield statement.module, statement.lineno
    for node in certain_nodes(statements):
        if isinstance(node, ast.Call) and _is_import(node):
            name = node.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                yield name.value.lstrip("."), node.lineno


def _is_import(call: ast.Call) -> bool:
    return len(call.args) == 1 and called(call) in ("import_module", "__import__")


def _absent_parts(context: CheckContext, pieces: list[Reached]) -> Iterator[str]:
    """Modules of packages that are in code/, where the module itself is not."""
    files = {normal(name).removeprefix(CODE) for name in context.code}
    folders = {file.rpartition("/")[0] for file in files} - {""}
    packages = {folder.partition("/")[0] for folder in folders}
    for name in dict.fromkeys(name for piece in pieces for name, _ in _modules(piece.statements)):
        path = name.replace(".", "/")
        there = path in folders or any(file.startswith((f"{path}.", f"{path}/")) for file in files)
        if "/" in path and name.partition(".")[0] in packages and not there:
            yield name


def _of_helpers(context: CheckContext, imported: dict[str, int]) -> Iterator[str]:
    """What the modules in code/ import that the script imports, and so on."""
    modules = {normal(name).removeprefix(CODE): text for name, text in context.code.items()}
    waiting, visited = [*imported], set(imported)
    while waiting:
        name = waiting.pop(0)
        for file in (f"{name}.py", f"{name}/__init__.py"):
            tree = parsed_text(modules.get(file, ""))
            for inner, _ in _imports(reached(tree, ())[0].statements) if tree else ():
                if inner not in visited:
                    visited.add(inner)
                    waiting.append(inner)
                    yield inner


def _trees(context: CheckContext) -> Iterator[ast.Module]:
    for name, text in context.code.items():
        tree = parsed_text(text) if name.endswith(".py") else None
        if tree is not None:
            yield tree


def _installs(tree: ast.AST) -> bool:
    """Whether it may install modules, or find them elsewhere."""
    return any(
        _INSTALLS.fullmatch(dotted(node.func))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


@cache
def _container(framework: str) -> frozenset[str]:
    return frozenset(sys.stdlib_module_names) | facts.container_modules(framework)


def _archived(context: CheckContext) -> set[str]:
    """The modules that files of the archive may be, in whatever folder they lie."""
    known = set[str]()
    for entry in context.entries:
        *folders, leaf = normal(entry.name).split("/")
        known.update(folders)
        if leaf.endswith((".py", ".pyc", ".so", ".zip", ".whl")):
            known.add(re.split(r"[.-]", leaf)[0])
    return known | {posixpath.basename(name).partition(".")[0] for name in context.code}


def _required(context: CheckContext) -> frozenset[str] | None:
    """The modules that requirements.txt brings; None if it may bring any."""
    brought = set[str]()
    for line in requirements(context)[1].splitlines():
        text = re.split(r"\s#|;|\s--", line)[0].strip()
        if not text or text.startswith("#"):
            continue
        match = re.match(r"[A-Za-z0-9][\w.-]*(?=\s*(\[|[<>=!~]|$))", text)
        modules = facts.distribution_modules(match[0]) if match else None
        if modules is None:
            return None
        brought |= modules
    return frozenset(brought)


# --- files ----------------------------------------------------------------------------------


def _opened(context: CheckContext) -> Iterator[_Opened]:
    parts = _parts(context)
    if parts is None or _makes_files(parts[0].tree):
        return
    script, pieces = parts
    module = Paths(script.name)
    module.read(pieces[0])
    for piece in pieces:
        paths = module if piece.function is None else module.enter(piece)
        for node in certain_nodes(piece.statements):
            read = _read(node, paths) if isinstance(node, ast.Call) else None
            if read is not None:
                yield read


def _read(call: ast.Call, paths: Paths) -> _Opened | None:
    name = called(call)
    expression = call.args[0] if call.args and name in _READS else None
    if isinstance(call.func, ast.Attribute) and name in {*_READS_ITSELF, "open"}:
        expression = call.func.value if paths.path(call.func.value) else expression
    path = paths.path(expression) if expression is not None else None
    if path is None and isinstance(expression, ast.Constant) and _is_loose(expression.value):
        text = posixpath.normpath(str(expression.value))
        return _Opened(paths.script, text, dotted(call.func), call.lineno, loose=True)
    return _Opened(paths.script, path, dotted(call.func), call.lineno) if path else None


def _is_loose(path: object) -> bool:
    """Whether it is a path to a file that begins at the working directory."""
    return isinstance(path, str) and bool(re.fullmatch(r"(\./)?\w[\w./-]*\.\w+", path))


def _first(context: CheckContext) -> list[_Opened]:
    """The first reading of each file, in the order of the script."""
    first = {opened.path: opened for opened in reversed(list(_opened(context)))}
    return sorted(first.values(), key=lambda opened: opened.line)


def _is_there(path: str, context: CheckContext) -> bool:
    names = {normal(entry.name) for entry in context.entries} | set(map(normal, context.code))
    return path in names or any(name.startswith(f"{path}/") for name in names)


def _is_named(path: str, context: CheckContext) -> bool:
    """Whether a file of that name is anywhere in the archive."""
    names = {normal(entry.name) for entry in context.entries} | set(map(normal, context.code))
    return any(posixpath.basename(name) == posixpath.basename(path) for name in names)


@rule("NEO-HD-015")
def absent_files(context: CheckContext) -> Iterator[Hit]:
    """The files that the script reads are in the archive."""
    for opened in _first(context):
        there = _is_named if opened.loose else _is_there
        if not there(opened.path, context) and not _COMPILED.fullmatch(opened.path):
            yield Hit(
                message=f"{opened.call} reads {opened.path!r}, which is not in the archive",
                where=f"{opened.script}:{opened.line}",
                values={"file": opened.path},
            )


@rule("NEO-HD-016")
def name_of_compiled_model(context: CheckContext) -> Iterator[Hit]:
    """The script loads the compiled model by the name that Neo gives it."""
    for opened in _first(context):
        is_model = _COMPILED.fullmatch(opened.path) and opened.path.endswith(_MODEL)
        if is_model and not _is_there(opened.path, context):
            yield Hit(
                message=f"{opened.call} reads {opened.path!r}; the archive has "
                f"{named(context.models)}",
                where=f"{opened.script}:{opened.line}",
                values={"file": opened.path},
            )


@rule("NEO-HD-017", needs=("info",))
def loads_as_pickle(context: CheckContext) -> Iterator[Hit]:
    """The script loads TorchScript with torch.jit.load."""
    if context.info is None or context.info.format != "torchscript":
        return
    models = {normal(name) for name in context.models}
    for opened in _opened(context):
        is_model = opened.path in models or _COMPILED.fullmatch(opened.path)
        if opened.call == "torch.load" and is_model and opened.path.endswith((".pt", ".pth")):
            yield Hit(
                message=f"torch.load reads {opened.path!r}, which is TorchScript",
                where=f"{opened.script}:{opened.line}",
            )


# --- a GPU ----------------------------------------------------------------------------------


@rule("NEO-HD-018")
def moves_to_gpu(context: CheckContext) -> Iterator[Hit]:
    """The script uses a GPU only if the target has one."""
    parts = _parts(context)
    if parts is None or context.target.accelerator == "NVIDIA" or _asks_for_gpu(parts[0].tree):
        return
    script, pieces = parts
    calls = [
        node
        for piece in pieces
        for node in certain_nodes(piece.statements)
        if isinstance(node, ast.Call) and _on_gpu(node)
    ]
    if calls:
        yield Hit(
            message=f"{dotted(calls[0].func)}() needs a GPU, which {context.target.name} lacks",
            where=f"{script.name}:{calls[0].lineno}",
            values={"target": context.target.name},
        )


def _asks_for_gpu(tree: ast.AST) -> bool:
    asking = {"is_available", "device_count"}
    return any(
        isinstance(n, ast.Attribute | ast.Name) and _word(n) in asking for n in ast.walk(tree)
    )


def _word(node: ast.Attribute | ast.Name) -> str:
    return node.attr if isinstance(node, ast.Attribute) else node.id


def _on_gpu(call: ast.Call) -> bool:
    """``.cuda()``, ``.to("cuda")``, ``torch.device("cuda:0")``, ``map_location="cuda"``."""
    name = called(call)
    if name == "cuda":
        return isinstance(call.func, ast.Attribute)
    given = [*(call.args if name in ("to", "device") else ()), *(k.value for k in call.keywords)]
    return any(
        isinstance(value, ast.Constant) and re.fullmatch(r"cuda(:\d+)?", str(value.value))
        for value in given
    )


RULES: tuple[Rule, ...] = (
    absent_modules,
    absent_files,
    name_of_compiled_model,
    loads_as_pickle,
    moves_to_gpu,
)
