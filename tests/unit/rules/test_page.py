"""docs/rules.md is what docs/generate.py writes, and has a section for each rule."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from neopack import facts

DOCS = Path(__file__).parents[3] / "docs"


def test_the_page_is_up_to_date() -> None:
    found = importlib.util.spec_from_file_location("docs_generate", DOCS / "generate.py")
    assert found is not None
    assert found.loader is not None
    generate = importlib.util.module_from_spec(found)
    found.loader.exec_module(generate)
    written = (DOCS / "rules.md").read_text("utf-8")
    assert generate.page() == written, "run: python docs/generate.py"
    for id_ in facts.error_ids():
        assert f"### {id_}\n" in written
