"""Have Neo's public loader convert a model, in a worker of its runtime."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from neopack.dataconfig.data_input_config import example
from neopack.formats.codec import from_json
from neopack.processes.worker import Worker
from neopack.values.json import Json
from neopack.values.signature import Signature

__all__ = ["BUILD_WITHIN", "CompiledTensor", "ConvertedModel", "converted"]

# a network of hundreds of layers is built in minutes
LOAD_WITHIN = 1200.0
BUILD_WITHIN = 3600.0
# the loader gives PyTorch's importer no dtypes: integers come as float32
INTEGER_BITS = 25


@dataclass(frozen=True, slots=True, kw_only=True)
class CompiledTensor:
    """An input or output as DLR's metadata has it; -1 is a dim that is not known."""

    name: str
    dtype: str
    shape: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ConvertedModel:
    """What the loader made of a model, or in ``refused`` why it refuses it.

    ``operators`` of Relay are counted, ``dtypes`` are those of the inputs. ``inputs`` are in the
    order of the signature, ``outputs`` in that of the compiled model.
    """

    refused: str
    operators: Mapping[str, int] = field(default_factory=dict)
    dtypes: Mapping[str, str] = field(default_factory=dict)
    inputs: tuple[CompiledTensor, ...] = ()
    outputs: tuple[CompiledTensor, ...] = ()


def converted(
    worker: Worker,
    *,
    framework: str,
    folder: Path,
    members: Sequence[str],
    signature: Signature,
    config: str | None = None,
) -> ConvertedModel:
    """Convert the ``members`` of an archive, which are in ``folder``; ``config`` is its
    DataInputConfig, by default that of ``signature``."""
    task: Json = {
        "framework": framework.lower(),
        "folder": str(folder),
        "members": list(members),
        "config": config or example(signature, framework),
        "inputs": [spec.name for spec in signature.inputs],
        "outputs": [spec.name for spec in signature.outputs],
    }
    answer, _ = worker.call("load", task, timeout=LOAD_WITHIN)
    return from_json(ConvertedModel, answer)
