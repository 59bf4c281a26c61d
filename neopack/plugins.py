"""The implementations of a plug-in point: built-in ones, and those of entry points.

Listing imports nothing; an implementation is imported when it is first asked for.
"""

from __future__ import annotations

import importlib
import tomllib
import warnings
from collections.abc import Mapping
from functools import cached_property
from importlib import resources
from typing import Any, Generic, TypeVar, cast

__all__ = ["Plugins"]

T = TypeVar("T")


class Plugins(Generic[T]):
    """Implementations of the Protocol ``T``. ``package`` holds registry.toml and is the entry
    point group; each module listed there has its implementation under ``attribute``."""

    def __init__(self, package: str, attribute: str) -> None:
        self._package, self._attribute = package, attribute

    def names(self) -> tuple[str, ...]:
        return (*self.rows, *sorted(set(self._plug_ins) - set(self.rows)))

    def get(self, name: str) -> T | None:
        """The implementation, or None where there is none of that name."""
        if name in self.rows:
            module = importlib.import_module(self.rows[name]["module"])
            return cast("T", getattr(module, self._attribute))
        return self._plug_ins.get(name)

    @cached_property
    def rows(self) -> Mapping[str, dict[str, Any]]:
        file = resources.files(self._package).joinpath("registry.toml")
        return tomllib.loads(file.read_text("utf-8"))

    @cached_property
    def _plug_ins(self) -> Mapping[str, T]:
        from importlib.metadata import entry_points

        found: dict[str, T] = {}
        for entry in entry_points(group=self._package):
            try:
                found[entry.name] = entry.load()
            except Exception as error:  # noqa: BLE001 - a stranger's code; one warning is the rule
                warnings.warn(f"plug-in {entry.name} cannot be loaded: {error}", stacklevel=2)
        return found
