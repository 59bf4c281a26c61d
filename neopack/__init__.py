"""neopack: trained models into the archives that Amazon SageMaker Neo compiles.

>>> import neopack
>>> neopack.package(model, inputs={"input0": (1, 3, 224, 224)}, path="resnet50.tar.gz")

The verbs are imported at first use, so that importing neopack costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from neopack._version import __version__

if TYPE_CHECKING:
    from neopack.api import (
        bench,
        check,
        compare,
        compile,  # noqa: A004
        costs,
        diff,
        experiment,
        explain,
        inspect,
        load,
        loadtest,
        package,
        roadmap,
        run,
        submit,
        verify,
        verify_compiler,
    )
    from neopack.errors import NeopackError
    from neopack.experiments.options import ExperimentOptions
    from neopack.loadtests.options import LoadOptions
    from neopack.options import (
        BenchOptions,
        CheckOptions,
        CompileOptions,
        DeployOptions,
        JobOptions,
        PackageOptions,
        WaitOptions,
    )
    from neopack.values.finding import Report
    from neopack.values.log import LineLog
    from neopack.values.signature import InputRequest, Signature, TensorSpec

__all__ = [
    "BenchOptions",
    "CheckOptions",
    "CompileOptions",
    "DeployOptions",
    "ExperimentOptions",
    "InputRequest",
    "JobOptions",
    "LineLog",
    "LoadOptions",
    "NeopackError",
    "PackageOptions",
    "Report",
    "Signature",
    "TensorSpec",
    "WaitOptions",
    "__version__",
    "bench",
    "check",
    "compare",
    "compile",
    "costs",
    "diff",
    "experiment",
    "explain",
    "inspect",
    "load",
    "loadtest",
    "package",
    "roadmap",
    "run",
    "submit",
    "verify",
    "verify_compiler",
]

_HOMES = {
    "NeopackError": "neopack.errors",
    **dict.fromkeys(
        (
            "BenchOptions",
            "CheckOptions",
            "CompileOptions",
            "DeployOptions",
            "JobOptions",
            "PackageOptions",
            "WaitOptions",
        ),
        "neopack.options",
    ),
    "ExperimentOptions": "neopack.experiments.options",
    "LoadOptions": "neopack.loadtests.options",
    "LineLog": "neopack.values.log",
    "Report": "neopack.values.finding",
    **dict.fromkeys(("InputRequest", "Signature", "TensorSpec"), "neopack.values.signature"),
    **dict.fromkeys(
        (
            "bench",
            "check",
            "compare",
            "compile",
            "costs",
            "diff",
            "experiment",
            "explain",
            "inspect",
            "loadtest",
            "package",
            "roadmap",
            "run",
            "submit",
            "verify",
            "verify_compiler",
        ),
        "neopack.api",
    ),
    # a program that serves a model starts without the other verbs
    "load": "neopack.artifacts.loaded_model",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'neopack' has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
