"""The verbs, from source to result: what users and the command line call.

Each verb takes an options value of ``neopack.options``; those that notebooks use most also take
the fields of that value as keywords.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

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
from neopack.api.loading import experiment, loadtest
from neopack.api.measuring import bench, costs
from neopack.api.packaging import inspect, package, package_for
from neopack.api.places import subjects
from neopack.api.provenance import (
    audit,
    bom,
    provenance,
    rebuild,
    sign,
    signer_wanted,
    verify_signature,
)
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
from neopack.serving.verbs import server, write_dockerfile

if TYPE_CHECKING:
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


def __getattr__(name: str) -> Any:
    """SageMaker's verbs are imported at first use: other verbs import nothing of it."""
    if name not in __all__:
        raise AttributeError(f"module 'neopack.api' has no attribute {name!r}")
    return getattr(importlib.import_module("neopack.sagemaker.verbs"), name)


if "IPython" in sys.modules:  # a notebook shows results as tables
    from neopack.reports import notebook

    notebook.register()
