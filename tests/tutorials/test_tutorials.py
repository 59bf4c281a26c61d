"""Each tutorial, and each page of answers, is carried out in an empty directory, and prints what
it shows."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from neopack.runtimes.managing import install_runtimes
from neopack.values.log import SilentLog

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
TUTORIALS = [page for page in DOCS.glob("tutorials/*.md") if page.stem != "README"]
PAGES = sorted([*TUTORIALS, DOCS / "questions.md", DOCS / "neo.md"])
FENCE = "`" * 3
# a page shows what a reader sees who has these already, as most of its commands find them
RUNTIME = re.compile(r"(?:proven in|runtimes install) ([a-z-]+-[0-9]+\.[0-9]+\.[0-9]+)")


def load() -> Any:
    found = importlib.util.spec_from_file_location("run_tutorial", ROOT / "tools/run_tutorial.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    # dataclasses look their module up
    sys.modules["run_tutorial"] = module
    found.loader.exec_module(module)
    return module


tool = load()


@pytest.mark.tutorial
@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_a_tutorial_goes_as_it_says(page: Path, tmp_path: Path) -> None:
    text = page.read_text("utf-8")
    install_runtimes(sorted(set(RUNTIME.findall(text))), SilentLog())
    ran = list(tool.run(text, tmp_path))
    assert len(ran) > 2
    assert not list(tool.faults(ran))


# --- the tool that runs them --------------------------------------------------------------------


def page_of(*blocks: str) -> str:
    return "# Page\n\n" + "\n".join(f"{FENCE}{block}\n{FENCE}\n" for block in blocks)


def faults(text: str, folder: Path) -> list[str]:
    return list(tool.faults(list(tool.run(text, folder))))


def test_files_are_written_and_commands_share_a_shell(tmp_path: Path) -> None:
    text = page_of(
        "python\n# sub/say.py\nprint(1 + 1)",
        "console\n$ python sub/say.py\n2\n$ word=there; cd sub\n$ echo $word; ls\nthere\nsay.py",
        "json\n{}",
    )
    assert faults(text, tmp_path) == []


@pytest.mark.parametrize(
    "block",
    [
        "console\n$ echo two\none",
        "console\n$ echo one",
        "console\n$ true\none",
        "console\n$ false",
        "console\n$ echo one >&2; echo two\ntwo\none",
    ],
)
def test_what_is_shown_otherwise_than_it_is_is_found(block: str, tmp_path: Path) -> None:
    assert len(faults(page_of(block), tmp_path)) == 1


def test_a_code_is_shown_by_the_next_command(tmp_path: Path) -> None:
    assert faults(page_of("console\n$ (exit 3)\n$ echo $?\n3"), tmp_path) == []


@pytest.mark.parametrize(
    ("shown", "printed", "line", "same"),
    [
        ("exporting: 1.2 s", "exporting: 10.9 s", "neopack package", True),
        ("differ by 0 of the largest", "differ by 1.2e-07 of the largest", "neopack verify", True),
        ("torch 2.13.0+cpu", "torch 2.14.1", "pip list", True),
        ("proven in pytorch-1.8.1", "proven in pytorch-1.9.1", "neopack verify", False),
        ("ONNX 1.7.0", "ONNX 1.6.0", "neopack check", False),
        ("60 rules: 0 errors", "60 rules: 1 errors", "neopack check", False),
        ("a  24.6  fp32", "a 1024.6 fp32", "neopack bench a", True),
        ("a\n...\nb", "a\nx\ny\nb", "any", True),
        ("a\n...\nb", "a\nx\ny", "any", False),
    ],
)
def test_what_may_differ(shown: str, printed: str, line: str, same: bool) -> None:
    assert tool.holds(f"{shown}\n", f"{printed}\n", line) is same


def test_a_page_is_written_anew(tmp_path: Path) -> None:
    text = page_of("console\n$ echo one\nold\n$ echo two; echo three\ntwo\n...")
    ran = list(tool.run(text, tmp_path))
    assert tool.rewritten(text, ran) == text.replace("old", "one")


def test_what_a_page_left_running_ends_with_it(tmp_path: Path) -> None:
    text = page_of("console\n$ sleep 600 & echo $! > pid")
    assert faults(text, tmp_path) == []
    process = Path("/proc", (tmp_path / "pid").read_text().strip(), "cmdline")
    assert not process.exists() or not process.read_bytes()


def test_a_command_that_never_ends_is_ended(tmp_path: Path) -> None:
    shell = tool.Shell(tmp_path, seconds=0.2)
    with pytest.raises(RuntimeError, match="the shell ended in 'sleep 600'"):
        shell.run("sleep 600")
    shell.close()
