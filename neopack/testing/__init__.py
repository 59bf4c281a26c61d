"""For tests: whether an archive is ready for Neo, and whether a framework or an engine, built in
or plugged in, conforms.

    assert_neo_ready("net.tar.gz", target="ml_c5")
    assert_framework_conforms(framework, [Sample(path=Path("model.onnx"))])
    assert_engine_conforms(engine, request)

Imported at first use: pytest imports this package in every run, for its plug-in.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neopack.testing.archives import assert_neo_ready
    from neopack.testing.engines import assert_engine_conforms
    from neopack.testing.frameworks import Sample, assert_framework_conforms

__all__ = ["Sample", "assert_engine_conforms", "assert_framework_conforms", "assert_neo_ready"]

_MODULES = {
    "Sample": "frameworks",
    "assert_engine_conforms": "engines",
    "assert_framework_conforms": "frameworks",
    "assert_neo_ready": "archives",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module 'neopack.testing' has no attribute {name!r}")
    return getattr(importlib.import_module(f"neopack.testing.{_MODULES[name]}"), name)
