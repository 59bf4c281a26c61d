"""``package --input x=1..32,...``: the archive is for the first number, as Neo freezes each dim;
whether the exported model takes the rest of the range is tried, and told."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from neopack.artifacts.batches import in_batches
from neopack.artifacts.load import load_opened, open_archive
from neopack.errors import NeopackError, UsageError
from neopack.goldens.comparison import difference
from neopack.goldens.inputs import random_inputs
from neopack.values.artifact import Array, NeoArchive, Runner
from neopack.values.log import Log
from neopack.values.signature import InputRequest

__all__ = ["refuse_unlike", "tell"]

# of float32: more rows are multiplied in another order
ALIKE = 1e-4


def refuse_unlike(requests: Sequence[InputRequest]) -> None:
    """Raise ``UsageError`` unless all inputs have the same range, or none has one."""
    ranges = {(each.shape[0], each.most) for each in requests if each.most is not None}
    if len(ranges) > 1 or (ranges and any(each.most is None for each in requests)):
        raise UsageError(
            "the inputs have different ranges of batches", hint="give each the same, or none"
        )


def tell(archive: NeoArchive, requests: Sequence[InputRequest], log: Log) -> None:
    """Whether the packaged model computes the largest batch as its rows in the packaged one;
    without a range, nothing."""
    if not requests or requests[0].most is None:
        return
    first, most = requests[0].shape[0], requests[0].most
    larger = [replace(each, shape=(most, *each.shape[1:])) for each in requests]
    opened = open_archive(archive.path)
    dtypes = {spec.name: spec.dtype for spec in opened.signature.inputs}
    larger = [replace(each, dtype=dtypes.get(each.name, each.dtype)) for each in larger]
    why_not = _why_not(load_opened(opened), random_inputs(larger, seed=0), most)
    frozen = f"the archive is for a batch of {first}, since Neo freezes it"
    if why_not:
        log.warn(f"{frozen}; the exported model takes no batch of {most}: {why_not}")
    else:
        log.note(f"{frozen}; the exported model takes {first} to {most}, as compile --input asks")


def _why_not(runner: Runner, inputs: Mapping[str, Array], batch: int) -> str:
    try:
        wanted = in_batches(runner.signature, inputs, runner.predict, 1)
        off = difference(wanted, runner.predict(inputs))
    except NeopackError as error:
        return error.message
    return "" if off <= ALIKE else f"in a batch of {batch} its rows differ by {off:.2g}"
