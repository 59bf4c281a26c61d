"""Run by itself: a set of files is replaced by a process that is killed at its first call of the
operating system, then at its second, and so on. Prints what was found after each."""

from __future__ import annotations

import json
import os
import shutil
import signal
import sys
from pathlib import Path

from neopack.outputs import atomic, journal
from neopack.outputs.atomic import AtomicOutputs, settle

NAMES = ("net.tar.gz", "net.golden.npz", "net.neopack.json")
CALLS = ("open", "os.", "fcntl.", "shutil.")


def write(folder: Path, content: str) -> None:
    with AtomicOutputs(force=True, main=folder / NAMES[0]) as outputs:
        for name in NAMES:
            outputs.open(folder / name).write(content.encode())


def held(folder: Path) -> list[str]:
    """What each of the set has, and the hidden names."""
    visible = [(folder / n).read_text() if (folder / n).exists() else "" for n in NAMES]
    return [*visible, *sorted(p.name for p in folder.iterdir() if p.name not in NAMES)]


def killed_at(number: int, folder: Path, *, failing: bool) -> tuple[bool, str]:
    """Whether the process was killed, at its call of that number, and at which."""
    said, tell = os.pipe()
    if not os.fork():
        count = 0

        def kill(event: str, arguments: object) -> None:
            nonlocal count
            count += event.startswith(CALLS)
            if count == number and event.startswith(CALLS):
                os.write(tell, event.encode())
                os.kill(os.getpid(), signal.SIGKILL)

        if failing:
            fail_second_rename()
        sys.addaudithook(kill)
        try:
            write(folder, "new")
        finally:
            os._exit(0)
    os.close(tell)
    with os.fdopen(said, "rb") as stream:
        event = stream.read().decode()
    return os.WIFSIGNALED(os.wait()[1]), event


def fail_second_rename() -> None:
    """As where a file may not be replaced: each second name cannot be moved to."""
    replace = Path.replace

    def refusing(self: Path, target: Path) -> Path:
        if Path(target).name == NAMES[1] and self.name.endswith("n.tmp"):
            raise PermissionError(1, "Operation not permitted")
        return replace(self, target)

    Path.replace = refusing  # type: ignore[method-assign, assignment]


def main(place: Path, scenario: str) -> None:
    if scenario == "named":
        del os.O_TMPFILE
    for number in range(1, 500):
        folder = place / str(number)
        folder.mkdir()
        if scenario != "fresh":
            write(folder, "old")
        killed, event = killed_at(number, folder, failing=scenario == "failing")
        left, told = held(folder), journal.journal_of(folder / NAMES[0]).exists()
        settle(folder / NAMES[0])
        settled = held(folder)
        write(folder, "newer")
        row = {"event": event, "left": left, "told": told, "settled": settled}
        sys.stdout.write(json.dumps({**row, "after": held(folder)}) + "\n")
        shutil.rmtree(folder)
        if not killed:
            return


if __name__ == "__main__":
    assert atomic
    main(Path(sys.argv[1]), sys.argv[2])
