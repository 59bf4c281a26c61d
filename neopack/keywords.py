"""The options of the command line in Python's words: ``--force`` is ``force=True``."""

from __future__ import annotations

import re

__all__ = ["in_python"]

# keywords that are named otherwise than their option
NAMES = {
    "arg": "arguments",
    "constant": "constants",
    "input": "inputs",
    "output": "path",
    "output-name": "outputs",
    "tag": "tags",
}
SWITCHES = ("force", "script", "strict", "trust-pickle", "verify")
VALUES = (
    *NAMES,
    "bind",
    "code",
    "engine",
    "example",
    "form",
    "framework",
    "framework-version",
    "ignore",
    "level",
    "max-difference",
    "missing",
    "precision",
    "runtime",
    "seed",
    "select",
    "signature",
    "target",
    "weights",
)
# a value is a file, a name or a number; other words go on with the sentence
VALUE = (
    r"(?P<value>NAME=[\d,]+|\w+=[\d,]+|[A-Z]{3,}(?:\.\w+)?|\d[\w.-]*|\w+[-_]\w+|nan|positional)"
)
OPTION = re.compile(
    rf"--(?P<name>{'|'.join(sorted((*SWITCHES, *VALUES), key=len, reverse=True))})(?![\w-])"
    rf"(?:[ =]{VALUE})?"
)


def in_python(hint: str) -> str:
    """A hint with the keywords of ``neopack.api`` in place of options."""
    return OPTION.sub(_keyword, hint)


def _keyword(match: re.Match[str]) -> str:
    option, value = match["name"], match["value"]
    name = NAMES.get(option, option.replace("-", "_"))
    if option in SWITCHES:
        rest = match[0].removeprefix(f"--{option}")
        return f"{name}=True{rest}"
    return f"{name}={_literal(name, value)}" if value else name


def _literal(name: str, value: str) -> str:
    key, equals, dims = value.partition("=")
    if name == "inputs" and equals:
        return f'{{"{key}": ({dims.replace(",", ", ")})}}'
    if re.fullmatch(r"\d+|\d*\.\d+(e-?\d+)?|\d+e-?\d+", value) and not name.endswith("version"):
        return value
    return 'float("nan")' if value == "nan" else f'"{value}"'
