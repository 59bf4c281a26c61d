"""The attributes with which TVM does not convert an operator of MXNet that it knows, and the
operators of TensorFlow that it computes otherwise: ``tvm_settings.toml``."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache

from neopack.facts.rows import facts_file

__all__ = ["TvmSetting", "tvm_computes_otherwise", "tvm_settings"]

NOT_WRITTEN = ("", "None")


@dataclass(frozen=True, slots=True, kw_only=True)
class TvmSetting:
    """How operators may be written that TVM does not convert so; see the file. ``does`` is
    ``refused``, ``wrong`` or ``may``."""

    has: Mapping[str, tuple[str, ...]]
    lacks: Mapping[str, tuple[str, ...]]
    items: Mapping[str, int]
    zeros: tuple[str, ...]
    beside: str
    does: str
    words: str

    def holds(self, attributes: Mapping[str, str], operators: Collection[str]) -> bool:
        """Whether a node of a symbol that has ``operators`` is written so."""
        return (
            self.beside not in operators
            and all(_value(attributes, name) in values for name, values in self.has.items())
            and all(_value(attributes, name) not in values for name, values in self.lacks.items())
            and all(len(_parts(attributes, name)) == count for name, count in self.items.items())
            and all("0" in _parts(attributes, name) for name in self.zeros)
        )


def _value(attributes: Mapping[str, str], name: str) -> str:
    text = attributes.get(name, "")
    return "" if text in NOT_WRITTEN else text


def _parts(attributes: Mapping[str, str], name: str) -> list[str]:
    inside = attributes.get(name, "").strip("()[] ")
    return [part.strip() for part in inside.split(",") if part.strip()]


@cache
def tvm_settings() -> Mapping[str, tuple[TvmSetting, ...]]:
    """Return them by operator."""
    settings: dict[str, tuple[TvmSetting, ...]] = {}
    for row in facts_file("tvm_settings").tables("setting"):
        setting = TvmSetting(
            has=row.lists("is"),
            lacks=row.lists("not"),
            items=row.numbers("items"),
            zeros=row.texts("zeros"),
            beside=row.text("beside", ""),
            does=row.text("does"),
            words=row.text("words"),
        )
        for operator in row.texts("operators"):
            settings[operator] = (*settings.get(operator, ()), setting)
    return settings


def tvm_computes_otherwise(*, sure: bool) -> Mapping[str, str]:
    """Return operators of TensorFlow that TVM computes otherwise, each with what: for all inputs
    if ``sure``, else for some."""
    return facts_file("tvm_settings").table("tensorflow").words("wrong" if sure else "may")
