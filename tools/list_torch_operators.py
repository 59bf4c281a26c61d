"""Ask each PyTorch that is a runtime which operators TorchScript has in it, and write
``neopack/facts/torch_operators.toml``. Run by hand after a change of the runtimes.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

from neopack import facts, runtimes
from neopack.facts import versions

TABLE = Path(facts.__file__).with_name("torch_operators.toml")
HEAD = """\
# Operators of TorchScript by the first version, of those listed, that has them; "gone" are those
# that it no longer has. What no version here has came later than the last.
# Written by tools/list_torch_operators.py.

source = "torch._C._jit_get_all_schemas() of each version, in its own environment"
date = "2026-11-21"
"""


def operators(name: str) -> set[str]:
    with runtimes.worker(name) as worker:
        names, _ = worker.call("operators")
    return {operator for operator in names if operator.startswith("aten::")}


def main() -> None:
    ours = [runtimes.get(n) for n in runtimes.names() if n.startswith("pytorch-")]
    parts, known = [HEAD], set[str]()
    for runtime in sorted(ours, key=lambda runtime: versions.order(runtime.version)):
        found = operators(runtime.name)
        minor = ".".join(runtime.version.split(".")[:2])
        rows = {"new": sorted(found - known), "gone": sorted(known - found)}
        parts.append(f'[since."{minor}"]')
        parts += [f'{key} = """\n{_wrapped(names)}\n"""' for key, names in rows.items()]
        parts.append("")
        known = found
    TABLE.write_text("\n".join(parts))


def _wrapped(names: list[str]) -> str:
    words = " ".join(name.removeprefix("aten::") for name in names)
    return "\n".join(textwrap.wrap(words, 118, break_long_words=False, break_on_hyphens=False))


if __name__ == "__main__":
    main()
