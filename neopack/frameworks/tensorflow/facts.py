"""What the bytes of a SavedModel or a frozen graph tell beyond what every framework has."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = [
    "NOT_FROZEN",
    "FrozenGraphFacts",
    "SavedModelFacts",
    "SignatureTensors",
    "TensorFlowFacts",
]

# operators on variables that TensorFlow 1.15 does not replace by constants
NOT_FROZEN = ("ResourceGather", "ResourceGatherNd")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureTensors:
    """The tensors of a signature: key to tensor name."""

    inputs: Mapping[str, str]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class TensorFlowFacts:
    """Of a graph, in either form."""

    text: bool
    """Whether the file is in protobuf's text form."""
    producer: int
    """The version that the graph was written at."""
    min_consumer: int
    """The oldest version that reads the graph."""
    nodes: int
    """Nodes of the main graph and of the functions that it reaches."""
    functions: tuple[str, ...]
    """Names in the function library."""
    placeholders: tuple[str, ...]
    training: Mapping[str, int]
    """Operator of optimizers and gradients to how many nodes."""
    random: tuple[str, ...]
    """Operators behind the outputs that draw random numbers."""
    newer: tuple[str, ...]
    """Operators, and attributes as Operator.name, that TensorFlow 1.15 lacks."""
    imported: Mapping[str, str]
    """Operators that a compiler gets to see, each with the name of a node or of the function that
    it is in: all of a frozen graph, of a SavedModel those behind the outputs of its signatures."""
    order: tuple[str, ...]
    """The operators of the nodes behind the outputs, as often as they occur, in the file's
    order; those of functions come first."""
    grouped: tuple[str, ...]
    """Convolutions in groups, as far as sizes are known."""
    dilated_depthwise: tuple[str, ...]
    """Depthwise convolutions with dilations."""
    dynamic_inputs: tuple[str, ...]
    """Inputs with a free dim or without a rank."""
    half_pixels: tuple[str, ...] = ()
    """Operators that resize by centers of half a pixel, as TensorFlow 2 does."""

    @property
    def random_calls(self) -> tuple[str, ...]:
        return self.random


@dataclass(frozen=True, slots=True, kw_only=True)
class FrozenGraphFacts(TensorFlowFacts):
    """Of a GraphDef in a file."""

    outputs: tuple[tuple[str, str], ...]
    """Name and operator of operations that no other takes from."""
    loose_variables: Mapping[str, int]
    """Operator of variables to how many nodes: with any, the graph is not frozen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedModelFacts(TensorFlowFacts):
    """Of a SavedModel's directory; all but ``tags`` is of its first MetaGraph."""

    tags: tuple[tuple[str, ...], ...]
    """The tags of each MetaGraph."""
    signature_key: str
    """Which signature ``ModelInfo.signature`` is."""
    signatures: Mapping[str, SignatureTensors]
    objects: bool
    """Whether there is the object graph that TensorFlow 2 loads by."""
    keras: bool
    """Whether Keras wrote its own classes into the object graph."""
    trained_objects: bool
    """Whether an optimizer with its state is among the objects."""
    assets: tuple[str, ...]
    """Files in assets/."""
    variables: int | None
    """How many variables are in variables/; None without an index."""
    optimizer_slots: int
    """How many more are an optimizer's."""
    shards_missing: tuple[str, ...]
    """Files of variables/ that the index names and that are absent."""
    shards_cut: tuple[str, ...]
    """Files of variables/ that end before the values that the index describes."""
    unranked: tuple[str, ...]
    """Inputs and outputs of the signature without a rank."""
