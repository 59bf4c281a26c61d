"""Conformance suites for frameworks and engines, built in or plugged in.

For neopack's own and for plug-ins; call them from a test:

    assert_framework_conforms(framework, [Sample(path=Path("model.onnx"))])
    assert_engine_conforms(engine, request)
"""

from __future__ import annotations

from neopack.testing.engines import assert_engine_conforms
from neopack.testing.frameworks import Sample, assert_framework_conforms

__all__ = ["Sample", "assert_engine_conforms", "assert_framework_conforms"]
