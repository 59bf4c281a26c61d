"""Gluon's models with useful random weights. With fresh weights, activations die out or blow up
over the many layers, so outputs compare equal to anything. Runs in MXNet's runtime."""

import mxnet as mx
from mxnet import autograd
from mxnet.gluon import HybridBlock, nn
from mxnet.gluon.model_zoo import vision


def lively(name: str, size: int = 224) -> HybridBlock:
    """Return the model of ``mxnet.gluon.model_zoo.vision`` with batch normalization set to the
    statistics of one random batch."""
    net = vision.get_model(name)
    net.initialize(mx.init.Xavier(magnitude=2))
    norms = []
    net.apply(lambda block: norms.append(block) if isinstance(block, nn.BatchNorm) else None)
    momenta = [norm._kwargs["momentum"] for norm in norms]
    for norm in norms:
        norm._kwargs["momentum"] = 0.0
    with autograd.record():
        out = net(mx.nd.random.normal(shape=(2, 3, size, size)))
    # the backward pass writes the statistics
    out.backward()
    mx.nd.waitall()
    for norm, momentum in zip(norms, momenta):
        norm._kwargs["momentum"] = momentum
    return net
