"""Operators that the compiler behind Neo does not convert, where that compiler is TVM.

Sources: the importers of apache/tvm 0.6 to 0.10 and of neo-ai/tvm, whose operators are in
``facts/tvm_operators.toml``; neo-ai/neo-loader@06788c0 (2022-08-17), which calls them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from neopack.facts.compiler_table import (
    CompilerRelease,
    converts,
    tvm_canonical,
    tvm_importer,
    tvm_instead,
    tvm_later,
    tvm_of_neo,
    tvm_said,
)
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.values.model import ImportsOperators

__all__ = ["RULES"]

MOST_NAMED = 6


@rule("NEO-TV-001", paths=("tvm",), needs=("info",))
def not_converted(context: CheckContext) -> Iterator[Hit]:
    """TVM converts each operator, in some release up to the last one that Neo may have."""
    every = (*tvm_of_neo(), *tvm_later())
    places = _refused(context, every)
    if places:
        framework, operators = context.framework, ", ".join(f"'{name}'" for name in places)
        yield Hit(
            message=f"operators that TVM does not convert: {_listed(places)}",
            where=next(iter(places.values())),
            values={
                "said": tvm_said(framework).replace("{operators}", operators),
                **_instead(framework, places),
            },
        )


@rule("NEO-TV-002", paths=("tvm",), needs=("info",))
def converted_later(context: CheckContext) -> Iterator[Hit]:
    """A release of the time of Neo's public loader converts each operator."""
    later = {
        name: place
        for name, place in _refused(context, tvm_of_neo()).items()
        if _since(context, name)
    }
    if later:
        since = {name: f"TVM {_since(context, name)} and later" for name in later}
        yield Hit(
            message=f"operators that only newer releases convert: {_listed(since)}",
            where=next(iter(later.values())),
            values=_instead(context.framework, later),
        )


def _refused(context: CheckContext, releases: Sequence[CompilerRelease]) -> dict[str, str]:
    """The operators that none of these releases converts, each with its place in the model."""
    model = context.info.facts if context.info else None
    if not isinstance(model, ImportsOperators):
        return {}
    importer = tvm_importer(context.framework, context.framework_version)
    canonical = tvm_canonical(context.framework)
    places = {canonical.get(name, name): place for name, place in model.imported.items()}
    return {
        name: places[name]
        for name in sorted(places)
        if not any(converts(importer, name, release) for release in releases)
    }


def _since(context: CheckContext, operator: str) -> str:
    """The first of the later releases that converts an operator, or ""."""
    importer = tvm_importer(context.framework, context.framework_version)
    having = (r.name for r in tvm_later() if converts(importer, operator, r))
    return next(having, "")


def _listed(remarks: Mapping[str, str]) -> str:
    """``aten::im2col (Net.forward), ...``: the operators, with a remark where there is one."""
    texts = [f"{name} ({remark})" if remark else name for name, remark in remarks.items()]
    more = f" and {len(texts) - MOST_NAMED} more" if len(texts) > MOST_NAMED else ""
    return ", ".join(texts[:MOST_NAMED]) + more


def _instead(framework: str, names: Iterable[str]) -> dict[str, str]:
    """What to write instead, as the value of ``instead``; no value where nothing is known."""
    hints = {name: tvm_instead(framework, name) for name in names}
    told = [f"instead of {name}, use {hint}" for name, hint in hints.items() if hint]
    text = "; ".join(told[:MOST_NAMED])
    return {"instead": f"{text[0].upper()}{text[1:]}."} if text else {}


RULES: tuple[Rule, ...] = (not_converted, converted_later)
