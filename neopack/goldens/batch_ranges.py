"""Ranges of batches that a user asks for: ``x=1..32,3,224,224``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import prod

from neopack.errors import UsageError
from neopack.values.signature import Batches, Signature

__all__ = ["BatchRange", "batches_of", "ranges_of", "without_ranges"]

# of the inputs of the largest batch, whose outputs and activations take some of their own
MOST_BYTES = 2 << 30
FORM = "write NAME=1..32,3,224,224"
RANGE = re.compile(r"(\d{1,9})\.\.(\d{1,9})", re.ASCII)
TEXT = re.compile(r"(?P<name>[^=]*)=?(?P<first>\d+\.\.\d+)(?P<rest>(?:[,x]\d+)*)(?P<more>:.*)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRange:
    """The shape of an input whose first dim is from ``least`` to ``most``; ``rest`` are the other
    dims."""

    name: str
    least: int
    most: int
    rest: tuple[int, ...]

    def __post_init__(self) -> None:
        if not 1 <= self.least <= self.most:
            raise UsageError(
                f"input {self.name!r}: {self.least}..{self.most} is not a range of batches",
                hint="the first number is 1 or more, and the second not less",
            )

    @classmethod
    def parse(cls, text: str) -> BatchRange:
        """``x=1..32,3,224,224``. Raises ``UsageError`` for another form."""
        name, equals, dims = text.strip().partition("=")
        if not equals or not name:
            raise UsageError(f"--input {text} has no name", hint=FORM)
        return cls.of(name, re.split(r"[,x]", dims))

    @classmethod
    def of(cls, name: str, dims: Sequence[int | str]) -> BatchRange:
        """From the dims in Python's form: ``("1..32", 3, 224, 224)``. Raises ``UsageError``."""
        sizes = dims if isinstance(dims, Sequence) else [dims]
        first, *rest = [str(dim).strip() for dim in sizes] or [""]
        match = RANGE.fullmatch(first)
        if match is None:
            raise UsageError(
                f"input {name!r}: its first dim is {first!r:.40}, not a range of batches",
                hint=FORM,
            )
        wrong = next((dim for dim in rest if not dim.isdecimal() or not int(dim)), None)
        if wrong is not None:
            raise UsageError(
                f"input {name!r}: {wrong!r:.40} is not a positive whole number",
                hint=f"the first dim alone can be a range; {FORM}",
            )
        return cls(name=name, least=int(match[1]), most=int(match[2]), rest=tuple(map(int, rest)))


def ranges_of(inputs: Mapping[str, Sequence[int | str]]) -> tuple[BatchRange, ...]:
    return tuple(BatchRange.of(name, dims) for name, dims in inputs.items())


def without_ranges(texts: Sequence[str]) -> tuple[list[str], tuple[BatchRange, ...]]:
    """The values of ``--input`` with the first number of each range in its place, and the ranges.

    A shape without a name is named as ``--input`` names it.
    """
    plain, ranges = [], []
    for index, text in enumerate(texts):
        match = TEXT.fullmatch(text.strip())
        if match is None:
            plain.append(text)
            continue
        name = match["name"] or f"input{index}"
        each = BatchRange.parse(f"{name}={match['first']}{match['rest']}")
        ranges.append(each)
        plain.append(f"{name}={each.least}{match['rest']}{match['more'] or ''}")
    return plain, tuple(ranges)


def _bits(dtype: str | None) -> int:
    """Of one element: ``float32`` says it, and ``bool`` has a byte."""
    return int((dtype or "float32").lstrip("abcdefghijklmnopqrstuvwxyz") or 8)


def _refuse_large(ranges: Sequence[BatchRange], signature: Signature) -> None:
    """Raise ``UsageError`` where the largest batch, which is computed, is too large."""
    bits = {spec.name: _bits(spec.dtype) for spec in signature.inputs}
    needed = sum(each.most * prod(each.rest) * bits[each.name] // 8 for each in ranges)
    if needed > MOST_BYTES:
        raise UsageError(
            f"inputs of a batch of {max(each.most for each in ranges)} take {needed:,} bytes, "
            f"over the limit of {MOST_BYTES:,}",
            hint="give a smaller largest batch: predict_batch takes any number of rows",
        )


def batches_of(ranges: Sequence[BatchRange], signature: Signature) -> Batches | None:
    """The one range of all inputs; None without ranges.

    Raises ``UsageError`` where an input lacks it, has another one or other dims, and where the
    packaged batch is outside.
    """
    if not ranges:
        return None
    by_name = {each.name: each for each in ranges}
    specs = {spec.name: spec for spec in signature.inputs}
    for name in (*by_name, *specs):
        if name not in specs or name not in by_name:
            said = "needs the same range" if name in specs else "is not an input of the model"
            raise UsageError(f"input {name!r} {said}", hint=f"it takes {', '.join(specs)}")
        shape, each = specs[name].shape, by_name[name]
        first = shape[0] if shape else 0
        if first is None:
            raise UsageError(
                f"input {name!r} takes any number of rows already", hint="leave --input out"
            )
        if shape[1:] != each.rest or not each.least <= first <= each.most:
            raise UsageError(
                f"input {name!r} is packaged as {list(shape)}, which "
                f"{each.least}..{each.most},{','.join(map(str, each.rest))} does not include",
                hint="the first dim alone can be a range",
            )
    _refuse_large(ranges, signature)
    found = {(each.least, each.most) for each in ranges}
    if len(found) > 1:
        raise UsageError("the inputs have different ranges of batches", hint="give all the same")
    return found.pop()
