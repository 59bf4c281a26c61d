"""``neopack support``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli.targets import AsOf, FrameworkName, TargetClass

__all__ = ["support"]

support = typer.Typer(
    help="Support tables: Neo, edge devices, Elastic Inference, the model parallel library, "
    "Training Compiler.",
    no_args_is_help=False,
)

RegionName = Annotated[str, typer.Option(help="us-west-2, ...", show_default=False)]
InstanceName = Annotated[str, typer.Option(help="ml.p3.16xlarge, ...", show_default=False)]


@support.command("neo")
@options.with_output
def neo(
    framework: FrameworkName = "",
    target_class: TargetClass = None,
    as_of: AsOf = None,
) -> None:
    """Neo's matrix: framework versions by class of targets."""
    from neopack import support
    from neopack.reports.support import matrix_text

    found = support.neo(framework=framework, as_of=as_of, target_class=target_class or "")
    console.result("support neo", found, matrix_text(found), long=True)


@support.command("edge")
@options.with_output
def edge(
    model: Annotated[
        str, typer.Argument(help="ResNet50, yolo, ...; none: all.", show_default=False)
    ] = "",
    framework: FrameworkName = "",
    chip: Annotated[
        str, typer.Option(help="TI TDA4VM, jetson_nano, ...", show_default=False)
    ] = "",
) -> None:
    """The models that AWS tested on edge devices, by chip."""
    from neopack import support
    from neopack.reports.support import edge_text

    found = support.edge(model, framework=framework, chip=chip)
    console.result("support edge", found, edge_text(found), long=True)


@support.command("ei")
@options.with_output
def ei(
    model: Annotated[
        Path | None, typer.Option(help="Pick the smallest accelerator that can hold it.")
    ] = None,
) -> None:
    """Elastic Inference: accelerators, frameworks, rules. The service is gone."""
    from neopack import support
    from neopack.reports.support import elastic_text

    found = support.ei(model=model)
    console.result("support ei", found, elastic_text(found), long=True)


@support.command("smp")
@options.with_output
def smp(
    framework: FrameworkName = "",
    version: Annotated[str, typer.Option(help="1.12.1, ...", show_default=False)] = "",
    region: RegionName = "",
    instance: InstanceName = "",
) -> None:
    """The model parallel library: its version, image and wheel by framework version."""
    from neopack import support
    from neopack.reports.support import parallel_text

    found = support.smp(framework, version, region=region, instance=instance)
    console.result("support smp", found, parallel_text(found), long=True)


@support.command("training-compiler")
@options.with_output
def training_compiler(
    model: Annotated[
        str, typer.Argument(help="bert-base-uncased, ...; none: all.", show_default=False)
    ] = "",
    instance: InstanceName = "",
    precision: Annotated[str, typer.Option(help="float16, float32.", show_default=False)] = "",
    length: Annotated[int | None, typer.Option(help="The sequence length.")] = None,
    release: Annotated[str, typer.Option(help="'PyTorch 1.13.1', 2.11, ...")] = "",
    smaller: Annotated[
        bool, typer.Option("--smaller", help="Only where the compiler needs a smaller batch.")
    ] = False,
) -> None:
    """Training Compiler: tested batch sizes, native and compiled, or the nearest there are."""
    from neopack import support
    from neopack.reports.support import training_text

    found = support.training_compiler(
        model,
        instance=instance,
        precision=precision,
        sequence_length=length,
        release=release,
        smaller=smaller,
    )
    console.result("support training-compiler", found, training_text(found), long=True)
