"""An example for each command, shown by its ``--help``."""

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXAMPLES"]

EXAMPLES: Mapping[str, str] = MappingProxyType(
    {
        "inspect": "neopack inspect model.onnx",
        "build": "neopack build 'vision-*' -t ml_c5 --since origin/main",
        "cache stat": "neopack cache stat",
        "cache verify": "neopack cache verify",
        "cache prune": "neopack cache prune --older-than 30d --max-size 10GB",
        "package": "neopack package net.py:Net -i x=1,3,224,224 -t ml_c5 -o net.tar.gz --verify",
        "check": "neopack check net.tar.gz -t ml_c5 -t rasp4b",
        "explain": "neopack explain NEO-PT-003",
        "verify": "neopack verify net.tar.gz",
        "diff": "neopack diff before.tar.gz after.tar.gz",
        "compile": "neopack compile net.tar.gz -t ml_c5",
        "run": "neopack run net-ml_c5.tar.gz --random",
        "bench": "neopack bench net-ml_c5.tar.gz --against net.tar.gz",
        "serve": "neopack serve net-ml_c5.tar.gz --port 8080 --workers 2",
        "loadtest": "neopack loadtest net-ml_c5.tar.gz --callers 1,16 --report load.html",
        "experiment": "neopack experiment net.tar.gz -t ml_c5 --callers 16 --report report.html",
        "advise": "neopack advise net.tar.gz --p95 20ms --rps 300 --budget 500/month",
        "compare": "neopack compare before.json after.json --fail-if 'p95 > 1.1x'",
        "cost": "neopack cost c5.json g4dn.json --prices prices.json --rps 300",
        "deploy": "neopack deploy net-ml_c5.tar.gz --instance ml.c5.xlarge",
        "undeploy": "neopack undeploy net-ml-c5",
        "targets": "neopack targets ml_c5",
        "image": "neopack image --framework pytorch1.8 -t ml_c5 --region us-west-2",
        "support neo": "neopack support neo --framework PYTORCH",
        "support operators": "neopack support operators --framework PYTORCH aten::einsum",
        "support edge": "neopack support edge ResNet50",
        "support ei": "neopack support ei",
        "support smp": "neopack support smp",
        "support training-compiler": "neopack support training-compiler",
        "init aws": "neopack init aws --bucket models --account 123456789012",
        "jobs list": "neopack jobs list --status FAILED",
        "jobs show": "neopack jobs show net-ml-c5",
        "jobs logs": "neopack jobs logs net-ml-c5",
        "jobs stop": "neopack jobs stop net-ml-c5",
        "jobs delete": "neopack jobs delete net-ml-c5",
        "jobs attach": "neopack jobs attach net-ml-c5.job.json",
        "runtimes list": "neopack runtimes list",
        "runtimes install": "neopack runtimes install pytorch-1.8.1",
        "runtimes bundle": "neopack runtimes bundle runtimes.tar pytorch-1.8.1 xgboost-1.3.3",
        "runtimes doctor": "neopack runtimes doctor",
        "runtimes remove": "neopack runtimes remove mxnet-1.5.1",
        "runtimes path": "neopack runtimes path pytorch-1.8.1",
        "dev aws": "neopack dev aws --port 8500",
    }
)
