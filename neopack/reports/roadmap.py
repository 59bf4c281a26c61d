"""The road map of a model as text: targets that take it alike stand together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.checks.roadmap import Road, RoadMap
from neopack.reports.support import columns, echo, field, sources, wrapped

__all__ = ["roadmap_text"]

PACKAGE = "neopack package"
KINDS = {"eia": "elastic inference"}


def roadmap_text(roadmap: RoadMap) -> str:
    notes = _Notes(roadmap.roads)
    what = "an archive" if roadmap.archive else "to be packaged"
    told = (
        f"{roadmap.framework}, {what}, {roadmap.model_bytes:,} bytes; tables as of {roadmap.as_of}"
    )
    lines = [*echo(roadmap.readings), *wrapped("", f"{roadmap.path}: {told}")]
    if roadmap.remark:
        lines += wrapped("note     ", roadmap.remark)
    for group in _groups(roadmap.roads):
        lines += ["", *_group(group, notes, roadmap)]
    lines += [line for title in ("no", "not known") for line in _closed(title, roadmap, notes)]
    lines += ["", *(line for n, why in enumerate(notes, 1) for line in wrapped(f"[{n}] ", why))]
    lines += sources(road.source for road in roadmap.roads if road.open)
    return "\n".join([*lines, *_next(roadmap)])


class _Notes:
    """The reasons, each with the number of its first place."""

    def __init__(self, roads: Sequence[Road]) -> None:
        self._numbers: dict[str, int] = {}
        for road in sorted(roads, key=lambda road: not road.open):
            if road.rule:
                self._numbers.setdefault(_reason(road), len(self._numbers) + 1)

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def mark(self, road: Road) -> str:
        return f"[{self._numbers[_reason(road)]}]" if road.rule else ""


def _reason(road: Road) -> str:
    """In words that targets share."""
    why = road.why.replace(f"the target {road.target}", "the target")
    return f"{road.rule}: {why.replace(road.target, 'the target')}"


def _groups(roads: Sequence[Road]) -> list[list[Road]]:
    """The open roads, by targets of one kind that have the same ones."""
    by_target: dict[str, list[Road]] = {}
    for road in roads:
        if road.open:
            by_target.setdefault(road.target, []).append(road)
    groups: dict[object, list[Road]] = {}
    for own in by_target.values():
        alike = tuple((r.version, r.first, r.rule and _reason(r), r.since, r.path) for r in own)
        remarks = tuple(road.remark for road in own)
        groups.setdefault((own[0].kind, own[0].retired, alike, remarks), []).extend(own)
    return list(groups.values())


def _group(roads: Sequence[Road], notes: _Notes, roadmap: RoadMap) -> Iterator[str]:
    first = roads[0]
    names = list(dict.fromkeys(road.target for road in roads))
    yield from wrapped(f"{KINDS.get(first.kind, first.kind)}: ", ", ".join(names))
    yield from (f"  {line}" for line in columns([HEAD, *_rows(roads, first.target, notes)]))
    families = dict.fromkeys(road.target.replace("_", ".") for road in roads if road.instances)
    if first.kind == "eia":
        yield from field("accelerator", f"{roadmap.elastic or 'none'} is the smallest to hold it")
    else:
        yield from field("served on", ", ".join(families))
    yield from field("served by", first.image)
    yield from field("regions", "; ".join(dict.fromkeys(", ".join(r.regions) for r in roads)))
    yield from field("retired", first.retired)
    for remark in dict.fromkeys(road.remark for road in roads):
        yield from field("remark", remark)


HEAD = ("version", "since", "compiler", "first")


def _rows(roads: Sequence[Road], target: str, notes: _Notes) -> list[tuple[str, ...]]:
    """A line for the versions that have all but their number in common."""
    lines: dict[tuple[str, ...], list[str]] = {}
    for road in (road for road in roads if road.target == target):
        first = " ".join(word for word in (road.first or "nothing", notes.mark(road)) if word)
        lines.setdefault((road.since, road.path or "", first), []).append(road.version or "-")
    return [(", ".join(versions), *rest) for rest, versions in lines.items()]


def _closed(title: str, roadmap: RoadMap, notes: _Notes) -> Iterator[str]:
    """The targets that have no open road, with the number of what is in the way."""
    taken = {road.target for road in roadmap.roads if road.open}
    names: dict[str, list[str]] = {}
    for road in roadmap.roads:
        if road.verdict == title and road.target not in taken:
            names.setdefault(notes.mark(road), []).append(road.target)
    told = ", ".join(f"{', '.join(dict.fromkeys(own))} {mark}" for mark, own in names.items())
    if told:
        yield ""
        yield from wrapped(f"{title}: ", told)


def _next(roadmap: RoadMap) -> list[str]:
    """The command to go on with: for the first target that takes it as it is, if there is one."""
    ways = [road for road in roadmap.roads if road.open and not road.retired]
    first = min(ways, key=lambda road: road.first == PACKAGE, default=None)
    if first is None:
        return []
    line = f"{roadmap.path} -t {first.target}"
    if first.first != PACKAGE:
        return [f"next: neopack compile {line}"]
    name = roadmap.path.rstrip("/").rpartition("/")[2].partition(".")[0]
    return [f"next: neopack package {line} -o {name}{'-again' * roadmap.archive}.tar.gz"]
