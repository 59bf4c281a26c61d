"""Write ``neopack/facts/torch_operators.toml`` and ``torch_namespaces.toml``: the operator schemas
of each PyTorch runtime with its torchvision, and of today's PyTorch. Run it by hand after a change
of the runtimes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from neopack import facts, runtimes, versions

FOLDER = Path(facts.__file__).parent
HEAD = """\
# The schemas of {whose}, by the first listed version that has them; "gone" are those
# that a version no longer has. A row is a name and the types of the arguments, with "=" after
# optional and "*" before keyword-only ones, and the return type unless it is one Tensor. Overloads
# that write into a tensor passed as "out" are left out. The last version is not a runtime: it is
# the current PyTorch of that day, and serves for the return types of its operators.
# Written by tools/list_torch_operators.py.

source = "torch._C._jit_get_all_schemas() of each version, in its own environment"
date = "{date}"
"""
DATE = "2026-11-22"
# what is in a file, and whose operators it has
FILES = {
    "torch_operators": ("aten's operators", re.compile("aten")),
    "torch_namespaces": (
        "the operators outside of aten that a file may call",
        re.compile(
            "prim|torchvision|image|_?quantized|quantization|prepacked|mkl|mkldnn(_prepacked)?"
            "|onednn|sparse|cuda|profiler"
        ),
    ),
}
ALIAS = re.compile(r"\([a-z][a-z0-9]*(?:!| ->|\|)[^()]*\)|\([a-z]\d?\)|\(\*!?\)")
SIZE = re.compile(r"\[\d+\]")
# integers under another name
INTEGERS = re.compile(r"\b(?:SymInt|ScalarType|Layout|MemoryFormat)\b")


def main() -> None:
    known = list(releases())
    for file, (whose, namespaces) in FILES.items():
        text = table(known, HEAD.format(date=DATE, whose=whose), namespaces)
        (FOLDER / f"{file}.toml").write_text(text)


def table(known: list[tuple[str, list[str]]], head: str, namespaces: re.Pattern[str]) -> str:
    parts, previous = [head], set[str]()
    for version, schemas in known:
        rows = {row for schema in schemas if (row := row_of(schema, namespaces))}
        minor = ".".join(version.split(".")[:2])
        parts.append(f'[since."{minor}"]')
        for key, changed in (("new", rows - previous), ("gone", previous - rows)):
            text = "".join(f"{row}\n" for row in sorted(changed))
            parts.append(f"{key} = '''\n{text}'''")
        parts.append("")
        previous = rows
    return "\n".join(parts)


def releases() -> Iterator[tuple[str, list[str]]]:
    ours = [runtimes.get(n) for n in runtimes.names() if n.startswith("pytorch-")]
    for runtime in sorted(ours, key=lambda runtime: versions.order(runtime.version)):
        with runtimes.worker(runtime.name) as worker:
            schemas, _ = worker.call("schemas")
        yield runtime.version, schemas
    import torch

    today = torch._C._jit_get_all_schemas()  # noqa: SLF001 - there is no public one
    yield torch.__version__, [str(schema) for schema in today]


def row_of(schema: str, namespaces: re.Pattern[str]) -> str:
    """Return ``meshgrid Tensor[],*,indexing:str -> Tensor[]``, or "" if the operator is in none
    of the namespaces or writes into a tensor passed as ``out``."""
    head, _, rest = schema.partition("(")
    arguments, _, returned = rest.rpartition(") -> ")
    namespace, _, name = head.partition("::")
    types = _arguments(ALIAS.sub("", arguments))
    if not namespaces.fullmatch(namespace) or "!" in arguments.partition("*, ")[2]:
        return ""
    result = _plain(ALIAS.sub("", returned))
    shown = "" if result == "Tensor" else f" -> {result}"
    qualified = name if namespace == "aten" else f"{namespace}::{name}"
    return f"{qualified.partition('.')[0]} {','.join(types)}{shown}"


def _arguments(text: str) -> Iterator[str]:
    by_name = False
    for part in re.split(r", (?![^()]*\))(?![^\[\]]*\])", text) if text else ():
        if part in ("*", "..."):
            by_name |= part == "*"
            yield part
            continue
        declared, equals, _ = part.partition("=")
        kind, _, name = declared.rpartition(" ")
        yield (f"{name}:" if by_name else "") + _kind(kind) + equals


def _kind(text: str) -> str:
    return INTEGERS.sub("int", SIZE.sub("[]", text)).replace(" ", "")


def _plain(returned: str) -> str:
    """Remove the names of ``(Tensor values, Tensor indices)``, and the parentheses around a single
    type, which older versions write."""
    inner = returned.removeprefix("(").removesuffix(")")
    if inner == returned or "(" in inner:
        return _kind(returned)
    kinds = [_kind(part.split(" ")[0]) for part in inner.split(", ")]
    return kinds[0] if len(kinds) == 1 and kinds[0] else f"({','.join(kinds)})"


if __name__ == "__main__":
    main()
