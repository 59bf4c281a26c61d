"""What Neo asks of CompilerOptions.

Source: botocore 1.43.11 OutputConfig.CompilerOptions (2026), for ml_eia2 botocore 1.34.0
(2023-12); the keys stand in ``facts/options.toml``.
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
from neopack.rules.rule import Hit, Inspection, Rule, rule
from neopack.values.json import AnyJson

__all__ = ["RULES", "options_of"]

_WHERE = "CompilerOptions"


def options_of(inspection: Inspection) -> CompilerOptions:
    """The options as written; empty where they are absent or unreadable."""
    text = inspection.compiler_options
    return (parse_options(text) if text else None) or CompilerOptions(form="object", keys={})


def _known(inspection: Inspection) -> dict[str, Option]:
    rows = facts.options(inspection.target, inspection.framework)
    return {option.key: option for option in rows}


def _at(key: str) -> str:
    return f"{_WHERE}: {key}"


@rule("NEO-CO-001")
def length(inspection: Inspection) -> Iterator[Hit]:
    """3 to 1024 characters, so {} is refused (botocore)."""
    text, limit = inspection.compiler_options, facts.limit("CompilerOptions")
    if text is None or limit.minimum <= len(text) <= (limit.maximum or len(text)):
        return
    hint = "leave them out instead" if len(text) < limit.minimum else "shorten them"
    yield Hit(
        message=f"{len(text)} characters, where the API takes {limit.minimum} to {limit.maximum}; "
        + hint,
        where=_WHERE,
    )


@rule("NEO-CO-002", needs=("compiler_options",))
def not_json(inspection: Inspection) -> Iterator[Hit]:
    """Strict JSON, as every SDK sends it."""
    try:
        strict_json(inspection.compiler_options or "")
    except Malformed as error:
        form = facts.string_form(inspection.target)
        hint = f"write {form.example}" if form else error.hint or "write strict JSON"
        yield Hit(message=f"not JSON: {error.message}; {hint}", where=_WHERE)


@rule("NEO-CO-003", needs=("options",))
def form(inspection: Inspection) -> Iterator[Hit]:
    """An object, but for ml_inf1 one JSON string of flags (botocore)."""
    written, string = options_of(inspection).form, facts.string_form(inspection.target)
    if facts.options_undocumented(inspection.target):
        return
    if string and written != "string":
        yield Hit(
            message=f"{inspection.target.name} wants one JSON string of flags: {string.example}",
            where=_WHERE,
        )
    if not string and written != "object":
        yield Hit(message=f"{inspection.target.name} wants a JSON object of options", where=_WHERE)


@rule("NEO-CO-004")
def required(inspection: Inspection) -> Iterator[Hit]:
    """An NVIDIA platform needs gpu-code, trt-ver and cuda-ver (botocore)."""
    group = facts.option_group_required(inspection.target, inspection.framework)
    keys = [option.key for option in _known(inspection).values() if option.together == group]
    given = options_of(inspection).keys
    absent = [key for key in keys if group and key not in given]
    if absent:
        yield Hit(
            message=f"{inspection.target.name} needs {', '.join(absent)}",
            where=_WHERE,
            values={"keys": ", ".join(keys)},
        )


@rule("NEO-CO-005", needs=("options",))
def incomplete(inspection: Inspection) -> Iterator[Hit]:
    """Keys that belong together come together (guide, neo-job-compilation-cli)."""
    given, known = options_of(inspection).keys, _known(inspection)
    demanded = facts.option_group_required(inspection.target, inspection.framework)
    for group in sorted({known[key].together for key in given if key in known} - {"", demanded}):
        keys = [option.key for option in known.values() if option.together == group]
        absent = [key for key in keys if key not in given]
        if absent:
            yield Hit(
                message=f"{', '.join(keys)} go together; {', '.join(absent)} not given",
                where=_WHERE,
                values={"keys": ", ".join(keys)},
            )


@rule("NEO-CO-006", needs=("options",))
def unknown_key(inspection: Inspection) -> Iterator[Hit]:
    """Each key is one that is documented for the target."""
    known = _known(inspection)
    if facts.options_undocumented(inspection.target):
        return
    for key in options_of(inspection).keys:
        if key not in known:
            close = facts.nearest(key, known)
            takes = f"it takes {', '.join(known)}" if known else "it takes none"
            hint = f"did you mean {close}?" if close else takes
            yield Hit(
                message=f"{key!r} is not documented for {_pair(inspection)}; {hint}",
                where=_at(key),
            )


def _pair(inspection: Inspection) -> str:
    return f"{facts.framework(inspection.framework).title} on {inspection.target.name}"


@rule("NEO-CO-007", needs=("options",))
def bad_value(inspection: Inspection) -> Iterator[Hit]:
    """Each value is of the kind and in the range that is documented."""
    known = _known(inspection)
    for key, value in options_of(inspection).keys.items():
        problem = _problem(known[key], value) if key in known else ""
        if problem:
            yield Hit(message=f"{key} is {str(value)[:60]!r}; {problem}", where=_at(key))


def _problem(option: Option, value: AnyJson) -> str:
    if option.type == "integer":
        low, high = option.minimum, option.maximum
        fits = type(value) is int and (low is None or low <= value)
        return "" if fits and (high is None or value <= high) else f"it is {low} to {high}"
    if option.type == "words":
        fits = isinstance(value, list) and all(isinstance(word, str) for word in value)
        return "" if fits and value else "it is a list of strings"
    if not isinstance(value, str) or not value:
        return "it is a string"
    if option.values and value not in option.values:
        return f"it is one of {', '.join(option.values)}"
    if option.pattern and not re.fullmatch(option.pattern, value):
        return f"it has the form {option.pattern}"
    return ""


@rule("NEO-CO-008", needs=("options",))
def absent_member(inspection: Inspection) -> Iterator[Hit]:
    """class_labels names a file in the archive (botocore)."""
    names = {normal(entry.name) for entry in inspection.entries if entry.kind == "file"}
    given = options_of(inspection).keys
    for key, option in _known(inspection).items():
        value = given.get(key)
        if option.type == "member" and isinstance(value, str) and normal(value) not in names:
            yield Hit(
                message=f"{key} names {value!r}, which is not in the archive",
                where=_at(key),
                values={"name": value},
            )


@rule("NEO-CO-009", needs=("options",))
def exclusive(inspection: Inspection) -> Iterator[Hit]:
    """signature_def_key is for a SavedModel, output_names for a frozen graph (botocore 1.34.0)."""
    given = options_of(inspection).keys
    for key, option in _known(inspection).items():
        both = [other for other in option.excludes if other in given and key in given]
        if both and key < both[0]:  # once for each pair
            yield Hit(message=f"{key} and {both[0]} exclude each other", where=_at(key))


@rule("NEO-CO-010", needs=("options",))
def reserved_flags(inspection: Inspection) -> Iterator[Hit]:
    """Flags that Neo sets itself are left to it (Neuron's command line reference)."""
    form_ = facts.string_form(inspection.target)
    words = options_of(inspection).flags.split()
    for flag in form_.reserved if form_ else ():
        if any(word == flag or word.startswith(f"{flag}=") for word in words):
            yield Hit(message=f"{flag} is set by Neo itself; leave it out", where=_at(flag))


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
