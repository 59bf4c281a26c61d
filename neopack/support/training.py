"""SageMaker Training Compiler: batch sizes of its tested models, native and compiled."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from neopack.errors import UsageError
from neopack.facts.training import BatchRow, training_table
from neopack.support.names import Reading, instance_of, one_of, readings

__all__ = ["BatchRow", "TrainingAnswer", "training_compiler"]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAnswer:
    """``exact`` says that the rows match the query. Otherwise they are the nearest rows, and
    ``differs`` says how they differ."""

    exact: bool
    differs: tuple[str, ...]
    rows: tuple[BatchRow, ...]
    families: tuple[str, ...]
    requirements: tuple[str, ...]
    unread: tuple[str, ...]
    readings: tuple[Reading, ...]
    as_of: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Query:
    release: str
    model: str
    instance: str
    precision: str
    sequence_length: int | None

    def misses(self, row: BatchRow) -> tuple[str, ...]:
        """The differences between the query and a row, in words."""
        fields = (
            ("release", self.release, row.release),
            ("instance", self.instance, row.instance),
            ("precision", self.precision, row.precision),
            ("sequence length", self.sequence_length, row.sequence_length),
        )
        return tuple(
            f"{name} {listed or 'not printed'} instead of {value}"
            for name, value, listed in fields
            if value and value != listed
        )

    def distance(self, row: BatchRow) -> tuple[float, ...]:
        """A sort key: the instance counts most, then precision, length, release."""
        length, has = self.sequence_length, row.sequence_length
        return (
            _apart(self.instance, row.instance),
            float(self.precision not in ("", row.precision)),
            abs(math.log(has / length)) if has and length else 9.0 * bool(length),
            float(self.release not in ("", row.release)),
        )


def _apart(instance: str, other: str) -> float:
    """0 for the same instance type, up to 1 for another size, 2 for another family."""
    if not instance or instance == other:
        return 0.0
    if instance.split(".")[:2] != other.split(".")[:2]:
        return 2.0
    return min(1.0, abs(math.log2(_size(instance) / _size(other))) / 10)


def _size(instance: str) -> int:
    match = re.search(r"(\d+)xlarge", instance)
    return int(match[1]) if match else 1


def training_compiler(
    model: str = "",
    *,
    instance: str = "",
    precision: str = "",
    sequence_length: int | None = None,
    release: str = "",
    smaller: bool = False,
) -> TrainingAnswer:
    """Return the tested rows that match, or else the nearest ones, marked as such.

    ``release`` is a release as printed, or a part of one name such as ``2.11``. ``smaller`` keeps
    the rows whose batch the compiler makes smaller. Raises ``UsageError`` for a model, a precision
    or a release that no row has.
    """
    table = training_table()
    rows = table.rows
    query = _Query(
        release=_release_of(release, rows),
        model=one_of(model, dict.fromkeys(r.model for r in rows), "tested model") if model else "",
        instance=instance_of(instance),
        precision=_precision_of(precision, rows),
        sequence_length=_positive(sequence_length),
    )
    own = [r for r in rows if query.model in ("", r.model) and (r.smaller or not smaller)]
    exact = [row for row in own if not query.misses(row)]
    near = exact or _nearest(query, own)
    return TrainingAnswer(
        exact=bool(exact),
        differs=() if exact or not near else query.misses(near[0]),
        rows=tuple(near),
        families=table.families,
        requirements=table.requirements,
        unread=table.unread,
        readings=readings(
            (model, query.model), (instance, query.instance), (release, query.release)
        ),
        as_of=table.as_of,
        source=table.source,
    )


def _nearest(query: _Query, rows: list[BatchRow]) -> list[BatchRow]:
    least = min((query.distance(row) for row in rows), default=())
    return [row for row in rows if query.distance(row) == least]


def _release_of(text: str, rows: tuple[BatchRow, ...]) -> str:
    if not text:
        return ""
    names = list(dict.fromkeys(row.release for row in rows))
    plain = re.sub(r"[\s=:_-]", "", text.casefold())
    partial = [n for n in names if plain in n.casefold().replace(" ", "")]
    starting = [n for n in partial if n.casefold().replace(" ", "").startswith(plain)]
    for matches in (partial, starting):
        if len(matches) == 1:
            return matches[0]
    if partial:
        raise UsageError(f"{text!r} matches several releases", hint="; ".join(partial))
    raise UsageError(f"{text!r} is not a tested release", hint=f"there are {'; '.join(names)}")


def _precision_of(text: str, rows: tuple[BatchRow, ...]) -> str:
    short = {"fp16": "float16", "f16": "float16", "fp32": "float32", "f32": "float32"}
    precisions = dict.fromkeys(row.precision for row in rows if row.precision)
    return one_of(short.get(text.casefold(), text), precisions, "precision") if text else ""


def _positive(length: int | None) -> int | None:
    if length is not None and length < 1:
        raise UsageError(f"the sequence length must be 1 or more, not {length}")
    return length
