"""``neopack.api`` imports a verb at its first use, from where type checkers read that it is."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from neopack import api


def typed_homes() -> dict[str, str]:
    """The modules of the verbs, by the imports that type checkers alone read."""
    assert api.__file__
    tree = ast.parse(Path(api.__file__).read_text())
    block = next(
        node
        for node in tree.body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    )
    return {
        alias.name: node.module
        for node in block.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }


def test_each_verb_comes_from_where_its_types_come_from() -> None:
    homes = typed_homes()
    assert sorted(homes) == sorted(api.__all__)
    assert homes.pop("support") == "neopack"
    assert homes == api._HOMES
    assert all(getattr(api, name) is not None for name in api.__all__)


def test_a_verb_imports_nothing_of_others() -> None:
    code = "from neopack import api; api.check; import sys; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in done.stdout.split() if name.startswith("neopack.")}
    others = {"experiments", "loadtests", "serving", "provenance", "sagemaker", "build"}
    assert not rooms & others
