"""What a project begins with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypedDict

from neopack.options import Options

__all__ = ["InitChoices", "InitOptions"]


@dataclass(frozen=True, slots=True, kw_only=True)
class InitOptions(Options):
    """``framework`` is Neo's word for it; "" means the framework of ``source``, or else PyTorch.
    ``source`` is what the model is packaged from, "" for an example of the framework. ``targets``
    are those of the project. ``ci`` is whose workflow is written: github, gitlab, codebuild,
    jenkins, sagemaker-pipelines, or none; ``handlers`` adds the script
    that serves the compiled model. ``dry_run`` writes nothing."""

    framework: str = ""
    source: str = ""
    targets: tuple[str, ...] = ("ml_c5",)
    ci: str = "none"
    handlers: bool = False
    dry_run: bool = False


class InitChoices(TypedDict, total=False):
    """The fields of ``InitOptions`` as keywords."""

    framework: str
    source: str
    targets: Sequence[str]
    ci: str
    handlers: bool
    dry_run: bool
