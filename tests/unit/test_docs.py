"""The pages: written ones up to date, links that lead somewhere, commands that parse, examples
that run."""

from __future__ import annotations

import doctest
import importlib.util
import re
import shlex
from collections.abc import Iterator
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest

from neopack import facts

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("templates/**/*.md")],
    key=lambda path: str(path),
)
FENCE = re.compile(r"^```(?P<kind>\w*)\n(?P<text>.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\((?P<to>[^)\s]+)\)")
SHELL = {"|", "&&", "&", ">", "2>"}
SETTING = re.compile(r"[A-Z_]+=\S*")


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.fixture(scope="session")
def generate() -> Any:
    found = importlib.util.spec_from_file_location("generate", ROOT / "docs" / "generate.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


# --- what is written from the code --------------------------------------------------------------


def test_the_generated_pages_are_up_to_date(generate: Any) -> None:
    pages = generate.pages()
    old = [page for page, text in pages.items() if written(page) != text]
    assert not old, "run: python docs/generate.py"


def test_every_file_that_the_tree_names_exists() -> None:
    page = (ROOT / "docs" / "tree.md").read_text("utf-8")
    table = page.split("## Where a change goes")[1]
    named = [path for path in re.findall(r"`([\w./-]+/[\w./-]*)`", table) if "NAME" not in path]
    assert len(named) > 20
    assert not [path for path in named if not (ROOT / path).exists()]


def written(page: str) -> str:
    path = ROOT / "docs" / page
    return path.read_text("utf-8") if path.is_file() else ""


def test_each_command_has_a_page_and_no_other(generate: Any) -> None:
    names = {path.stem for path in (ROOT / "docs" / "commands").iterdir()}
    assert names == set(generate.command_line().commands)


def test_every_rule_has_a_section() -> None:
    page = written("rules.md")
    assert not [id_ for id_ in facts.error_ids() if f"### {id_}\n" not in page]


# --- links --------------------------------------------------------------------------------------


def anchors(page: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", FENCE.sub("", page.read_text("utf-8")), re.MULTILINE)
    plain = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {heading.replace(" ", "-") for heading in plain}


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for link in LINK.finditer(FENCE.sub("", page.read_text("utf-8"))):
        if link["to"].startswith(("http://", "https://")):
            continue
        where, _, anchor = link["to"].partition("#")
        to = (page.parent / where).resolve() if where else page
        assert to.exists(), link["to"]
        assert to.is_relative_to(ROOT), link["to"]
        assert not anchor or anchor in anchors(to), link["to"]


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_a_page_names_no_machine_and_no_registry(page: Path) -> None:
    text = page.read_text("utf-8")
    assert not re.search(r"/root/|/work/|/home/|/tmp/neopack|pypi\.|download\.pytorch", text)


# --- commands -----------------------------------------------------------------------------------


def commands(page: Path) -> Iterator[list[str]]:
    """The arguments of every ``neopack`` line: after ``$`` in any block, bare in ``sh``."""
    for block in FENCE.finditer(page.read_text("utf-8")):
        text = block["text"].replace("\\\n", " ")
        prompt = "" if block["kind"] in {"sh", "bash"} else "$ "
        for line in text.splitlines():
            words = shlex.split(line.removeprefix(prompt), comments=True) if prompt in line else []
            while words and SETTING.fullmatch(words[0]):
                words = words[1:]
            if line.startswith(prompt) and words and words[0].endswith("neopack"):
                yield list(takewhile(lambda word: word not in SHELL, words[1:]))


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_every_command_parses(page: Path, generate: Any) -> None:
    root = generate.command_line()
    for words in commands(page):
        if words[0].startswith("-"):
            assert words[0] in {"--help", "--version", "--install-completion"}
            continue
        context = root.make_context("neopack", list(words), resilient_parsing=True)
        command = root.get_command(context, words[0])
        assert command is not None, words
        if words[1:] not in (["--help"], ["-h"]):
            command.make_context(words[0], words[1:], parent=context)


def test_commands_are_found_at_all(generate: Any) -> None:
    found = [words[0] for page in PAGES for words in commands(page)]
    assert {"package", "check", "compile", "run", "bench"} <= set(found)


# --- examples -----------------------------------------------------------------------------------


def test_the_python_examples_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = str(ROOT / "docs" / "python.md")
    done = doctest.testfile(page, module_relative=False, globs={"__name__": "__main__"})
    assert done.attempted > 15
    assert not done.failed
