"""What an archive was made from: its files by their digests, and what else decides its bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from neopack.values.json import AnyJson
from neopack.values.signature import InputRequest

__all__ = ["Material", "Origin", "Use"]

Use: TypeAlias = Literal[
    "model", "code", "weights", "data", "example", "handler", "archive", "calibration"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Material:
    """A file. ``path`` is relative to the folder in which the archive was packaged, with slashes.
    Of a file outside of it, ``elsewhere``, it is the name alone: where that lies is the affair of
    one machine."""

    path: str
    use: Use
    sha256: str
    elsewhere: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """How an archive came to be, without times and places.

    ``source`` is what was packaged: ``module:callable``, a path like those of the materials, or
    the class of a live object. ``arguments`` went to the callable. ``options`` are those of
    ``package`` that are not its defaults, by their names in Python. ``packages`` are the installed
    packages that the export imported, with their versions. ``complete`` says that what the export
    read was recorded. It is not where the caller's own process exported a live object, where an
    old runtime built the model, or where a file changed while it was exported.
    """

    kind: Literal["callable", "file", "object"]
    source: str
    framework: str = ""
    inputs: tuple[InputRequest, ...] = ()
    arguments: Mapping[str, AnyJson] = field(default_factory=dict)
    weights: str = ""
    options: Mapping[str, AnyJson] = field(default_factory=dict)
    materials: tuple[Material, ...] = ()
    packages: Mapping[str, str] = field(default_factory=dict)
    complete: bool = True
