"""Run a tutorial as its reader would: ``python tools/run_tutorial.py docs/tutorials/*.md``.

The blocks of a page run in order, in one empty directory and one shell:

- a block whose first line is a comment with a file name is written to that file;
- a ``console`` block has commands after ``$ ``, continued after a backslash, each with its
  output, both streams together;
- other blocks are ignored.

A command must print what the page shows, except for what ``masked`` removes: spaces; times,
sizes, digests and differences; the versions of today's frameworks; the number of rules; the
machine; every number that what measures prints. A line ``...`` stands for any lines, and
the directory is removed. A command with an exit code other than 0 is followed by ``$ echo $?``.

With ``--write``, the output is written into the page, except where a line ``...`` stands and the
lines around it match.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

BLOCK = re.compile(r"^```(?P<kind>\w+)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
FILE = re.compile(r"(?:#|//) (?P<name>[\w./-]+\.\w+)\n")
COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n", re.MULTILINE)
ANY = "..."
END = "end of what was printed:"
FREE = (
    (re.compile(r"\b[0-9a-f]{64}\b"), "<digest>"),
    (re.compile(r"-[0-9a-f]{10}\b"), "-<digest>"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:+]+"), "<moment>"),
    (re.compile(r"\b\d[\d.,]* (?:m?s|B|[KMG]iB|bytes)\b"), "<amount>"),
    (re.compile(r"\b\d(?:\.\d+)?e-\d+\b|\b0(?= of the largest)"), "<difference>"),
    (re.compile(r"^the windows differ widely: .+\n", re.MULTILINE), ""),
    (re.compile(r"^\S+ (is|may be) slower than .+\n(if it stays so, .+\n)?", re.MULTILINE), ""),
    (re.compile(r"^on .+, \d+ cores, .+;", re.MULTILINE), "on <machine>;"),
    (re.compile(r"(127\.0\.0\.1):\d+"), r"\1:<port>"),
    # the emulator compiles with TVM only where the CPU runs what that generates
    (re.compile(r"\bartifact of (?:openvino|tvm)\b"), "artifact of <engine>"),
    (re.compile(r"\b\d+(?= rules: )|(?<= tests=\")\d+"), "<rules>"),
    (
        re.compile(
            r"\b(openvino|torch|tensorflow|keras|xgboost|onnxruntime)"
            r" (?:20\d\d[\d.]+|2\.\d\d[\w.+]*|3[\d.]+|1\.[2-9]\d[\d.]*)",
            re.IGNORECASE,
        ),
        r"\1 <new>",
    ),
)
NUMBER = re.compile(r"\d[\d.,e-]*")
ALONE = re.compile(r"(?<!\S)(?:0|\d[\d.]*)(?!\S)")
MEASURED = {
    **dict.fromkeys(("run", "bench", "experiment", "cost", "advise", "compare"), NUMBER),
    "verify": ALONE,
}
SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the page and the output that the page shows; ``start`` to ``end`` is the span
    of that output in the text."""

    line: str
    shown: str
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    name: str
    text: str


def steps(text: str) -> Iterator[Command | Written]:
    for block in BLOCK.finditer(text):
        file = FILE.match(block["text"])
        if file:
            yield Written(name=file["name"], text=block["text"])
        elif block["kind"] == "console":
            yield from _commands(block["text"], block.start("text"))


def _commands(text: str, at: int) -> Iterator[Command]:
    matches = list(COMMAND.finditer(text))
    for match, following in zip(matches, [*matches[1:], None], strict=True):
        end = following.start() if following else len(text)
        shown = text[match.end() : end]
        yield Command(line=match[1], shown=shown, start=at + match.end(), end=at + end)


class Shell:
    """One bash for a page, which marks the end of each command; it ends after ``seconds``."""

    def __init__(self, folder: Path, seconds: float = SECONDS) -> None:
        self._process = subprocess.Popen(
            ["bash", "--norc", "--noprofile"],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        # a command that never ends is killed, and ends the page
        self._watch = threading.Timer(seconds, self._end)
        self._watch.start()

    def run(self, line: str) -> tuple[int, str]:
        """Return the exit code and the output of a command."""
        say, hear = self._pipes()
        say.write(f"{line}\nlast=$?; printf '%s %s\\n' '{END}' $last; (exit $last)\n")
        say.flush()
        printed: list[str] = []
        for heard in hear:
            before, ended, code = heard.partition(END)
            printed.append(before)
            if ended:
                return int(code), "".join(printed)
        raise RuntimeError(f"the shell ended in {line!r}: {''.join(printed)}")

    def close(self) -> None:
        """End the shell and everything that the page left running."""
        self._watch.cancel()
        self._end()
        self._process.wait()
        say, hear = self._pipes()
        with say, hear:
            hear.read()  # to the end, so that every process that prints here has ended

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the shell has no pipes")
        return self._process.stdin, self._process.stdout


def environment() -> dict[str, str]:
    """The reader's environment: neopack and its Python first on the PATH, no AWS account."""
    inherited = {
        k: v
        for k, v in os.environ.items()
        if not k.startswith(("AWS_", "NEOPACK_BACKEND", "COLUMNS"))
    }
    first = Path(sys.executable).parent
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "NO_COLOR": "1"}
    plain = {"LC_ALL": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
    runtimes = os.environ.get("NEOPACK_HOME", str(Path(sys.prefix) / "neopack"))
    path = f"{first}:{inherited['PATH']}"
    return {**inherited, **quiet, **plain, "PATH": path, "NEOPACK_HOME": runtimes}


def run(text: str, folder: Path) -> Iterator[tuple[Command, int, str]]:
    """Yield each command of a page with its exit code and its output."""
    shell = Shell(folder)
    try:
        for step in steps(text):
            if isinstance(step, Written):
                (folder / step.name).parent.mkdir(parents=True, exist_ok=True)
                (folder / step.name).write_text(step.text, encoding="utf-8")
            else:
                code, printed = shell.run(step.line)
                yield step, code, printed.replace(f"{folder}/", "")
    finally:
        shell.close()


def masked(text: str, line: str) -> list[str]:
    """Return the lines of an output without the parts that differ between runs."""
    for pattern, word in FREE:
        text = pattern.sub(word, text)
    words = line.split()
    if words[0] == "neopack" and words[1] in MEASURED:
        text = MEASURED[words[1]].sub("<number>", text)
    return [" ".join(line_.split()) for line_ in text.splitlines() if line_.strip()]


def holds(shown: str, printed: str, line: str) -> bool:
    """Whether a command's output matches the page."""
    parts = [
        r"(?:.*\n)*?" if part == ANY else re.escape(part) + r"\n" for part in masked(shown, line)
    ]
    output = "".join(f"{part}\n" for part in masked(printed, line))
    return re.fullmatch("".join(parts), output) is not None


def rewritten(text: str, ran: list[tuple[Command, int, str]]) -> str:
    for command, _, printed in reversed(ran):
        matches = ANY in command.shown.split("\n") and holds(command.shown, printed, command.line)
        if not matches:
            text = text[: command.start] + printed + text[command.end :]
    return text


def faults(ran: list[tuple[Command, int, str]]) -> Iterator[str]:
    """Yield the differences between a page and the output of its commands."""
    for place, (command, code, printed) in enumerate(ran):
        after = ran[place + 1][0].line if place + 1 < len(ran) else ""
        if not holds(command.shown, printed, command.line):
            yield f"$ {command.line}\n{printed}(ended with {code}; shown is)\n{command.shown}"
        if code and after != "echo $?":
            yield f"$ {command.line}\n{printed}(ended with {code}, which no echo $? shows)"


def main(arguments: list[str]) -> int:
    wrong: list[str] = []
    for page in map(Path, (name for name in arguments if name != "--write")):
        text = page.read_text("utf-8")
        with tempfile.TemporaryDirectory() as folder:
            ran = list(run(text, Path(folder)))
        wrong += [f"{page}: {fault}" for fault in faults(ran)]
        if "--write" in arguments:
            page.write_text(rewritten(text, ran), encoding="utf-8")
    sys.stderr.write("".join(f"{fault}\n" for fault in wrong))
    return min(len(wrong), 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
