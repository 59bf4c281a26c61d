"""CompilerOptions: what a job says to the compiler, beside the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from neopack.dataconfig.strict_json import strict_json
from neopack.errors import Malformed
from neopack.values.json import Json

__all__ = ["CompilerOptions", "parse_options"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CompilerOptions:
    """CompilerOptions as written: an object's keys, or the flags of one string."""

    form: Literal["object", "string", "other"]
    keys: Mapping[str, Json]
    flags: str = ""


@lru_cache(maxsize=16)
def parse_options(text: str) -> CompilerOptions | None:
    """None where the text is not JSON."""
    try:
        value, _ = strict_json(text)
    except Malformed:
        return None
    if isinstance(value, dict):
        return CompilerOptions(form="object", keys=value)
    if isinstance(value, str):
        return CompilerOptions(form="string", keys={}, flags=value)
    return CompilerOptions(form="other", keys={})
