"""The inputs that a rule needs, and those that may be absent."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter

from neopack import facts, versions
from neopack.dataconfig.compiler_options import parse_options
from neopack.dataconfig.data_input_config import parse_config
from neopack.rules.rule import CheckContext, Rule
from neopack.values.model import StoresInputs

__all__ = ["config_required", "excused", "lacking"]

_REASONS = {
    "code": "the archive has no code",
    "compiler_options": "no CompilerOptions were given",
    "config": "DataInputConfig is not readable",
    "data_input_config": "no DataInputConfig was given",
    "framework_version": "no framework version was given",
    "info": "the model could not be read",
    "info.signature": "the model does not state its inputs",
    "models": "the archive has no model file",
    "options": "CompilerOptions are not readable",
}
_NOTHING: tuple[object, ...] = (None, "", (), {})
# Needs that are parsed from a field: the field, and the parser.
_READ: dict[str, tuple[str, Callable[[str], object]]] = {
    "config": ("data_input_config", parse_config),
    "options": ("compiler_options", parse_options),
}


def lacking(rule: Rule, context: CheckContext) -> str:
    """Return why a rule cannot be checked, or "". A need may be dotted: info.signature."""
    for need in rule.needs:
        if _value(context, need) in _NOTHING:
            field = _READ.get(need, (need,))[0]
            absent = getattr(context, field.partition(".")[0]) in _NOTHING
            lacks = field if absent else need
            reason = _REASONS.get(lacks, f"{lacks} is unknown")
            unreadable = need.startswith("info") and context.unreadable
            return f"{reason}: {context.unreadable}" if unreadable else reason
    return ""


def _value(context: CheckContext, need: str) -> object:
    if need in _READ:
        field, read = _READ[need]
        text = getattr(context, field)
        return None if text is None else read(text)
    first, _, rest = need.partition(".")
    value = getattr(context, first)
    return attrgetter(rest)(value) if rest and value is not None else value


def excused(rule: Rule, context: CheckContext) -> bool:
    """Whether a need of the rule may be absent, so that the rule does not apply."""
    if not rule.needs:
        return False
    needs = {_READ.get(need, (need, None))[0] for need in rule.needs}
    if "returned" in needs and context.returned is None:
        return True
    if "compiler_options" in needs and context.compiler_options is None:
        return True
    no_config = "data_input_config" in needs and context.data_input_config is None
    return no_config and not config_required(context)


def config_required(context: CheckContext) -> str:
    """Return why DataInputConfig is required here, or "" if it may be left out.

    Optional since 2023-09-05 for XGBoost, and for PyTorch 2.0 and later on cloud instances
    when the trace stores its inputs (SageMaker developer guide, neo-troubleshooting, 2026).
    """
    row = facts.config_optional(context.framework)
    title = facts.framework(context.framework).title
    if row is None:
        return f"{title} models do not tell Neo their input shapes"
    if (context.as_of or facts.newest()) < row.since:
        return f"it was required until {row.since}"
    if row.kinds and context.target.kind not in row.kinds:
        return f"on {context.target.name} Neo does not derive the shapes"
    if row.version_from and not versions.at_least(context.framework_version, row.version_from):
        return f"Neo derives the shapes from {title} {row.version_from} on"
    stored = context.info.facts if context.info is not None else None
    if row.stored_inputs and not (isinstance(stored, StoresInputs) and stored.stored_inputs):
        return "the file does not store its inputs, from which Neo could derive the shapes"
    return ""
