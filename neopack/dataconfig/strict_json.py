"""JSON as strictly as the service reads it.

``DataInputConfig`` and ``CompilerOptions`` go over the wire as text; the open loader reads them
with ``json.loads`` (neo-ai/neo-loader@06788c0, 2022-08-17). The guide prints Python quotes, which
fail there.
"""

from __future__ import annotations

import ast
import json
import warnings
from collections import Counter

from neopack.errors import Malformed
from neopack.formats.json_text import TooLong, whole_number
from neopack.values.json import Json

__all__ = ["compact_json", "strict_json"]

_LONGEST = 1 << 16  # well past the API's limits, which are judged by their own rules


def strict_json(text: str) -> tuple[Json, tuple[str, ...]]:
    """The value, and the keys that any object in it repeats; Malformed with a hint if neither."""
    repeated: list[str] = []

    def pairs(items: list[tuple[str, Json]]) -> dict[str, Json]:
        counts = Counter(key for key, _ in items)
        repeated.extend(key for key, count in counts.items() if count > 1)
        return dict(items)

    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_constant=_no_constant, parse_int=whole_number
        )
    except RecursionError:
        raise Malformed("nested too deeply") from None
    except json.JSONDecodeError as error:
        hint = _as_json(text)
        raise Malformed(
            f"{error.msg}, line {error.lineno} column {error.colno}",
            hint=f"write {hint}" if hint else "write strict JSON with double quotes",
        ) from None
    except TooLong as error:
        raise Malformed(str(error)) from None
    return value, tuple(repeated)


def compact_json(value: object) -> str:
    """The text of a value as it goes into an API call: without spaces, names as they are."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _no_constant(word: str) -> Json:
    raise Malformed(f"{word} is not in JSON")


def _as_json(text: str) -> str:
    """A Python literal, such as the guide prints, as the JSON it stands for; empty if none."""
    if len(text) > _LONGEST:
        return ""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the user's text, the user's odd escapes
            value = ast.literal_eval(text.strip())
        return json.dumps(value, separators=(",", ":")) if isinstance(value, dict | list) else ""
    except (ValueError, TypeError, SyntaxError, RecursionError, MemoryError):
        return ""
