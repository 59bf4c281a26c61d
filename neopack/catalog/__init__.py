"""What takes what, since when and where: Neo's targets and images, the models tested on edge
devices, Elastic Inference, the model parallel library, Training Compiler. Frozen values from the
dated tables in ``neopack.facts``.

>>> from neopack import catalog
>>> catalog.image("pytorch", "1.8", target="ml.c5", region="us-west-2").account
'301217895009'
"""

from __future__ import annotations

from neopack.catalog.changes import Change, ChangesAnswer, changes
from neopack.catalog.elastic import Accelerator, ElasticAnswer, ElasticImage, ei
from neopack.catalog.images import Image, image
from neopack.catalog.matrix import MatrixAnswer, neo
from neopack.catalog.parallel import ParallelAnswer, ParallelRelease, smp
from neopack.catalog.targets import Device, Listed, TargetEntry, TargetsAnswer, targets
from neopack.catalog.tested import EdgeAnswer, EdgeRow, edge
from neopack.catalog.training import BatchRow, TrainingAnswer, training_compiler

__all__ = [
    "Accelerator",
    "BatchRow",
    "Change",
    "ChangesAnswer",
    "Device",
    "EdgeAnswer",
    "EdgeRow",
    "ElasticAnswer",
    "ElasticImage",
    "Image",
    "Listed",
    "MatrixAnswer",
    "ParallelAnswer",
    "ParallelRelease",
    "TargetEntry",
    "TargetsAnswer",
    "TrainingAnswer",
    "changes",
    "edge",
    "ei",
    "image",
    "neo",
    "smp",
    "targets",
    "training_compiler",
]
