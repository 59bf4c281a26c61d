"""``make fuzz``: many inputs for each reader, one process a reader, going on where it stopped.

Settings by environment: FUZZ_CASES for a reader of share 1, FUZZ_SECONDS for each reader (0: no
bound), FUZZ_READERS (names, separated by semicolons), FUZZ_SEED, FUZZ_OUT, FUZZ_JOBS.
What is found lies under FUZZ_OUT: for each finding the input, and what was said of it.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from multiprocessing.connection import wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import Any, cast

from harness import Finding, Reader, cases, confined
from readers import readers

CHUNK = 250
MOST_KEPT = 40  # inputs for each kind of finding
ADDRESS_SPACE = 512 << 20
State = dict[str, Any]


def main() -> int:
    out = Path(_setting("OUT", "fuzz-out"))
    out.mkdir(parents=True, exist_ok=True)
    chosen = [name for name in _setting("READERS", "").split(";") if name] or list(readers())
    for name, state in _all(chosen, out, int(_setting("JOBS", "1"))):
        print(_row(name, state), flush=True)
    states = {name: _state(out, name) for name in readers()}
    print(*table(states), sep="\n")
    return 1 if any(state["findings"] for state in states.values()) else 0


def table(states: Mapping[str, State]) -> Iterator[str]:
    """Markdown: reader, inputs, rate, findings."""
    yield "| Reader | Inputs | a second | Findings |"
    yield "|---|---:|---:|---|"
    for name, state in states.items():
        yield _row(name, state)
    inputs = sum(state["cases"] for state in states.values())
    seconds = sum(state["seconds"] for state in states.values())
    found = sum(len(state["findings"]) for state in states.values())
    yield f"| all | {inputs:,} | {inputs / max(seconds, 1e-9):,.0f} | {found or 'none'} |"


def _row(name: str, state: State) -> str:
    rate = state["cases"] / max(state["seconds"], 1e-9)
    found = "; ".join(state["findings"]) or "none"
    return f"| {name} | {state['cases']:,} | {rate:,.0f} | {found} |"


def _all(names: Sequence[str], out: Path, jobs: int) -> Iterator[tuple[str, State]]:
    """Each in a process of its own, so that one that dies ends nothing but itself."""
    waiting, running = list(names), dict[int, tuple[str, ForkProcess]]()
    while waiting or running:
        while waiting and len(running) < jobs:
            name = waiting.pop(0)
            process = multiprocessing.get_context("fork").Process(target=_work, args=(name, out))
            process.start()
            running[process.sentinel] = name, process
        for sentinel in wait(list(running)):
            name, process = running.pop(cast("int", sentinel))
            process.join()
            yield name, _ended(name, out, process.exitcode)


def _ended(name: str, out: Path, code: int | None) -> State:
    state = _state(out, name)
    if code:
        state["findings"][f"died with {code} after case {state['cases']}"] = 1
        _keep(out, name, state)
    return state


def _work(name: str, out: Path) -> None:
    reader, state = readers()[name], _state(out, name)
    wanted = int(int(_setting("CASES", "50000")) * reader.share)
    bound, began = float(_setting("SECONDS", "0")), time.monotonic()
    confined(ADDRESS_SPACE)
    while state["cases"] < wanted and not (bound and time.monotonic() - began > bound):
        _chunk(reader, state, range(state["cases"], min(wanted, state["cases"] + CHUNK)), out)
        _keep(out, name, state)


def _chunk(reader: Reader, state: State, numbers: range, out: Path) -> None:
    start = time.monotonic()
    for finding in cases(reader, int(_setting("SEED", "0")), numbers):
        label = f"{finding.kind}: {finding.key or finding.what}"
        state["findings"][label] = state["findings"].get(label, 0) + 1
        if state["findings"][label] <= MOST_KEPT:
            _save(finding, out)
    state["cases"] = numbers.stop
    state["seconds"] += time.monotonic() - start


def _save(finding: Finding, out: Path) -> None:
    """The smallest input of its kind."""
    path = out / f"{finding.name.replace(' ', '-').replace(',', '')}.bin"
    if not path.exists() or path.stat().st_size > len(finding.data):
        path.write_bytes(finding.data)
        path.with_suffix(".txt").write_text(f"{finding.key}\n{finding.what}\n", "utf-8")


def _state(out: Path, name: str) -> State:
    path = out / f"{name}.json"
    if path.exists():
        state: State = json.loads(path.read_text("utf-8"))
        return state
    return {"cases": 0, "seconds": 0.0, "findings": {}}


def _keep(out: Path, name: str, state: State) -> None:
    path = out / f"{name}.json"
    path.with_suffix(".new").write_text(json.dumps(state), "utf-8")
    path.with_suffix(".new").replace(path)


def _setting(name: str, default: str) -> str:
    return os.environ.get(f"FUZZ_{name}", default)


if __name__ == "__main__":
    sys.exit(main())
