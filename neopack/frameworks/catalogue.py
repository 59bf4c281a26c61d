"""Find a framework by its name, or by the bytes of a file."""

from __future__ import annotations

from typing import cast

from neopack.catalogue import Catalogue
from neopack.errors import NotRecognised, UsageError
from neopack.frameworks import Framework
from neopack.types import ByteSource

__all__ = ["callable_frameworks", "get", "names", "recognise"]

_catalogue = Catalogue("neopack.frameworks", "framework")


def names() -> tuple[str, ...]:
    """Neo's words for the frameworks built in, and those that plug-ins add."""
    return _catalogue.names()


def get(name: str) -> Framework:
    """The framework of that name, in any case. Raises ``UsageError`` for an unknown one."""
    found = _catalogue.get(name.upper())
    if found is None:
        raise UsageError(f"no framework {name!r}", hint=f"there are {', '.join(names())}")
    return cast("Framework", found)


def callable_frameworks() -> tuple[str, ...]:
    """The frameworks whose models ``module:callable`` can name."""
    return tuple(name for name, row in _catalogue.rows.items() if row["callable"])


def recognise(source: ByteSource) -> tuple[Framework, str]:
    """The framework whose bytes these are, and the form they have. Raises ``NotRecognised``."""
    for name in names():
        framework = get(name)
        form = framework.recognise(source)
        if form is not None:
            return framework, form
    what = "is empty" if source.size == 0 else "is no model form that neopack knows"
    raise NotRecognised(what, where=source.name, hint=f"it reads {', '.join(names())} models")
