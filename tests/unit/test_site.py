"""The pages as a site: they build strictly, fetch nothing, and each is in the menu."""

from __future__ import annotations

import importlib.util
import re
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
# what a browser fetches by itself
FETCHED = re.compile(r"<(?:script|img|iframe)[^>]+src=\"?https?:|<link[^>]+href=\"?https?:")


@pytest.fixture(scope="session")
def tool() -> Any:
    found = importlib.util.spec_from_file_location("site", ROOT / "tools" / "build_site.py")
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def site(tool: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made: Path = tmp_path_factory.mktemp("site") / "site"
    code, said = tool.build(made)
    assert code == 0, said
    return made


def listed(entries: list[Any]) -> Iterator[str]:
    for entry in entries:
        if isinstance(entry, str):
            yield entry
        else:
            for below in entry.values():
                yield from listed(below)


def test_every_page_is_in_the_menu_once(tool: Any) -> None:
    menu = tomllib.loads((ROOT / tool.CONFIG).read_text("utf-8"))["project"]["nav"]
    pages = {
        str(page.relative_to(ROOT))
        for pattern in tool.PAGES
        for page in ROOT.glob(pattern)
        if page.suffix == ".md"
    }
    assert sorted(listed(menu)) == sorted(pages)


def test_every_page_is_built_and_fetches_nothing(site: Path, tool: Any) -> None:
    for pattern in ("docs/*.md", "docs/**/*.md"):
        for page in ROOT.glob(pattern):
            name = page.relative_to(ROOT).with_suffix(".html")
            built = site / (name.with_name("index.html") if page.stem == "README" else name)
            assert FETCHED.search(built.read_text("utf-8")) is None, built


def test_tables_are_tables(site: Path) -> None:
    built = (site / "docs" / "commands" / "check.html").read_text("utf-8")
    assert "<td><code>--all-targets</code></td>" in built


@pytest.mark.parametrize("link", ["gone.md", "install.md#gone"])
def test_a_link_to_nowhere_fails_the_build(link: str, tool: Any, tmp_path: Path) -> None:
    for page in ("docs/install.md", "docs/README.md", tool.CONFIG):
        (tmp_path / "root" / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / page, tmp_path / "root" / page)
    (tmp_path / "root" / "docs" / "new.md").write_text(f"# New\n\n[this]({link})\n")
    code, said = tool.build(tmp_path / "site", tmp_path / "root")
    assert code == 1
    assert "docs/new.md:3" in said
    assert not (tmp_path / "site").exists()
