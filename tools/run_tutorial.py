"""Run a tutorial as its reader would: ``python tools/run_tutorial.py docs/tutorials/*.md``.

The blocks of a page are carried out in order, in one empty directory and one shell:

- a block whose first line is a comment with a file's name is written to that file;
- a ``console`` block has commands after ``$ ``, going on after a backslash, each with what it
  printed, both streams together;
- other blocks are only shown.

What a command prints has to be what the page shows, but for what ``masked`` leaves out: spaces;
times, sizes, digests and differences; the versions of today's frameworks; how many rules there
are; the machine; every number that ``run`` and ``bench`` print. A line ``...`` stands for any
lines, and the directory is left out. A command that ends with another code than 0 is followed by
``$ echo $?``.

With ``--write`` the page gets what was printed, except where a line ``...`` stands and what is
around it holds.
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
    (re.compile(r"^on .+, \d+ cores, .+;", re.MULTILINE), "on <machine>;"),
    (re.compile(r"(127\.0\.0\.1):\d+"), r"\1:<port>"),
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
MEASURED = {"run": NUMBER, "bench": NUMBER, "verify": ALONE}
SECONDS = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """A command of the page and what it is shown to print; ``start`` to ``end`` is where that
    stands in the text."""

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
        named = FILE.match(block["text"])
        if named:
            yield Written(name=named["name"], text=block["text"])
        elif block["kind"] == "console":
            yield from _commands(block["text"], block.start("text"))


def _commands(text: str, at: int) -> Iterator[Command]:
    found = list(COMMAND.finditer(text))
    for one, following in zip(found, [*found[1:], None], strict=True):
        end = following.start() if following else len(text)
        yield Command(line=one[1], shown=text[one.end() : end], start=at + one.end(), end=at + end)


class Shell:
    """One bash for a page, in which a command's end is marked; it lives no longer than
    ``seconds``."""

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
        # a command that never ends is ended, and with it the page
        self._watch = threading.Timer(seconds, self._end)
        self._watch.start()

    def run(self, line: str) -> tuple[int, str]:
        """The exit code, and what was printed."""
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
        """Ends what the page left running too."""
        self._watch.cancel()
        self._end()
        self._process.wait()
        say, hear = self._pipes()
        with say, hear:
            hear.read()  # to the end: what prints here is gone too

    def _end(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def _pipes(self) -> tuple[IO[str], IO[str]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise RuntimeError("the shell has no pipes")
        return self._process.stdin, self._process.stdout


def environment() -> dict[str, str]:
    """The reader's: neopack and its Python come first, nothing of an account of AWS is there."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "NEOPACK_BACKEND"))}
    first = Path(sys.executable).parent
    quiet = {"TF_CPP_MIN_LOG_LEVEL": "3", "TF_ENABLE_ONEDNN_OPTS": "0", "NO_COLOR": "1"}
    plain = {"LC_ALL": "C.UTF-8", "COLUMNS": "80", "PYTHONDONTWRITEBYTECODE": "1"}
    runtimes = os.environ.get("NEOPACK_HOME", str(Path(sys.prefix) / "neopack"))
    path = f"{first}:{kept['PATH']}"
    return {**kept, **quiet, **plain, "PATH": path, "NEOPACK_HOME": runtimes}


def run(text: str, folder: Path) -> Iterator[tuple[Command, int, str]]:
    """Each command of a page with its exit code and what it printed."""
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
    """The lines of an output without what may differ from one run to the next."""
    for pattern, word in FREE:
        text = pattern.sub(word, text)
    words = line.split()
    if words[0] == "neopack" and words[1] in MEASURED:
        text = MEASURED[words[1]].sub("<number>", text)
    return [" ".join(each.split()) for each in text.splitlines() if each.strip()]


def holds(shown: str, printed: str, line: str) -> bool:
    """Whether a command printed what the page shows."""
    parts = [
        r"(?:.*\n)*?" if each == ANY else re.escape(each) + r"\n" for each in masked(shown, line)
    ]
    said = "".join(f"{each}\n" for each in masked(printed, line))
    return re.fullmatch("".join(parts), said) is not None


def rewritten(text: str, ran: list[tuple[Command, int, str]]) -> str:
    for command, _, printed in reversed(ran):
        kept = ANY in command.shown.split("\n") and holds(command.shown, printed, command.line)
        if not kept:
            text = text[: command.start] + printed + text[command.end :]
    return text


def faults(ran: list[tuple[Command, int, str]]) -> Iterator[str]:
    """What a page shows otherwise than it is."""
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
