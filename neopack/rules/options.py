"""Requirements of CompilerOptions.

Source: botocore 1.43.11 OutputConfig.CompilerOptions (2026), for ml_eia2 botocore 1.34.0
(2023-12); ``facts/options.toml`` has the keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from neopack import facts
from neopack.dataconfig.compiler_options import CompilerOptions, parse_options
from neopack.dataconfig.strict_json import strict_json
from neopack.errors import Malformed
from neopack.facts import Option
from neopack.rules.members import normal
from neopack.rules.rule import CheckContext, Hit, Rule, rule
from neopack.spelling import did_you_mean
from neopack.values.json import AnyJson

__all__ = ["RULES", "options_of"]

_WHERE = "CompilerOptions"


def options_of(context: CheckContext) -> CompilerOptions:
    """Return the options as written; empty if they are absent or unreadable."""
    text = context.compiler_options
    return (parse_options(text) if text else None) or CompilerOptions(form="object", keys={})


def _known(context: CheckContext) -> dict[str, Option]:
    rows = facts.options(context.target, context.framework)
    return {option.key: option for option in rows}


def _at(key: str) -> str:
    return f"{_WHERE}: {key}"


@rule("NEO-CO-001")
def length(context: CheckContext) -> Iterator[Hit]:
    """They have 3 to 1024 characters, so {} is refused (botocore)."""
    text, limit = context.compiler_options, facts.limit("CompilerOptions")
    if text is None or limit.minimum <= len(text) <= (limit.maximum or len(text)):
        return
    hint = "leave them out instead" if len(text) < limit.minimum else "shorten them"
    yield Hit(
        message=f"{len(text)} characters, where the API takes {limit.minimum} to {limit.maximum}; "
        + hint,
        where=_WHERE,
    )


@rule("NEO-CO-002", needs=("compiler_options",))
def not_json(context: CheckContext) -> Iterator[Hit]:
    """They are strict JSON, as every SDK sends it."""
    try:
        strict_json(context.compiler_options or "")
    except Malformed as error:
        form = facts.string_form(context.target)
        hint = f"write {form.example}" if form else error.hint or "write strict JSON"
        yield Hit(message=f"not JSON: {error.message}; {hint}", where=_WHERE)


@rule("NEO-CO-003", needs=("options",))
def form(context: CheckContext) -> Iterator[Hit]:
    """They are an object, or for ml_inf1 one JSON string of flags (botocore)."""
    actual, string = options_of(context).form, facts.string_form(context.target)
    if facts.options_undocumented(context.target):
        return
    if string and actual != "string":
        yield Hit(
            message=f"{context.target.name} needs one JSON string of flags: {string.example}",
            where=_WHERE,
        )
    if not string and actual != "object":
        yield Hit(message=f"{context.target.name} needs a JSON object of options", where=_WHERE)


@rule("NEO-CO-004")
def required(context: CheckContext) -> Iterator[Hit]:
    """An NVIDIA platform needs gpu-code, trt-ver and cuda-ver (botocore)."""
    group = facts.option_group_required(context.target, context.framework)
    keys = [option.key for option in _known(context).values() if option.together == group]
    present = options_of(context).keys
    absent = [key for key in keys if group and key not in present]
    if absent:
        yield Hit(
            message=f"{context.target.name} needs {', '.join(absent)}",
            where=_WHERE,
            values={"keys": ", ".join(keys)},
        )


@rule("NEO-CO-005", needs=("options",))
def incomplete(context: CheckContext) -> Iterator[Hit]:
    """Keys that belong together are given together (guide, neo-job-compilation-cli)."""
    present, documented = options_of(context).keys, _known(context)
    demanded = facts.option_group_required(context.target, context.framework)
    for group in sorted(
        {documented[key].together for key in present if key in documented} - {"", demanded}
    ):
        keys = [option.key for option in documented.values() if option.together == group]
        absent = [key for key in keys if key not in present]
        if absent:
            yield Hit(
                message=f"{', '.join(keys)} go together; missing: {', '.join(absent)}",
                where=_WHERE,
                values={"keys": ", ".join(keys)},
            )


@rule("NEO-CO-006", needs=("options",))
def unknown_key(context: CheckContext) -> Iterator[Hit]:
    """Each key is documented for the target."""
    documented = _known(context)
    if facts.options_undocumented(context.target):
        return
    for key in options_of(context).keys:
        if key not in documented:
            takes = f"it takes {', '.join(documented)}" if documented else "there are none"
            hint = did_you_mean(key, documented, takes)
            yield Hit(
                message=f"{key!r} is not documented for {_pair(context)}; {hint}",
                where=_at(key),
            )


def _pair(context: CheckContext) -> str:
    return f"{facts.framework(context.framework).title} on {context.target.name}"


@rule("NEO-CO-007", needs=("options",))
def bad_value(context: CheckContext) -> Iterator[Hit]:
    """Each value has the documented type and range."""
    documented = _known(context)
    for key, value in options_of(context).keys.items():
        problem = _problem(documented[key], value) if key in documented else ""
        if problem:
            yield Hit(message=f"{key} is {str(value)[:60]!r}; {problem}", where=_at(key))


def _problem(option: Option, value: AnyJson) -> str:
    if option.type == "integer":
        low, high = option.minimum, option.maximum
        fits = type(value) is int and (low is None or low <= value)
        return "" if fits and (high is None or value <= high) else f"it must be {low} to {high}"
    if option.type == "words":
        fits = isinstance(value, list) and all(isinstance(word, str) for word in value)
        return "" if fits and value else "it must be a list of strings"
    if not isinstance(value, str) or not value:
        return "it must be a string"
    if option.values and value not in option.values:
        return f"it must be one of {', '.join(option.values)}"
    if option.pattern and not re.fullmatch(option.pattern, value):
        return f"it must have the form {option.pattern}"
    return ""


@rule("NEO-CO-008", needs=("options",))
def absent_member(context: CheckContext) -> Iterator[Hit]:
    """class_labels names a file in the archive (botocore)."""
    names = {normal(entry.name) for entry in context.entries if entry.kind == "file"}
    present = options_of(context).keys
    for key, option in _known(context).items():
        value = present.get(key)
        if option.type == "member" and isinstance(value, str) and normal(value) not in names:
            yield Hit(
                message=f"{key} names {value!r}, which is not in the archive",
                where=_at(key),
                values={"name": value},
            )


@rule("NEO-CO-009", needs=("options",))
def exclusive(context: CheckContext) -> Iterator[Hit]:
    """signature_def_key is for a SavedModel, output_names for a frozen graph (botocore 1.34.0)."""
    present = options_of(context).keys
    for key, option in _known(context).items():
        both = [other for other in option.excludes if other in present and key in present]
        if both and key < both[0]:  # once for each pair
            yield Hit(message=f"{key} and {both[0]} exclude each other", where=_at(key))


@rule("NEO-CO-010", needs=("options",))
def reserved_flags(context: CheckContext) -> Iterator[Hit]:
    """They do not set flags that Neo itself sets (Neuron's command line reference)."""
    form_ = facts.string_form(context.target)
    words = options_of(context).flags.split()
    for flag in form_.reserved if form_ else ():
        if any(word == flag or word.startswith(f"{flag}=") for word in words):
            yield Hit(message=f"Neo itself sets {flag}; leave it out", where=_at(flag))


RULES: tuple[Rule, ...] = (
    length,
    not_json,
    form,
    required,
    incomplete,
    unknown_key,
    bad_value,
    absent_member,
    exclusive,
    reserved_flags,
)
