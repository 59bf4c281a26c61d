"""``compiled.meta`` of an artifact: what DLR reads of it, in JSON.

Keys as DLR reads them (neo-ai/neo-ai-dlr@457aabf, src/dlr_common.cc, dlr_relayvm.cc and
dlr_treelite.cc). The time of compilation, which Neo writes too, would change the bytes each time.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from neopack.errors import Malformed
from neopack.formats.codec import to_json
from neopack.formats.guard import DEFAULT_LIMITS
from neopack.formats.json_text import read_json
from neopack.runtimes.loading import CompiledTensor
from neopack.values.json import AnyJson
from neopack.values.target import Target

__all__ = ["META", "compiled_names", "write_meta"]

META = "compiled.meta"


def write_meta(
    path: Path,
    target: Target,
    compiler: str,
    inputs: Sequence[CompiledTensor],
    outputs: Sequence[CompiledTensor],
) -> None:
    """Write it for code that runs on the target's CPU, which ``compiler`` generated."""
    document = {
        "Requirements": {
            "TargetDevice": target.name.upper().replace("/", "_"),
            "TargetDeviceType": "cpu",
        },
        "Compilation": {"Compiler": f"{compiler}, run by neopack; not a Neo job"},
        "Model": {"Inputs": to_json(inputs), "Outputs": to_json(outputs)},
    }
    path.write_text(json.dumps(document, indent=2, ensure_ascii=False) + "\n", "utf-8")


def compiled_names(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The names of the compiled model's inputs and outputs, in order. Raises ``Malformed``."""
    DEFAULT_LIMITS.hold("record_bytes", path.stat().st_size, where=path.name)
    document = read_json(path.read_bytes(), path.name)
    try:
        model = document["Model"]
        return _names(model["Inputs"]), _names(model["Outputs"])
    except (KeyError, TypeError):
        raise Malformed("does not name the inputs and outputs", where=path.name) from None


def _names(tensors: AnyJson) -> tuple[str, ...]:
    names = tuple(tensor["name"] for tensor in tensors)
    if not all(isinstance(name, str) for name in names):
        raise TypeError
    return names
