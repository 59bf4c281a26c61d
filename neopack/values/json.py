"""JSON as Python values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

__all__ = ["AnyJson", "Json"]

if TYPE_CHECKING:
    # what is written and passed on
    Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"
else:
    Json = Any  # the codec, which reads types at run time, takes it as it is

# a document that is walked: the code around it knows its form, or checks it on the way
AnyJson: TypeAlias = Any
