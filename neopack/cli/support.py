"""``neopack support``."""

from pathlib import Path
from typing import Annotated

import typer

from neopack.cli import _options as options
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.cli.targets import AsOf, FrameworkName, TargetClass
from neopack.errors import Unsupported

__all__ = ["support"]

support = App(
    help="Support tables: Neo, compilers' operators, edge devices, Elastic Inference, the model "
    "parallel library, Training Compiler.",
)

RegionName = Annotated[str, typer.Option(help="us-west-2, ...", show_default=False)]
InstanceName = Annotated[str, typer.Option(help="ml.p3.16xlarge, ...", show_default=False)]


@support.command("neo")
@options.answers("support neo")
def neo(
    framework: FrameworkName = "",
    target_class: TargetClass = None,
    as_of: AsOf = None,
) -> None:
    """Neo's matrix: framework versions by class of targets."""
    from neopack import api

    answer = api.support.neo(framework=framework, as_of=as_of, target_class=target_class or "")
    console.result("support neo", answer, long=True)


@support.command("edge")
@options.answers("support edge")
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
    from neopack import api

    answer = api.support.edge(model, framework=framework, chip=chip)
    console.result("support edge", answer, long=True)


@support.command("ei")
@options.answers("support ei")
def ei(
    model: Annotated[
        Path | None, typer.Option(help="Pick the smallest accelerator that can hold it.")
    ] = None,
) -> None:
    """Elastic Inference: accelerators, frameworks, rules. The service is gone."""
    from neopack import api

    answer = api.support.ei(model=model)
    console.result("support ei", answer, long=True)


@support.command("operators")
@options.answers("support operators")
def operators(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="OP",
            help="aten::conv2d, Gemm, ...; none: all of the framework.",
            show_default=False,
        ),
    ] = None,
    framework: FrameworkName = "",
    compiler: Annotated[
        str, typer.Option(help="tvm, tvm==0.8, tvm==neo-1.7.0, neuron, torch-neuron==2.9.0.0.")
    ] = "tvm",
) -> None:
    """The operators that the compilers behind Neo convert, by framework and release."""
    from neopack import api

    answer = api.support.operators(names or [], framework=framework, compiler=compiler)
    console.result("support operators", answer, long=True)
    if answer.unknown:
        raise typer.Exit(Unsupported.exit_code)


@support.command("smp")
@options.answers("support smp")
def smp(
    framework: FrameworkName = "",
    version: Annotated[str, typer.Option(help="1.12.1, ...", show_default=False)] = "",
    region: RegionName = "",
    instance: InstanceName = "",
) -> None:
    """The model parallel library: its version, image and wheel by framework version."""
    from neopack import api

    answer = api.support.smp(framework, version, region=region, instance=instance)
    console.result("support smp", answer, long=True)


@support.command("training-compiler")
@options.answers("support training-compiler")
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
    from neopack import api

    answer = api.support.training_compiler(
        model,
        instance=instance,
        precision=precision,
        sequence_length=length,
        release=release,
        smaller=smaller,
    )
    console.result("support training-compiler", answer, long=True)
