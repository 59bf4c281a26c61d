"""Write ``neopack/facts/mxnet_operators.toml``: the operators of each MXNet runtime with their
attributes, as it tells them itself. Run it by hand after a change of the runtimes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from neopack import facts, runtimes, versions

FILE = Path(facts.__file__).parent / "mxnet_operators.toml"
DATE = "2026-11-30"
HEAD = """\
# The operators of MXNet, by the first listed version that has them so; "gone" are those that a
# version no longer has. A row is a name and the attributes that it takes, with their types or the
# words that they may be, and "!" where they are required. "*" is an operator that ignores others.
# Written by tools/list_mxnet_operators.py.

source = "NNGetOpHandle and MXSymbolGetAtomicSymbolInfo of each version, in its own environment"
date = "{date}"

"""
KINDS = {"int": "int", "long": "int", "float": "float", "double": "float", "boolean": "bool"}


def main() -> None:
    parts, previous = [HEAD.format(date=DATE)], set[str]()
    for version, operators in releases():
        rows = {row_of(each) for each in operators}
        minor = ".".join(version.split(".")[:2])
        parts.append(f'[since."{minor}"]\n')
        for key, changed in (("new", rows - previous), ("gone", previous - rows)):
            text = "".join(f"{row}\n" for row in sorted(changed))
            parts.append(f"{key} = '''\n{text}'''\n")
        previous = rows
    FILE.write_text("".join(parts))


def releases() -> Iterator[tuple[str, list[Mapping[str, Any]]]]:
    ours = [runtimes.get(name) for name in runtimes.names() if name.startswith("mxnet-")]
    for runtime in sorted(ours, key=lambda runtime: versions.order(runtime.version)):
        with runtimes.worker(runtime.name) as worker:
            operators, _ = worker.call("operators")
        yield runtime.version, operators


def row_of(operator: Mapping[str, Any]) -> str:
    attributes = [] if operator["strict"] else ["*"]
    for name, described in operator["attributes"]:
        kind, _, rest = described.rpartition("}") if "{" in described else ("", "", described)
        words = ",".join(sorted(_words(kind)))
        shown = f":{{{words}}}" if words else _kind(rest)
        attributes.append(name + shown + "!" * ("required" in rest))
    return " ".join([operator["name"], *attributes])


def _words(kind: str) -> list[str]:
    return [quoted or bare for quoted, bare in re.findall(r"'([^']*)'|\b(None)\b", kind)]


def _kind(described: str) -> str:
    """The type, with "?" where it may be None; "" for one that is not judged."""
    kind = described.split(",", maxsplit=1)[0].replace(" (non-negative)", "")
    plain = kind.removesuffix(" or None")
    return f":{KINDS[plain]}{'?' * (plain != kind)}" if plain in KINDS else ""


if __name__ == "__main__":
    main()
