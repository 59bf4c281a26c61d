"""Requirements of frameworks that Neo lists but neopack does not read.

Source: neo-ai/neo-loader@06788c0 (2022-08-17). The rules for all frameworks judge their files,
names and strings.
"""

from __future__ import annotations

from collections.abc import Iterator

from neopack.rules.dataconfig import inputs_of
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.json import Json

__all__ = ["RULES"]

_ROWS_AND_COLUMNS = 2


def _shapes(context: CheckContext) -> Iterator[tuple[str, list[Json]]]:
    for name, value in inputs_of(context).inputs:
        if isinstance(value, list):
            yield name, value


@rule("NEO-SK-001", needs=("config",))
def two_dims(context: CheckContext) -> Iterator[Hit]:
    """A shape is rows by columns (loader)."""
    for name, shape in _shapes(context):
        if len(shape) != _ROWS_AND_COLUMNS:
            yield Hit(message=f"{name} has {len(shape)} dims", where=f"DataInputConfig: {name}")


@rule("NEO-SK-002", needs=("config",))
def fixed_columns(context: CheckContext) -> Iterator[Hit]:
    """The number of columns is given (loader)."""
    for name, shape in _shapes(context):
        if len(shape) == _ROWS_AND_COLUMNS and shape[1] == -1:
            yield Hit(message=f"{name} has -1 columns", where=f"DataInputConfig: {name}")


RULES: tuple[Rule, ...] = (two_dims, fixed_columns)
