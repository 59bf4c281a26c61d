"""The first files of a project: ``init``."""

from __future__ import annotations

from pathlib import Path
from typing import Unpack

from neopack.beginning.options import InitChoices, InitOptions
from neopack.beginning.writing import BegunProject, begin
from neopack.options import Place, chosen

__all__ = ["init"]


def init(
    folder: Place = ".", *, options: InitOptions | None = None, **choices: Unpack[InitChoices]
) -> BegunProject:
    """Write neopack.toml, its schema, .gitignore, and what ``options`` name into ``folder``.

    Raises ``OutputError`` that names all files that exist, ``UsageError`` for an unknown framework
    or target, ``Unsupported`` for handlers where no container runs a script; nothing is written
    then.
    """
    return begin(Path(folder), chosen(InitOptions, options, choices))
