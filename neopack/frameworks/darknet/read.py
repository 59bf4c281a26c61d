"""ModelInfo of a Darknet network from its .cfg and the header of its .weights, the numbers left
unread.

``versions``: ``weights`` (the version in their header). ``operators`` counts the layers by TVM's
names for them: ``CONVOLUTIONAL``. ``signature`` has one input, ``data``, of a single image, since
the .cfg's batch is that of training, and the outputs that TVM's importer gives the network.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from neopack import facts
from neopack.formats import darknet
from neopack.formats.darknet import Section, WeightsHeader
from neopack.formats.files import Files
from neopack.formats.guard import DEFAULT_LIMITS, Limits
from neopack.formats.source import ByteSource
from neopack.frameworks.darknet.facts import DarknetFacts
from neopack.frameworks.darknet.layout import weights_of
from neopack.frameworks.darknet.network import Layer, Network, network_of
from neopack.frameworks.darknet.outputs import output_specs
from neopack.values.model import ModelInfo
from neopack.values.signature import Signature, TensorSpec

__all__ = ["DATA", "network_in", "read", "recognize"]

FRAMEWORK = "DARKNET"
# what TVM's importer calls the input, whatever DataInputConfig does
DATA = "data"
# the importer passes over what only trains, and takes a recurrent layer apart itself
PASSED = frozenset({"COST", "RNN"})
# values that say nothing
PLAIN = ("0", "1", "1.0", "none")


def recognize(source: ByteSource) -> str | None:
    """``Darknet network``, or None: also for its .weights, which are of a network."""
    return "Darknet network" if darknet.is_cfg(source) else None


def read(files: Files, model: str, limits: Limits = DEFAULT_LIMITS) -> ModelInfo:
    """As ``ReadModule`` asks. Raises ``Malformed``, with the line, for what is not a network."""
    sections, network = network_in(files, model, limits)
    header = _header(files, model)
    layers = network.layers
    return ModelInfo(
        framework=FRAMEWORK,
        format="cfg",
        producer="Darknet",
        versions={"weights": header.version} if header else {},
        signature=Signature(
            inputs=(TensorSpec(name=DATA, dtype="float32", shape=(1, *network.takes)),),
            outputs=output_specs(network, 1),
        ),
        operators=dict(sorted(Counter(layer.type for layer in layers).items())),
        parameters=network.numbers,
        parameter_bytes=None if network.numbers is None else 4 * network.numbers,
        dtypes={},
        facts=DarknetFacts(
            layers=len(layers),
            imported=_first((layer.type, layer) for layer in layers if layer.type not in PASSED),
            numbers=network.numbers,
            weights=header.numbers if header else None,
            activations=_first((layer.activation, layer) for layer in layers if layer.activation),
            options_of_forks=dict(_options_of_forks(sections)),
            joins={each.place: len(each.joins) for each in layers if each.type == "ROUTE"},
            uneven_means=tuple(_uneven_means(network)),
            reorganized=tuple(each.place for each in layers if each.type == "REORG"),
            detectors=tuple(each.place for each in layers if each.type in ("YOLO", "REGION")),
        ),
    )


def network_in(
    files: Files, model: str, limits: Limits = DEFAULT_LIMITS
) -> tuple[tuple[Section, ...], Network]:
    """The sections of the .cfg ``model``, and the layers that they say."""
    with files.open(model) as source:
        sections = darknet.sections(source, limits)
        return sections, network_of(sections, source.name)


def _header(files: Files, model: str) -> WeightsHeader | None:
    name = weights_of(files.names(), model)
    if not name:
        return None
    with files.open(name) as source:
        return darknet.weights(source)


def _first(pairs: Iterable[tuple[str, Layer]]) -> dict[str, str]:
    places: dict[str, str] = {}
    for name, layer in pairs:
        places.setdefault(name, layer.place)
    return dict(sorted(places.items()))


def _options_of_forks(sections: Sequence[Section]) -> Iterator[tuple[str, str]]:
    of_forks = facts.darknet().options_of_forks
    for section in reversed(sections):  # the first place stays
        for name in of_forks.get(section.kind, ()):
            if section.options.get(name, "0") not in PLAIN:
                yield f"{name} of [{section.kind}]", f"line {section.line}"
        if section.kind == "shortcut" and "," in section.options.get("from", ""):
            yield "from of [shortcut] with several layers", f"line {section.line}"


def _uneven_means(network: Network) -> Iterator[str]:
    given = network.takes
    for layer in network.layers:
        if layer.type == "AVGPOOL" and given is not None and given[1] != given[2]:
            yield layer.place
        given = layer.gives if layer.gives is not None else (0, 0, 0)
