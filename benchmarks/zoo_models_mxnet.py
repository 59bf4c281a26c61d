"""Gluon's models with random weights that compute something: a fresh one's activations die out or
blow up over its many layers, and it would compare equal to anything. Runs in MXNet's runtime."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import HybridBlock, nn
from mxnet.gluon.model_zoo import vision


def lively(name: str, size: int = 224) -> HybridBlock:
    """``mxnet.gluon.model_zoo.vision``'s model of that name, its batch normalisation set to the
    statistics of one random batch."""
    net = vision.get_model(name)
    net.initialize(mx.init.Xavier(magnitude=2))
    norms = []
    net.apply(lambda block: norms.append(block) if isinstance(block, nn.BatchNorm) else None)
    kept = [norm._kwargs["momentum"] for norm in norms]
    for norm in norms:
        norm._kwargs["momentum"] = 0.0
    with autograd.record():
        out = net(mx.nd.random.normal(shape=(2, 3, size, size)))
    # the statistics are written on the way back
    out.backward()
    mx.nd.waitall()
    for norm, momentum in zip(norms, kept):
        norm._kwargs["momentum"] = momentum
    return net
