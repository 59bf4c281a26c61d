"""What a build refuses before any work: what a late step would refuse after the work of those
before it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from neopack import facts, runtimes
from neopack.build.keys import source_of, weights_file
from neopack.build.work import compile_options, package_options
from neopack.checks.engine import refuse_unknown
from neopack.engines import registry as engines
from neopack.errors import NeopackError, SourceError, UsageError
from neopack.frameworks import callables
from neopack.frameworks import registry as frameworks
from neopack.frameworks.task import has_option
from neopack.goldens.comparison import check_max_difference
from neopack.goldens.inputs import DTYPES, check_seed, shape_of
from neopack.options import BenchOptions
from neopack.project.declared import read_table
from neopack.project.model_settings import InputSettings, ModelSettings
from neopack.project.models import BuiltModel
from neopack.spelling import did_you_mean, nearest_file
from neopack.values.quantization import AUTO

__all__ = ["named_files", "refuse_incomplete"]

# files that are read where these words are not written
NOT_FILES = ("random",)


def refuse_incomplete(models: Iterable[BuiltModel], root: Path) -> None:
    """Raise for a word, a number or a file that a model names and that no step can use."""
    for model in models:
        label = f"{model.settings.where}: model {model.name}"
        try:
            _refuse_wrong_words(model.settings)
        except NeopackError as error:
            error.where = label
            raise
        for what, path in named_files(model, root):
            if not path.exists():
                raise SourceError(
                    f"{what} {path.relative_to(root) if path.is_relative_to(root) else path}: "
                    "no such file",
                    where=label,
                    hint=nearest_file(path),
                )


def named_files(model: BuiltModel, root: Path) -> Iterator[tuple[str, Path]]:
    """The files that the settings of a model name, each with what it is."""
    settings = model.settings
    source = source_of(settings, root)
    if source.path is not None:
        yield "source", source.path
    elif callables.split(settings.source)[0].endswith(".py"):
        yield "source", root / callables.split(settings.source)[0]
    if settings.weights:
        yield "weights", weights_file(settings.weights, root)
    if settings.example:
        yield "example", root / settings.example
    if settings.code:
        yield "code", root / settings.code
    calibration = settings.compile.calibration if settings.compile else None
    if calibration and not (
        calibration in NOT_FILES or callables.looks_like_callable(calibration)
    ):
        yield "calibration", root / calibration


def _refuse_wrong_words(settings: ModelSettings) -> None:
    refuse_unknown(*settings.ignore)
    if settings.framework:
        frameworks.get(settings.framework)
    if settings.runtime:
        runtimes.get(settings.runtime)
    _refuse_wrong_options(settings)
    for name, each in settings.inputs.items():
        _refuse_wrong_input(name, each)
    check_seed(settings.seed)
    check_max_difference(settings.thresholds.max_difference)
    package_options(settings)
    _refuse_wrong_compiling(settings)


def _refuse_wrong_options(settings: ModelSettings) -> None:
    """Of the model's framework where it is named, else of any that has such an option."""
    kinds = frameworks.option_kinds(settings.framework)
    known = sorted({name for kind in kinds for name in kind.__dataclass_fields__})
    for name, value in settings.options.items():
        kind = next((kind for kind in kinds if has_option(kind, name)), None)
        if kind is None:
            whose = settings.framework or "any framework"
            listed = f"there are {', '.join(known)}" if known else "it has none"
            hint = did_you_mean(name, known, listed)
            raise UsageError(f"options.{name} is not an option of {whose}", hint=hint)
        read_table(kind, {name: value}, "", "options")


def _refuse_wrong_input(name: str, settings: InputSettings) -> None:
    if not settings.shape:
        hint = f"inputs.{name} = [1, 3, 224, 224]"
        raise UsageError(f"inputs.{name} lacks a shape", hint=hint)
    shape_of(name, settings.shape)
    if settings.dtype is not None and settings.dtype not in DTYPES:
        hint = did_you_mean(settings.dtype, DTYPES, f"there are {', '.join(sorted(DTYPES))}")
        raise UsageError(f"inputs.{name}.dtype: no dtype {settings.dtype!r}", hint=hint)
    if settings.below is not None and settings.below < 1:
        raise UsageError(f"inputs.{name}.below is {settings.below}", hint="write 1 or more")


def _refuse_wrong_compiling(settings: ModelSettings) -> None:
    if settings.backend == "sagemaker" and not (settings.role and settings.output):
        raise UsageError("backend sagemaker needs a role and an output", hint="write both")
    if settings.bench is not None:
        BenchOptions(seconds=settings.bench.seconds, threads=settings.bench.threads)
    if settings.compile is None:
        return
    for name in settings.compile.targets:
        facts.target(name)
    if settings.compile.engine not in (None, AUTO):
        engines.get(settings.compile.engine)
    compile_options(settings)
