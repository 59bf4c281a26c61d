"""A call that typer refuses, in the words of the other errors: its own are those of a library that
checks types."""

import re
from typing import Any

from neopack.errors import UsageError
from neopack.spelling import did_you_mean

__all__ = ["refused"]

KINDS = {"integer": "a whole number", "number": "a number", "float": "a number"}
# as typer says it with pydantic, and as it does with click
NOT_A_KIND = re.compile(r"(?:'(?P<value>[^']*)' is not|should be) a valid (?P<kind>\w+)")
NOT_A_CHOICE = re.compile(r"'(?P<value>[^']*)' is not one of (?P<choices>'.*')")


def refused(error: Any) -> UsageError:
    """The error for what typer raised, with the command whose help says more."""
    command = error.ctx.command_path if error.ctx else "neopack"
    see = f"see {command} --help"
    name = max(getattr(getattr(error, "param", None), "opts", None) or [""], key=len)
    said = str(error.format_message()).rstrip(".")
    if name.startswith("-") and (kind := NOT_A_KIND.search(said)) and kind["kind"] in KINDS:
        value = kind["value"] or _value(error)
        return UsageError(f"{name} {value} is not {KINDS[kind['kind']]}", hint=see)
    if name.startswith("-") and (choice := NOT_A_CHOICE.search(said)):
        known = re.findall(r"'([^']*)'", choice["choices"])
        hint = did_you_mean(choice["value"], known, see)
        return UsageError(f"{name} {choice['value']} is not one of {', '.join(known)}", hint=hint)
    return UsageError(said, hint=see)


def _value(error: BaseException) -> str:
    """What was written, which pydantic keeps beside its words."""
    errors = getattr(error.__cause__, "errors", None)
    return str(errors()[0].get("input", "")) if callable(errors) else ""
