"""The failure reasons of emulated jobs, in Neo's words: ``reasons.toml`` and the rules."""

from __future__ import annotations

import re
import tomllib
from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from pathlib import Path

__all__ = ["LONGEST", "known", "reason", "said"]

# FailureReason of the API
LONGEST = 1024
USER_ERROR = "ClientError: "
# <e>: the message of the framework; <v>: a version of the service; dots: either of them
PLACE = re.compile(r" ?(?:<\w+>|\.\.\.)")
PREFIXES = ("ClientError", "Client Error", "ServerError")


@cache
def _rows() -> Mapping[str, str]:
    path = Path(__file__).with_name("reasons.toml")
    rows: dict[str, str] = tomllib.loads(path.read_text("utf-8"))["reason"]
    return rows


def known() -> tuple[str, ...]:
    return tuple(_rows())


def reason(name: str, **words: str) -> str:
    """Return the reason of that name, or ``name`` itself if it is a reason in words."""
    form = _rows().get(name)
    filled = form.format_map(defaultdict(str, words)) if form is not None else name
    return filled[:LONGEST]


def said(words: str) -> str:
    """Return a rule's ``said_by_neo`` in the service's form: with the class of the error, and
    without the placeholders that only the service could fill in."""
    filled = PLACE.sub("", words).replace("  ", " ").strip()
    return (filled if filled.startswith(PREFIXES) else USER_ERROR + filled)[:LONGEST]
