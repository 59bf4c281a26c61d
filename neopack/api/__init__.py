"""The verbs, from source to result: what users and the command line call.

Each verb takes an options value of ``neopack.options``; those that notebooks use most also take
the fields of that value as keywords.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from neopack import support
    from neopack.api.advising import advise
    from neopack.api.beginning import init
    from neopack.api.building import build, cache_contents, needed_runtimes, prune_cache
    from neopack.api.checking import (
        check,
        check_models,
        check_targets,
        explain,
        fix,
        matching,
        matrix,
        raise_for,
        unchecked,
        verify,
        verify_compiler,
    )
    from neopack.api.compiling import answer, compile, run  # noqa: A004 - Neo's own word
    from neopack.api.evidence import (
        audit,
        bom,
        provenance,
        rebuild,
        sign,
        signer_wanted,
        verify_signature,
    )
    from neopack.api.loading import experiment, loadtest
    from neopack.api.measuring import bench, costs
    from neopack.api.packaging import inspect, package, package_for
    from neopack.api.places import subjects
    from neopack.api.sharing import pull, push
    from neopack.artifacts.loaded_model import load
    from neopack.checks.roadmap import roadmap
    from neopack.compiling.target_choice import target_of
    from neopack.differences.comparing import diff
    from neopack.experiments.comparing import compare
    from neopack.project.settings import read_settings
    from neopack.runtimes.managing import (
        doctor,
        install_runtimes,
        remove_runtimes,
        states,
        write_bundle,
    )
    from neopack.sagemaker.verbs import (
        attach,
        delete_job,
        deploy,
        dry_run,
        job_log,
        job_results,
        jobs,
        plan_endpoint,
        raise_for_jobs,
        show_job,
        stop_job,
        submit,
        undeploy,
        write_policies,
    )
    from neopack.serving.verbs import server, write_dockerfile

__all__ = [
    "advise",
    "answer",
    "attach",
    "audit",
    "bench",
    "bom",
    "build",
    "cache_contents",
    "check",
    "check_models",
    "check_targets",
    "compare",
    "compile",
    "costs",
    "delete_job",
    "deploy",
    "diff",
    "doctor",
    "dry_run",
    "experiment",
    "explain",
    "fix",
    "init",
    "inspect",
    "install_runtimes",
    "job_log",
    "job_results",
    "jobs",
    "load",
    "loadtest",
    "matching",
    "matrix",
    "needed_runtimes",
    "package",
    "package_for",
    "plan_endpoint",
    "provenance",
    "prune_cache",
    "pull",
    "push",
    "raise_for",
    "raise_for_jobs",
    "read_settings",
    "rebuild",
    "remove_runtimes",
    "roadmap",
    "run",
    "server",
    "show_job",
    "sign",
    "signer_wanted",
    "states",
    "stop_job",
    "subjects",
    "submit",
    "support",
    "target_of",
    "unchecked",
    "undeploy",
    "verify",
    "verify_compiler",
    "verify_signature",
    "write_bundle",
    "write_dockerfile",
    "write_policies",
]

# where each verb is: it is imported at first use, and other verbs are not
_HOMES = {
    name: module
    for module, names in {
        "neopack.api.advising": ("advise",),
        "neopack.api.beginning": ("init",),
        "neopack.api.building": ("build", "cache_contents", "needed_runtimes", "prune_cache"),
        "neopack.api.checking": (
            "check",
            "check_models",
            "check_targets",
            "explain",
            "fix",
            "matching",
            "matrix",
            "raise_for",
            "unchecked",
            "verify",
            "verify_compiler",
        ),
        "neopack.api.compiling": ("answer", "compile", "run"),
        "neopack.api.loading": ("experiment", "loadtest"),
        "neopack.api.measuring": ("bench", "costs"),
        "neopack.api.packaging": ("inspect", "package", "package_for"),
        "neopack.api.places": ("subjects",),
        "neopack.api.evidence": (
            "audit",
            "bom",
            "provenance",
            "rebuild",
            "sign",
            "signer_wanted",
            "verify_signature",
        ),
        "neopack.api.sharing": ("pull", "push"),
        "neopack.artifacts.loaded_model": ("load",),
        "neopack.checks.roadmap": ("roadmap",),
        "neopack.compiling.target_choice": ("target_of",),
        "neopack.differences.comparing": ("diff",),
        "neopack.experiments.comparing": ("compare",),
        "neopack.project.settings": ("read_settings",),
        "neopack.runtimes.managing": (
            "doctor",
            "install_runtimes",
            "remove_runtimes",
            "states",
            "write_bundle",
        ),
        "neopack.serving.verbs": ("server", "write_dockerfile"),
        "neopack.sagemaker.verbs": (
            "attach",
            "delete_job",
            "deploy",
            "dry_run",
            "job_log",
            "job_results",
            "jobs",
            "plan_endpoint",
            "raise_for_jobs",
            "show_job",
            "stop_job",
            "submit",
            "undeploy",
            "write_policies",
        ),
    }.items()
    for name in names
}


def __getattr__(name: str) -> Any:
    """A verb at its first use."""
    if name == "support":
        return importlib.import_module("neopack.support")
    if name not in _HOMES:
        raise AttributeError(f"module 'neopack.api' has no attribute {name!r}")
    verb = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = verb
    return verb


if "IPython" in sys.modules:  # a notebook shows results as tables
    from neopack.reports import notebook

    notebook.register()
