"""The mark that the emulator leaves in every artifact, so that none is mistaken for Neo's."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from neopack.formats.codec import from_json, to_json
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.json_text import read_json
from neopack.values.json import Json
from neopack.values.signature import Signature

__all__ = ["EmulatedMark"]

WHAT = "made by neopack's emulator of AWS, not by Amazon SageMaker Neo"
UNCOMPILED = f"{WHAT}; not compiled: this is the model of the request"


@dataclass(frozen=True, slots=True, kw_only=True)
class EmulatedMark:
    """``engine`` compiled the model here; "" if the model is ``unchanged``, which says why."""

    emulated: bool = True
    what: str = WHAT
    job: str
    target: str
    framework: str
    engine: str = ""
    unchanged: str = ""
    signature: Signature | None = None
    source: Mapping[str, Json]

    def dumps(self) -> bytes:
        told = replace(self, what=WHAT if self.engine else UNCOMPILED)
        return json.dumps(to_json(told), indent=2, ensure_ascii=False).encode() + b"\n"

    @classmethod
    def loads(cls, text: bytes, where: str, limits: Limits = DEFAULT_LIMITS) -> EmulatedMark:
        return from_json(cls, read_json(text, where, limits), where=where)
