"""The layers of a Darknet network, from the sections of its .cfg: what each gives, and how many
numbers of the .weights it takes.

Source: pjreddie/darknet src/parser.c, parse_network_cfg and load_weights_upto, and the layers' own
files (2018-09).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import prod

from neopack.errors import Malformed
from neopack.formats.darknet import Section

__all__ = ["Layer", "Network", "network_of"]

# other names of sections, and what TVM's importer calls their layers
TYPES = {
    "conv": "CONVOLUTIONAL",
    "convolutional": "CONVOLUTIONAL",
    "conn": "CONNECTED",
    "connected": "CONNECTED",
    "max": "MAXPOOL",
    "maxpool": "MAXPOOL",
    "avg": "AVGPOOL",
    "avgpool": "AVGPOOL",
    "soft": "SOFTMAX",
    "softmax": "SOFTMAX",
    "lrn": "NORMALIZATION",
    "deconv": "DECONVOLUTIONAL",
}
LARGEST = 1 << 24
MOST_NUMBERS = 1 << 34
MOST_BOXES = 1 << 12
MOST_DIGITS = 20
# as C reads a number, whatever follows it
NUMBER = re.compile(r"[+-]?\d+")

Dims = tuple[int, int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """A layer by TVM's name for it, such as ``CONVOLUTIONAL``; ``line`` is its section's.

    ``gives`` is channels, height and width, None where what it computes is not known here;
    ``numbers`` are those of the .weights; ``joins`` the layers that a route takes. A layer of
    boxes has ``boxes`` at each place, and ``constants``: mask, anchors, sizes.
    """

    type: str
    line: int
    gives: Dims | None
    numbers: int | None = 0
    joins: tuple[int, ...] = ()
    activation: str = ""
    boxes: int = 0
    softmax: bool = False
    background: bool = False
    constants: Mapping[str, tuple[float, ...]] = field(default_factory=dict)

    @property
    def place(self) -> str:
        return f"line {self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """``takes`` is channels, height and width."""

    takes: Dims
    layers: tuple[Layer, ...]

    @property
    def numbers(self) -> int | None:
        """How many the .weights must have; None where a layer of an unknown kind may have some."""
        known = [layer.numbers for layer in self.layers]
        return None if None in known else sum(number or 0 for number in known)


def network_of(sections: Sequence[Section], where: str) -> Network:
    """Raises ``Malformed``, with the line, for sizes below 1 and sizes that do not fit."""
    first, *others = sections
    site = _Site(first, where)
    takes = (site.size("channels"), site.size("height"), site.size("width"))
    if not others:
        raise Malformed("a network without layers", where=where)
    layers: list[Layer] = []
    for section in others:
        layers.append(_layer(section, where, takes, layers))
    return Network(takes=takes, layers=tuple(layers))


class _Site:
    """A section: its options as numbers, what it is given, and the layers before it."""

    def __init__(
        self, section: Section, where: str, given: Dims = (0, 0, 0), before: Sequence[Layer] = ()
    ) -> None:
        self.section, self._where = section, where
        self.given, self.before = given, before

    def text(self, name: str, default: str = "") -> str:
        return self.section.options.get(name, default)

    def number(self, name: str, default: int) -> int:
        """As C reads an integer: ``1.0`` is one."""
        text = self.text(name, str(default))
        match = NUMBER.match(text)
        if match is None:
            raise self.broken(f"{name}={text:.20} is not a number")
        value = int(match[0][:MOST_DIGITS])
        if not -LARGEST <= value <= LARGEST:
            raise self.broken(f"{name}={value} is larger than can be")
        return value

    def size(self, name: str, default: int = 0) -> int:
        value = self.number(name, default)
        if value < 1:
            raise self.broken(f"{name} is {value}: it must be 1 or more")
        return value

    def numbers(self, name: str) -> tuple[int, ...]:
        try:
            return tuple(int(part) for part in self.text(name).split(",") if part)
        except ValueError:
            raise self.broken(f"{name} is not a list of numbers") from None

    def broken(self, message: str) -> Malformed:
        return Malformed(
            f"[{self.section.kind}] in line {self.section.line}: {message}", where=self._where
        )


def _layer(section: Section, where: str, takes: Dims, before: Sequence[Layer]) -> Layer:
    type_ = TYPES.get(section.kind, section.kind.upper())
    given = before[-1].gives if before else takes
    site = _Site(section, where, given or takes, before)
    reads = _READERS.get(type_)
    if reads is None or (given is None and type_ != "ROUTE"):
        known = type_ in _READERS and type_ not in _WITH_NUMBERS
        return _made(site, type_, None, numbers=0 if known else None)
    return reads(site)


def _made(
    site: _Site,
    type_: str,
    gives: Dims | None,
    *,
    numbers: int | None = 0,
    joins: tuple[int, ...] = (),
    activation: str = "",
) -> Layer:
    if gives is not None and (min(gives) < 1 or prod(gives) > LARGEST * 64):
        raise site.broken(f"gives {list(gives)}, which cannot be")
    if numbers is not None and numbers > MOST_NUMBERS:
        raise site.broken(f"has {numbers} weights, which cannot be")
    return Layer(
        type=type_,
        line=site.section.line,
        gives=gives,
        numbers=numbers,
        joins=joins,
        activation=activation,
    )


def _convolutional(site: _Site) -> Layer:
    channels, height, width = site.given
    filters, size = site.size("filters", 1), site.size("size", 1)
    stride, groups = site.size("stride", 1), site.size("groups", 1)
    if channels % groups or filters % groups:
        raise site.broken(f"{channels} channels and {filters} filters in {groups} groups")
    pad = size // 2 if site.number("pad", 0) else site.number("padding", 0)
    high, wide = ((dim + 2 * pad - size) // stride + 1 for dim in (height, width))
    norm = 3 * filters if site.number("batch_normalize", 0) else 0
    return _made(
        site,
        "CONVOLUTIONAL",
        (filters, high, wide),
        numbers=filters + norm + filters * (channels // groups) * size * size,
        activation=site.text("activation", "logistic"),
    )


def _connected(site: _Site) -> Layer:
    outputs = site.size("output", 1)
    norm = 3 * outputs if site.number("batch_normalize", 0) else 0
    return _made(
        site,
        "CONNECTED",
        (outputs, 1, 1),
        numbers=outputs + norm + outputs * prod(site.given),
        activation=site.text("activation", "logistic"),
    )


def _maxpool(site: _Site) -> Layer:
    stride = site.size("stride", 1)
    size = site.size("size", stride)
    padding = site.number("padding", size - 1)
    high, wide = ((dim + padding - size) // stride + 1 for dim in site.given[1:])
    return _made(site, "MAXPOOL", (site.given[0], high, wide))


def _avgpool(site: _Site) -> Layer:
    return _made(site, "AVGPOOL", (site.given[0], 1, 1))


def _route(site: _Site) -> Layer:
    places = site.numbers("layers")
    if not places:
        raise site.broken("names no layers")
    joins = tuple(_place(site, each) for each in places)
    dims = [site.before[each].gives for each in joins]
    known = [each for each in dims if each is not None]
    if len(known) < len(dims):
        return _made(site, "ROUTE", None, joins=joins)
    if len({each[1:] for each in known}) > 1:
        raise site.broken(f"joins {' and '.join(str(list(each)) for each in known)}")
    gives = (sum(each[0] for each in known), *known[0][1:])
    return _made(site, "ROUTE", gives, joins=joins)


def _shortcut(site: _Site) -> Layer:
    joins = (_place(site, site.number("from", 0)),)
    return _made(
        site, "SHORTCUT", site.given, joins=joins, activation=site.text("activation", "linear")
    )


def _place(site: _Site, at: int) -> int:
    place = at + len(site.before) if at < 0 else at
    if not 0 <= place < len(site.before):
        raise site.broken(f"there is no layer {at} before it")
    return place


def _upsample(site: _Site) -> Layer:
    stride = site.size("stride", 2)
    return _made(site, "UPSAMPLE", (site.given[0], site.given[1] * stride, site.given[2] * stride))


def _reorg(site: _Site) -> Layer:
    stride = site.size("stride", 1)
    channels, height, width = site.given
    return _made(site, "REORG", (channels * stride * stride, height // stride, width // stride))


def _yolo(site: _Site) -> Layer:
    total = site.size("num", 1)
    mask = site.numbers("mask") or tuple(range(total))
    classes = site.size("classes", 20)
    layer = _boxed(site, "YOLO", len(mask), 4, classes)
    sizes = (len(mask), *(layer.gives or ()), classes, total)
    constants = {"mask": mask, "anchors": _anchors(site, total), "sizes": sizes}
    return replace(layer, constants=constants)


def _region(site: _Site) -> Layer:
    boxes, classes = site.size("num", 1), site.size("classes", 20)
    coords, background = site.number("coords", 4), site.number("background", 0)
    layer = _boxed(site, "REGION", boxes, coords, classes)
    sizes = (boxes, *(layer.gives or ()), classes, coords, background)
    return replace(
        layer,
        softmax=bool(site.number("softmax", 0)),
        background=bool(background),
        constants={"anchors": _anchors(site, boxes), "sizes": sizes},
    )


def _boxed(site: _Site, type_: str, boxes: int, coords: int, classes: int) -> Layer:
    """Of each box at a place: its coordinates, whether it is one, and its classes."""
    wanted = boxes * (coords + 1 + classes)
    if site.given[0] != wanted:
        raise site.broken(
            f"{boxes} boxes of {classes} classes need {wanted} channels, not {site.given[0]}"
        )
    return replace(_made(site, type_, site.given), boxes=boxes)


def _anchors(site: _Site, boxes: int) -> tuple[float, ...]:
    """Width and height of each box; those that are not given are a half, as Darknet has it."""
    try:
        given = tuple(float(part) for part in site.text("anchors").split(",") if part)
    except ValueError:
        raise site.broken("anchors is not a list of numbers") from None
    if boxes > MOST_BOXES or len(given) > 2 * boxes:
        raise site.broken(f"{len(given)} anchors for {boxes} boxes")
    return (*given, *[0.5] * (2 * boxes - len(given)))


def _same(type_: str) -> Reader:
    return lambda site: _made(site, type_, site.given)


Reader = Callable[[_Site], Layer]

_READERS: Mapping[str, Reader] = {
    "CONVOLUTIONAL": _convolutional,
    "CONNECTED": _connected,
    "MAXPOOL": _maxpool,
    "AVGPOOL": _avgpool,
    "ROUTE": _route,
    "SHORTCUT": _shortcut,
    "UPSAMPLE": _upsample,
    "REORG": _reorg,
    "REGION": _region,
    "YOLO": _yolo,
    **{name: _same(name) for name in ("SOFTMAX", "DROPOUT", "COST", "L2NORM")},
}
_WITH_NUMBERS = ("CONVOLUTIONAL", "CONNECTED")
