"""What Neo's loader takes from libdarknet.so, which has no public build: a network of a .cfg and a
.weights, whose layers TVM's importer asks for their fields. Networks of the layers that it
converts, as they are for inference.

Source of the fields: pjreddie/darknet src/parser.c (2018-09), and in TVM 0.9
python/tvm/relay/testing/darknet.py.
"""

import struct
import sys
import types

import numpy

TYPES = {
    "convolutional": 0,
    "conv": 0,
    "connected": 2,
    "conn": 2,
    "maxpool": 3,
    "max": 3,
    "softmax": 4,
    "soft": 4,
    "dropout": 6,
    "route": 8,
    "cost": 9,
    "avgpool": 11,
    "avg": 11,
    "shortcut": 13,
    "region": 22,
    "yolo": 23,
    "reorg": 24,
    "upsample": 25,
    "l2norm": 27,
}
# others of Darknet, in its order; the importer knows the numbers of a few
ACTIVATIONS = (
    "logistic relu relie linear ramp tanh plse leaky elu loggy stair hardtan lhtan selu"
).split()
HEADER = struct.Struct("<3i")


def stand_in():
    """Have the loader find this in place of TVM's own way to the library, which is among TVM's
    helpers for tests and needs OpenCV and pytest."""
    package = types.ModuleType("tvm.relay.testing")
    package.darknet = types.ModuleType("tvm.relay.testing.darknet")
    package.darknet.__darknetffi__ = Library()
    sys.modules[package.__name__] = package


class Library:
    def dlopen(self, name):
        return self

    def load_network(self, cfg, weights, clear):
        with open(cfg.decode(), encoding="utf-8") as stream:
            sections = list(read_sections(stream))
        with open(weights.decode(), "rb") as stream:
            numbers = Numbers(stream.read())
        return Network(sections, numbers)


def read_sections(lines):
    """The kind and the options of each section; the first of two options of a name counts."""
    kind, options = "", {}
    for line in lines:
        text = "".join(line.split())
        if not text or text[0] in "#;":
            continue
        if text.startswith("["):
            if kind:
                yield kind, options
            kind, options = text.strip("[]").lower(), {}
        else:
            name, _, value = text.partition("=")
            options.setdefault(name, value)
    yield kind, options


class Numbers:
    """The numbers of a .weights, taken one after the other."""

    def __init__(self, data):
        major, minor, _ = HEADER.unpack_from(data)
        self.at = HEADER.size + (8 if major * 10 + minor >= 2 else 4)
        self.data = data

    def take(self, count):
        taken = numpy.frombuffer(self.data, "<f4", count, self.at)
        self.at += taken.nbytes
        return taken


class Network:
    """``layers`` in their order; ``n`` is how many."""

    def __init__(self, sections, numbers):
        (_, options), *others = sections
        shape = tuple(int(options[name]) for name in ("channels", "height", "width"))
        self.layers = []
        for kind, own in others:
            layer = Layer(kind, own, shape, self.layers, numbers)
            shape = layer.out_c, layer.out_h, layer.out_w
            self.layers.append(layer)
        self.n = len(self.layers)


class Layer:
    """The fields that the importer reads; what a kind lacks is 0."""

    def __init__(self, kind, options, shape, before, numbers):
        if kind not in TYPES:
            raise NotImplementedError("Darknet layer type %s is not supported in relay." % kind)
        self.type, self.options, self.before = TYPES[kind], options, before
        self.c, self.h, self.w = self.out_c, self.out_h, self.out_w = shape
        self.inputs = self.outputs = self.c * self.h * self.w
        self.activation = self.pad = self.stride = self.size = self.dontloadscales = 0
        self.batch_normalize = self.number("batch_normalize", 0)
        self.temperature = self.probability = 0
        self.index = len(before)
        getattr(self, "set_" + kind_of(self.type), lambda numbers: None)(numbers)

    def number(self, name, default):
        return int(float(self.options.get(name, default)))

    def listed(self, name, kind):
        return [kind(part) for part in self.options.get(name, "").split(",") if part]

    def activate(self, default):
        name = self.options.get("activation", default)
        if name not in ACTIVATIONS:
            raise NotImplementedError("act: %s is not supported in relay." % name)
        self.activation = ACTIVATIONS.index(name)

    def place(self, at):
        return at + len(self.before) if at < 0 else at

    def set_convolutional(self, numbers):
        self.n, self.size = self.number("filters", 1), self.number("size", 1)
        self.stride, self.groups = self.number("stride", 1), self.number("groups", 1)
        self.pad = self.size // 2 if self.number("pad", 0) else self.number("padding", 0)
        self.out_c = self.n
        self.out_h, self.out_w = (
            (dim + 2 * self.pad - self.size) // self.stride + 1 for dim in (self.h, self.w)
        )
        self.nbiases = self.n
        self.nweights = self.n * self.c // self.groups * self.size * self.size
        self.activate("logistic")
        self.load(numbers, self.n, self.nweights)

    def set_connected(self, numbers):
        self.c, self.h, self.w = self.inputs, 1, 1
        self.outputs = self.out_c = self.number("output", 1)
        self.out_h = self.out_w = 1
        self.activate("logistic")
        self.load_connected(numbers)

    def load(self, numbers, count, weights):
        """Biases, scales, means and variances, weights: as a convolution has them."""
        self.biases = numbers.take(count)
        if self.batch_normalize:
            self.normalized(numbers, count)
        self.weights = numbers.take(weights)

    def load_connected(self, numbers):
        """Biases, weights, and then what normalizes."""
        self.biases = numbers.take(self.outputs)
        self.weights = numbers.take(self.outputs * self.inputs)
        if self.batch_normalize:
            self.normalized(numbers, self.outputs)

    def normalized(self, numbers, count):
        self.scales = numbers.take(count)
        self.rolling_mean = numbers.take(count)
        self.rolling_variance = numbers.take(count)

    def set_maxpool(self, numbers):
        """The importer pads both sides alike, and adds on the right what a side still lacks."""
        self.stride = self.number("stride", 1)
        self.size = self.number("size", self.stride)
        padding = self.number("padding", self.size - 1)
        self.pad = padding // 2
        self.out_h, self.out_w = (
            (dim + padding - self.size) // self.stride + 1 for dim in (self.h, self.w)
        )

    def set_avgpool(self, numbers):
        self.out_h = self.out_w = 1

    def set_softmax(self, numbers):
        self.temperature = float(self.options.get("temperature", 1))

    def set_dropout(self, numbers):
        self.probability = float(self.options.get("probability", 0.5))

    def set_route(self, numbers):
        self.input_layers = [self.place(at) for at in self.listed("layers", int)]
        self.n = len(self.input_layers)
        joined = [self.before[at] for at in self.input_layers]
        self.out_c = sum(layer.out_c for layer in joined)
        self.out_h, self.out_w = joined[0].out_h, joined[0].out_w

    def set_shortcut(self, numbers):
        self.index = self.place(self.number("from", 0))
        self.activate("linear")

    def set_upsample(self, numbers):
        self.stride = self.number("stride", 2)
        self.out_h, self.out_w = self.h * self.stride, self.w * self.stride

    def set_reorg(self, numbers):
        self.stride = self.number("stride", 1)
        self.out_c = self.c * self.stride * self.stride
        self.out_h, self.out_w = self.h // self.stride, self.w // self.stride

    def set_region(self, numbers):
        self.n, self.classes = self.number("num", 1), self.number("classes", 20)
        self.coords, self.background = self.number("coords", 4), self.number("background", 0)
        self.softmax = self.number("softmax", 0)
        self.biases = self.anchors(self.n)

    def set_yolo(self, numbers):
        self.total, self.classes = self.number("num", 1), self.number("classes", 20)
        self.mask = self.listed("mask", int) or list(range(self.total))
        self.n = len(self.mask)
        self.biases = self.anchors(self.total)

    def anchors(self, boxes):
        given = self.listed("anchors", float)
        return given + [0.5] * (2 * boxes - len(given))


def kind_of(number):
    return max((kind for kind, each in TYPES.items() if each == number), key=len)
