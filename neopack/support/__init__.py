"""Answers from the tables in ``facts``: targets, versions, images, and what changed.

>>> from neopack import support
>>> support.image("pytorch", "1.8", target="ml.c5", region="us-west-2").account
'301217895009'
"""

from __future__ import annotations

from neopack.support import completion
from neopack.support.changes import ChangesAnswer, SupportChange, changes
from neopack.support.elastic import Accelerator, ElasticAnswer, ElasticImage, ei
from neopack.support.images import Image, image
from neopack.support.matrix import MatrixAnswer, neo
from neopack.support.operators import (
    OperatorCount,
    OperatorRow,
    OperatorsAnswer,
    UnknownOperator,
    operators,
)
from neopack.support.parallel import ParallelAnswer, ParallelRelease, smp
from neopack.support.targets import Device, ListedVersions, TargetEntry, TargetsAnswer, targets
from neopack.support.tested import EdgeAnswer, EdgeRow, edge
from neopack.support.training import BatchRow, TrainingAnswer, training_compiler

__all__ = [
    "Accelerator",
    "BatchRow",
    "ChangesAnswer",
    "Device",
    "EdgeAnswer",
    "EdgeRow",
    "ElasticAnswer",
    "ElasticImage",
    "Image",
    "ListedVersions",
    "MatrixAnswer",
    "OperatorCount",
    "OperatorRow",
    "OperatorsAnswer",
    "ParallelAnswer",
    "ParallelRelease",
    "SupportChange",
    "TargetEntry",
    "TargetsAnswer",
    "TrainingAnswer",
    "UnknownOperator",
    "changes",
    "completion",
    "edge",
    "ei",
    "image",
    "neo",
    "operators",
    "smp",
    "targets",
    "training_compiler",
]
