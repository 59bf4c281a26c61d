"""Package live models of MXNet 1.9.1: run in an environment that has it, and neopack's sources.

python live_blocks.py FOLDER     # JSON: what each model gave, or why it was refused
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import mxnet as mx
from mxnet.gluon import nn

import neopack
from neopack.errors import NeopackError
from neopack.goldens.cases import load_goldens
from neopack.goldens.comparison import difference

FOLDER = Path(sys.argv[1])


def packaged(name: str, model: Any, shape: tuple[int, ...]) -> Any:
    try:
        return neopack.package(model, path=FOLDER / f"{name}.tar.gz", inputs={"data": shape})
    except NeopackError as error:
        return error.line()


def block() -> Any:
    net = nn.HybridSequential()
    net.add(nn.Conv2D(4, 3), nn.BatchNorm(), nn.Dense(3))
    net.initialize(mx.init.Xavier())
    return net


def off(net: Any, made: Any) -> float:
    """How far MXNet 1.8.0's golden outputs are from what the live block computes."""
    inputs, golden = load_goldens(made.goldens)
    (name,) = golden
    return difference(golden, {name: net(mx.nd.array(inputs["data"])).asnumpy()})


def module() -> Any:
    data = mx.sym.Variable("data")
    symbol = mx.sym.SoftmaxOutput(mx.sym.FullyConnected(data, num_hidden=3, name="fc"))
    made = mx.mod.Module(symbol, label_names=symbol.list_arguments()[-1:])
    made.bind([("data", (2, 4))], [(symbol.list_arguments()[-1], (2,))])
    made.init_params()
    return made


if __name__ == "__main__":
    net = block()
    told: dict[str, Any] = {"not run yet": packaged("fresh", net, (1, 3, 8, 8))}
    net.hybridize()
    net(mx.nd.zeros((1, 3, 8, 8)))
    made = packaged("block", net, (1, 3, 8, 8))
    told["block"] = off(net, made)
    told["module"] = str(packaged("module", module(), (2, 4)).path)
    told["no hybrid"] = packaged("plain", nn.Sequential(), (2, 4))
    sys.stdout.write(json.dumps(told) + "\n")
