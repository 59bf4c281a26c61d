"""The command line: one module a command, and the only place that prints and exits."""

import os
import signal
import sys
from collections.abc import Sequence
from itertools import pairwise
from typing import NoReturn

import typer

from neopack.cli import (
    _wrong_calls,
    advise,
    bench,
    build,
    check,
    compare,
    compile_,
    cost,
    deploy,
    dev,
    diff,
    experiment,
    explain,
    image,
    init,
    inspect,
    jobs,
    loadtest,
    package,
    provenance,
    run,
    runtimes,
    serve,
    share,
    support,
    targets,
    verify,
)
from neopack.cli._console import console
from neopack.cli._help import App
from neopack.distributions import absent_module
from neopack.errors import (
    CheckFailed,
    Interrupted,
    Missing,
    NeopackError,
    OutputError,
    SourceError,
    UsageError,
)

__all__ = ["app", "main"]

INTERRUPTS = (signal.SIGTERM, signal.SIGINT)

# typer has click inside or beside it, by its version: the error of a wrong call is its base class
WrongCall: type[Exception] = typer.BadParameter.__bases__[0]

BUILD, CHECK, EVIDENCE, RUN = "Build", "Check", "Evidence", "Run"
CLOUD, REFERENCE = "Cloud", "Reference"

app = App(
    name="neopack",
    help="Package trained models for Amazon SageMaker Neo, check them, compile them, and measure.",
    epilog="Exit codes: 0 clean, 1 findings, 2 usage, 3 unsupported, 4 something to install, "
    "5 AWS, 6 engine, 7 a job goes on, 130 interrupted. neopack help COMMAND shows its options "
    "and an example.",
)
app.command("build", section=BUILD)(build.build)
app.command("package", section=BUILD)(package.package)
app.command("compile", section=BUILD)(compile_.compile_)
app.add_typer(init.init, name="init", rich_help_panel=BUILD)
app.add_typer(runtimes.app, rich_help_panel=BUILD)
app.add_typer(build.cache, rich_help_panel=BUILD)
app.command("inspect", section=CHECK)(inspect.inspect)
app.command("check", section=CHECK)(check.check)
app.command("explain", section=CHECK)(explain.explain)
app.command("verify", section=CHECK)(verify.verify)
app.command("diff", section=CHECK)(diff.diff)
app.command("provenance", section=EVIDENCE)(provenance.provenance)
app.command("bom", section=EVIDENCE)(provenance.bom)
app.command("sign", section=EVIDENCE)(provenance.sign)
app.command("verify-signature", section=EVIDENCE)(provenance.verify_signature)
app.command("audit", section=EVIDENCE)(provenance.audit)
app.command("rebuild", section=EVIDENCE)(provenance.rebuild)
app.command("run", section=RUN)(run.run)
app.command("serve", section=RUN)(serve.serve)
app.command("bench", section=RUN)(bench.bench)
app.command("loadtest", section=RUN)(loadtest.loadtest)
app.command("experiment", section=RUN)(experiment.experiment)
app.command("cost", section=RUN)(cost.cost)
app.command("advise", section=RUN)(advise.advise)
app.command("compare", section=RUN)(compare.compare)
app.command("push", section=CLOUD)(share.push)
app.command("pull", section=CLOUD)(share.pull)
app.command("deploy", section=CLOUD)(deploy.deploy)
app.command("undeploy", section=CLOUD)(deploy.undeploy)
app.add_typer(jobs.jobs, name="jobs", rich_help_panel=CLOUD)
app.add_typer(dev.app, rich_help_panel=CLOUD)
app.command("targets", section=REFERENCE)(targets.targets)
app.add_typer(support.support, name="support", rich_help_panel=REFERENCE)
app.command("image", section=REFERENCE)(image.image)


def _say_version(asked: bool) -> None:
    if asked:
        from neopack.distributions import version_text

        console.data(version_text().rstrip())
        raise typer.Exit


@app.callback()
def _options(
    version: bool = typer.Option(
        False,
        "--version",
        "-V",
        is_eager=True,
        callback=_say_version,
        help="Print the versions of neopack, and of the frameworks and engines it finds.",
    ),
) -> None:
    """What goes without a command."""


def main() -> NoReturn:
    """Run the command line and exit with the code of whatever happened."""
    for each in INTERRUPTS:
        signal.signal(each, _interrupted)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:  # which is nohup's
        signal.signal(signal.SIGHUP, _interrupted)
    # a member of an archive may have any name, also one that the terminal cannot show
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    try:
        code = _run(sys.argv[1:])
    except Interrupted as error:  # it came while another error was being reported
        code = _report(error)
    sys.exit(code)


def _run(arguments: list[str]) -> int:
    if arguments[:1] == ["help"]:
        arguments = [*arguments[1:], "--help"]
    console.listen_for(arguments)
    try:
        _refuse_empty(arguments)
        code = app(arguments or ["--help"], prog_name="neopack", standalone_mode=False)
    except (NeopackError, Interrupted) as error:
        return _report(error)
    except WrongCall as error:
        return _report(_wrong_calls.refused(error))
    except OSError as error:
        return _report(_unreadable(error))
    except Exception as error:
        if console.debug:
            raise
        if (absent := absent_module(error)) is not None:
            return _report(Missing(absent[0], hint=absent[1]))
        console.bug(error)
        return 1
    return (code or 0) if arguments else UsageError.exit_code


def _refuse_empty(arguments: Sequence[str]) -> None:
    """Refuse an empty argument. An empty path would mean this directory, and an empty option
    nothing; a pipeline that writes "$ARCHIVE" means neither."""
    for argument, after in pairwise([*arguments, "-"]):
        option, equals, value = argument.partition("=")
        empty = argument.startswith("--") and (bool(equals and not value) or not after)
        if empty or not argument:
            what = f"{option} is given without a value" if empty else "an argument is empty"
            raise UsageError(what, hint="is a shell variable unset?")


def _interrupted(signum: int, frame: object) -> NoReturn:  # noqa: ARG001 - signal's form
    # what is under way is cleaned up once, and within seconds: a second Ctrl-C would leave half
    for each in (*INTERRUPTS, signal.SIGHUP):
        signal.signal(each, _already_leaving)
    # Interrupted rather than KeyboardInterrupt, which typer takes for its own
    raise Interrupted(f"interrupted by {signal.Signals(signum).name}")


def _already_leaving(signum: int, frame: object) -> None:
    """SIG_IGN would do, but for one that came at the same time: Python shows it as an error."""


def _unreadable(error: OSError) -> NeopackError:
    """What the system said of a file, where nothing closer to it had a better word."""
    from neopack.outputs.atomic import FULL

    if error.filename is None and error.errno in FULL:
        return OutputError(f"cannot be written: {error.strerror}", where="standard output")
    named = "" if error.filename is None else os.fsdecode(error.filename)
    return SourceError(error.strerror or str(error), where=named, hint="is it yours to read?")


def _report(error: NeopackError | Interrupted) -> int:
    if console.debug:
        import traceback

        console.talk("".join(traceback.format_exception(error)).rstrip())
    report = error.report if isinstance(error, CheckFailed) else None
    console.failure(error, report)
    return error.exit_code
