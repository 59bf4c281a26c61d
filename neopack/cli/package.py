"""``neopack package``."""

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from neopack.cli import _completion, _streams
from neopack.cli import _options as options
from neopack.cli._console import console

if TYPE_CHECKING:
    from neopack.values.artifact import NeoArchive

__all__ = ["package"]

PYTORCH, TENSORFLOW, XGBOOST = "PyTorch", "TensorFlow", "XGBoost"
TFLITE = "TensorFlow Lite"


class Form(StrEnum):
    saved_model = "saved-model"
    frozen = "frozen"


class Quantize(StrEnum):
    float16 = "float16"
    int8 = "int8"


class Bind(StrEnum):
    name = "name"
    positional = "positional"


@options.answers("package", "packages")
def package(
    model: Annotated[
        str,
        typer.Argument(
            help="module:callable, file.py:callable, a model file, directory or archive."
        ),
    ],
    output: Annotated[
        Path,
        typer.Option(
            "--output",
            "-o",
            help="The archive, a .tar.gz, or - for standard output; with several targets "
            "<stem>.<target>.tar.gz for each.",
        ),
    ],
    inputs: options.Inputs = None,
    target: Annotated[
        list[str] | None,
        typer.Option(
            "--target",
            "-t",
            help="ml_c5, ml_inf1, linux/arm64/nvidia, ...; may repeat; ml_c5 by default.",
            autocompletion=_completion.target_names,
        ),
    ] = None,
    framework: options.Framework = None,
    framework_version: Annotated[
        str | None, typer.Option(help="The version Neo compiles with; the newest by default.")
    ] = None,
    weights: options.Weights = None,
    arguments: options.Arguments = None,
    code: Annotated[
        Path | None, typer.Option(help="A directory that goes in as code/ (inference.py).")
    ] = None,
    script: Annotated[
        bool,
        typer.Option(
            "--script",
            help="Script instead of tracing: keeps control flow.",
            rich_help_panel=PYTORCH,
        ),
    ] = False,
    bind: Annotated[
        Bind | None,
        typer.Option(
            help="positional: the inputs in the order written, whatever their names "
            "(PyTorch, TensorFlow); by name by default."
        ),
    ] = None,
    example: Annotated[
        Path | None, typer.Option(help="An .npz of real inputs for tracing and golden outputs.")
    ] = None,
    signature: Annotated[
        str | None,
        typer.Option(help="Which signature of a SavedModel.", rich_help_panel=TENSORFLOW),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", help="A tag of the graph to take.", rich_help_panel=TENSORFLOW),
    ] = None,
    form: Annotated[
        Form | None,
        typer.Option(help="As it is by default.", rich_help_panel=TENSORFLOW),
    ] = None,
    outputs: Annotated[
        list[str] | None,
        typer.Option(
            "--output-name", help="An output of a frozen graph.", rich_help_panel=TENSORFLOW
        ),
    ] = None,
    constants: Annotated[
        list[str] | None,
        typer.Option(
            "--constant",
            metavar="NAME=VALUE",
            help="An input of a file that becomes a constant, such as keep_prob=1.",
            rich_help_panel=TENSORFLOW,
        ),
    ] = None,
    quantize: Annotated[
        Quantize | None,
        typer.Option(
            help="What a Keras model or a SavedModel is converted to: weights of float16, or "
            "everything in int8.",
            rich_help_panel=TFLITE,
        ),
    ] = None,
    calibration: Annotated[
        Path | None,
        typer.Option(
            help="An .npz of real inputs, samples first, for int8.", rich_help_panel=TFLITE
        ),
    ] = None,
    trust_pickle: Annotated[
        bool,
        typer.Option(
            "--trust-pickle",
            help="Load a pickled model: runs what is in it.",
            rich_help_panel=XGBOOST,
        ),
    ] = False,
    missing: Annotated[
        float | None,
        typer.Option(
            help="The number that rows have for a missing value, or nan; by default what the "
            "model's wrapper says.",
            rich_help_panel=XGBOOST,
        ),
    ] = None,
    preprocessing: Annotated[
        Path | None,
        typer.Option(
            help="Where the script goes that does what a scikit-learn Pipeline does before its "
            "model, such as code/inference.py.",
            rich_help_panel=XGBOOST,
        ),
    ] = None,
    seed: Annotated[int, typer.Option(help="For random inputs and random weights.")] = 0,
    level: Annotated[int, typer.Option(help="gzip level 0 to 9; weights hardly compress.")] = 1,
    verify: Annotated[
        bool,
        typer.Option("--verify", help="Prove it in the exact version and by the compiler of Neo."),
    ] = False,
    runtime: Annotated[
        str | None,
        typer.Option(
            help="Prove it in this version, such as pytorch-1.8.1; without --verify, a PyTorch "
            "callable whose export of today it does not take is built and traced in it."
        ),
    ] = None,
    compiler: Annotated[
        bool, typer.Option(help="With --verify: prove it by the compiler of Neo too.")
    ] = True,
    ignore: Annotated[
        list[str] | None,
        typer.Option(
            help="A rule, or family of rules, that may fail.",
            autocompletion=_completion.rule_names,
        ),
    ] = None,
    force: options.Force = False,
) -> None:
    """Write the exact archive that Neo takes, with a manifest and golden outputs beside it."""
    from neopack import api
    from neopack.cli import _values
    from neopack.options import PackageOptions

    choices = PackageOptions(
        framework=framework,
        framework_version=framework_version,
        code=code,
        example=example,
        seed=seed,
        level=level,
        verify=verify,
        compiler=compiler,
        runtime=runtime,
        ignore=tuple(ignore or ()),
        force=force,
        framework_options=(
            ("script", script),
            ("bind", bind.value if bind else None),
            ("signature", signature),
            ("tags", tuple(tags or ())),
            ("form", form.value if form else None),
            ("outputs", tuple(outputs or ())),
            ("constants", tuple(constants or ())),
            ("quantize", quantize.value if quantize else None),
            ("calibration", str(calibration) if calibration else None),
            ("trust_pickle", trust_pickle),
            ("missing", missing),
            ("preprocessing", str(preprocessing) if preprocessing else None),
        ),
    )
    targets = target or [choices.target]
    with _streams.delivered(output, len(targets)) as path:
        archives = api.package_for(
            targets,
            model,
            path=path,
            inputs=_values.parse_inputs(inputs),
            weights=weights,
            arguments=_values.parse_arguments(arguments),
            options=choices,
            log=console,
        )
        for archive in archives:
            _talk_of(archive)
    if output == _streams.STREAM:
        console.note(f"sha256 {archives[0].sha256}; -o NAME.tar.gz keeps golden outputs too")
    elif len(archives) == 1:
        console.result("package", archives[0], of=[archives[0].path])
        proven = archives[0].report.evidence
        console.next("compile" if proven else "verify", archives[0].path)
    else:
        console.result("packages", archives, of=[each.path for each in archives])


def _talk_of(archive: "NeoArchive") -> None:
    from neopack.reports.evidence import compiler_evidence_text, evidence_text

    for evidence in archive.report.evidence:
        console.note(evidence_text(evidence))
    for compiled in archive.report.compiler:
        console.note(compiler_evidence_text(compiled))
    for finding in archive.report.at("warning"):
        console.warn(f"{finding.id}: {finding.message}")
