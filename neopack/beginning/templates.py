"""The files that are copied: in a wheel they lie in the package, in a checkout beside it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import neopack

__all__ = ["template_text"]

PACKAGE = Path(neopack.__file__).parent


def template_text(name: str, values: Mapping[str, str]) -> str:
    """The template ``name`` with each ``@KEY@`` replaced."""
    folder = PACKAGE / "templates"
    if not folder.is_dir():
        folder = PACKAGE.parent / "templates"
    text = (folder / name).read_text("utf-8")
    for key, value in values.items():
        text = text.replace(f"@{key}@", value)
    return text
