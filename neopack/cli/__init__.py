"""The command line: one module a command, and the one place where errors become exit codes."""

import os
import signal
import sys
from typing import NoReturn

import typer

from neopack.cli import bench, check, compile_, inspect, package, run
from neopack.cli._console import console
from neopack.errors import CheckFailed, Interrupted, NeopackError

__all__ = ["app", "main"]

# how a shell reports a program that wrote to a closed pipe
BROKEN_PIPE = 141

app = typer.Typer(
    name="neopack",
    help="Package trained models for Amazon SageMaker Neo, check them, compile them, and measure.",
    no_args_is_help=True,
    # boxes for people; in a pipe or a log plain text, which also starts in half the time
    rich_markup_mode="rich" if sys.stdout.isatty() else None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Exit codes: 0 clean, 1 findings, 2 usage, 3 unsupported, 4 something to install, "
    "5 AWS, 6 engine, 130 interrupted.",
)
app.command("inspect")(inspect.inspect)
app.command("package")(package.package)
app.command("check")(check.check)
app.command("compile")(compile_.compile_)
app.command("run")(run.run)
app.command("bench")(bench.bench)


@app.callback()
def _options(
    version: bool = typer.Option(
        False, "--version", is_eager=True, help="Say the versions of neopack and what it sees."
    ),
) -> None:
    if version:
        from neopack.__main__ import version_text

        sys.stdout.write(version_text())
        raise typer.Exit


def main() -> NoReturn:
    """Run the command line and exit with the code of whatever happened."""
    signal.signal(signal.SIGTERM, _interrupted)
    signal.signal(signal.SIGINT, _interrupted)
    try:
        app()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(BROKEN_PIPE)
    except NeopackError as error:
        sys.exit(_report(error))
    except Exception as error:
        if console.debug:
            raise
        console.bug(error)
        sys.exit(1)
    sys.exit(0)


def _interrupted(signum: int, frame: object) -> NoReturn:  # noqa: ARG001 - signal's form
    # NeopackError rather than KeyboardInterrupt: typer turns that into "Aborted!" and code 1
    raise Interrupted(f"interrupted by {signal.Signals(signum).name}")


def _report(error: NeopackError) -> int:
    if console.debug:
        import traceback

        sys.stderr.write("".join(traceback.format_exception(error)))
    report = error.report if isinstance(error, CheckFailed) else None
    console.failure(error, report)
    return error.exit_code
