"""Write ``neopack/facts/onnx_operators.toml``: how each operator of ONNX is written in each opset
that changed it, from the schemas of the onnx package. Run it by hand with a newer onnx.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

import onnx
from onnx import defs

from neopack import facts

FILE = Path(facts.__file__).parent / "onnx_operators.toml"
DATE = "2026-11-30"
HEAD = """\
# How operators are written in each opset that changed them: inputs -> outputs; attributes. "?" is
# after what may be left out, "*" after any number and "+" after at least one of a name. Attributes
# have their types, with "!" where they are required. "gone" is an opset that took one away.
# Written by tools/list_onnx_operators.py.

source = "onnx {version} (PyPI), onnx.defs.get_all_schemas_with_history()"
date = "{date}"
"""
# the operators of the default domain are ONNX's own
OWN = "ai.onnx"


def main() -> None:
    schemas = defs.get_all_schemas_with_history()
    ordered = sorted(schemas, key=lambda each: (each.domain, each.name, each.since_version))
    parts = [HEAD.format(version=onnx.__version__, date=DATE)]
    for domain, own in groupby(ordered, key=lambda each: each.domain):
        parts.append(f'\n["{domain or OWN}"]\n')
        for name, versions in groupby(own, key=lambda each: each.name):
            lines = "".join(f"{line}\n" for line in map(row_of, versions))
            parts.append(f"{name} = '''\n{lines}'''\n")
    FILE.write_text("".join(parts))


def row_of(schema: Any) -> str:
    if schema.deprecated:
        return f"{schema.since_version} gone"
    inputs, outputs = (
        ", ".join(map(_parameter, side)) for side in (schema.inputs, schema.outputs)
    )
    attributes = ", ".join(_attributes(schema))
    sides = f"{inputs} -> {outputs}".strip()
    return f"{schema.since_version} {sides}" + (f"; {attributes}" if attributes else "")


def _parameter(parameter: Any) -> str:
    option = str(parameter.option).rpartition(".")[2]
    many = "*" if parameter.min_arity == 0 else "+"
    return f"{parameter.name}" + {"Single": "", "Optional": "?", "Variadic": many}[option]


def _attributes(schema: Any) -> Iterator[str]:
    for name, attribute in sorted(schema.attributes.items()):
        kind = str(attribute.type).rpartition(".")[2].lower()
        yield f"{name} {kind}" + "!" * attribute.required


if __name__ == "__main__":
    main()
