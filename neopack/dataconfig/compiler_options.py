"""CompilerOptions: what a job says to the compiler, beside the model."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from neopack.dataconfig.strict_json import strict_json
from neopack.errors import Malformed, UsageError
from neopack.values.json import Json

__all__ = ["CompilerOptions", "CpuOptions", "cpu_options", "parse_options"]

WHERE = "CompilerOptions"
CPU = re.compile(r"[\w.+-]+")
FEATURE = re.compile(r"[+-][\w.-]+")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class CpuOptions:
    """What CompilerOptions say of the CPU: LLVM's name of it, and its features with + or -.
    ``others`` are the other keys."""

    mcpu: str = ""
    mattr: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    @property
    def text(self) -> str | None:
        """CompilerOptions that say this and nothing else; None where there is nothing to say."""
        keys: dict[str, Json] = {"mcpu": self.mcpu} if self.mcpu else {}
        if self.mattr:
            keys["mattr"] = list(self.mattr)
        return json.dumps(keys) if keys else None


def cpu_options(text: str | None) -> CpuOptions:
    """Raises ``UsageError`` for a CPU or features that LLVM could not have."""
    options = parse_options(text) if text else CompilerOptions(form="object", keys={})
    if options is None or options.form != "object":
        raise UsageError(f"{WHERE} are not a JSON object", hint='such as {"mcpu": "core-avx2"}')
    mcpu, mattr = options.keys.get("mcpu", ""), options.keys.get("mattr", [])
    if not isinstance(mcpu, str) or (mcpu and not CPU.fullmatch(mcpu)):
        raise UsageError(f"mcpu is {str(mcpu)[:60]!r}", where=WHERE, hint="such as core-avx2")
    if not isinstance(mattr, (list, tuple)) or not all(map(_is_feature, mattr)):
        hint = 'a list of strings, such as ["+neon"]'
        raise UsageError(f"mattr is {str(mattr)[:60]!r}", where=WHERE, hint=hint)
    others = tuple(key for key in options.keys if key not in ("mcpu", "mattr"))
    return CpuOptions(mcpu=mcpu, mattr=tuple(map(str, mattr)), others=others)


def _is_feature(value: object) -> bool:
    return isinstance(value, str) and FEATURE.fullmatch(value) is not None
