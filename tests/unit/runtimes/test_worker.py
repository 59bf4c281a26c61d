"""A worker: arrays come back as they went, and whatever happens to it is one line, no hang."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from neopack import runtimes
from neopack.errors import EngineFailed, SourceError
from neopack.processes.worker import Worker
from neopack.values.artifact import Array

TASKS = Path(__file__).with_name("hostile_tasks.py")


def started(memory: int | None = None) -> Worker:
    return process_of(TASKS, subject="m", memory=memory)


def process_of(
    tasks: Path,
    *,
    subject: str = "",
    memory: int | None = None,
    python: Path = Path(sys.executable),
) -> Worker:
    return Worker(
        "old-1.0",
        tasks,
        python,
        runtimes.INSIDE / "worker.py",
        failure=EngineFailed,
        subject=subject,
        memory=memory,
    )


@pytest.fixture(scope="module")
def worker() -> Iterator[Worker]:
    with started() as process:
        yield process


@pytest.fixture
def doomed() -> Iterator[Worker]:
    with started() as process:
        yield process


SHAPES = st.lists(st.integers(0, 5), max_size=4).map(tuple)
DTYPES = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool"])


@given(shapes=st.dictionaries(st.text(max_size=8), st.tuples(SHAPES, DTYPES), max_size=4))
def test_arrays_come_back_as_they_went(
    worker: Worker, shapes: dict[str, tuple[tuple[int, ...], str]]
) -> None:
    arrays: dict[str, Array] = {
        name: np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
        for name, (shape, dtype) in shapes.items()
    }
    said, returned = worker.call("echo", {"a": [1, None, "é"]}, arrays=arrays)
    assert said == {"a": [1, None, "é"]}
    assert list(returned) == list(arrays)
    for name, array in arrays.items():
        assert returned[name].dtype == array.dtype
        assert returned[name].shape == array.shape
        assert np.array_equal(returned[name], array)


def test_what_is_not_contiguous_arrives_whole(worker: Worker) -> None:
    array = np.arange(24).reshape(4, 6)[::2, ::-1].T
    assert np.array_equal(worker.call("echo", arrays={"x": array})[1]["x"], array)


def test_a_refusal_is_about_the_source_and_the_worker_lives_on(worker: Worker) -> None:
    with pytest.raises(SourceError) as caught:
        worker.call("refuse")
    assert caught.value.line() == "m: the file is none (hint of the task)"
    assert worker.call("echo", 1)[0] == 1


def test_an_exception_is_one_line_with_its_class(worker: Worker) -> None:
    with pytest.raises(EngineFailed) as caught:
        worker.call("fail")
    assert caught.value.line() == "m: old-1.0: RuntimeError: first line"
    assert worker.call("echo", 2)[0] == 2


def test_a_task_that_is_none_is_an_error(worker: Worker) -> None:
    with pytest.raises(EngineFailed, match="KeyError"):
        worker.call("nothing")


def test_one_that_leaves_says_its_last_words(doomed: Worker) -> None:
    with pytest.raises(EngineFailed) as caught:
        doomed.call("leave")
    assert caught.value.line() == (
        "m: old-1.0 exited with 3 while running leave (its last words: a last word)"
    )
    with pytest.raises(EngineFailed, match="exited with 3"):
        doomed.call("echo")


def test_a_segmentation_fault_is_named(doomed: Worker) -> None:
    with pytest.raises(EngineFailed, match="was ended by SIGSEGV while running crash"):
        doomed.call("crash")


def test_a_hang_is_ended(doomed: Worker) -> None:
    with pytest.raises(EngineFailed, match=r"hang took longer than 0\.1 s"):
        doomed.call("hang", timeout=0.1)


def test_one_that_is_killed_mid_request_is_named(doomed: Worker) -> None:
    threading.Timer(0.5, os.kill, (doomed._process.pid, signal.SIGKILL)).start()
    with pytest.raises(EngineFailed, match="was ended by SIGKILL while running hang"):
        doomed.call("hang")


def test_garbage_on_its_output_is_an_error(doomed: Worker) -> None:
    with pytest.raises(EngineFailed, match="garbage"):
        doomed.call("garble")


def test_more_memory_than_it_may_have_is_an_error(worker: Worker) -> None:
    with pytest.raises(EngineFailed, match="more memory than it may have"):
        worker.call("hoard")
    assert worker.call("echo", 3)[0] == 3


def test_a_lower_limit_of_the_shell_holds(tmp_path: Path) -> None:
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nulimit -v 8000000\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    with process_of(TASKS, memory=1 << 40, python=python) as process:
        assert process.call("echo", 4)[0] == 4
        with pytest.raises(EngineFailed, match="more memory than it may have"):
            process.call("hoard")


def test_a_file_without_such_tasks_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "for_nothing.py").write_text("import a_framework_that_is_not_there\n")
    tasks = tmp_path / "for_nothing.py"
    with (
        process_of(tasks) as process,
        pytest.raises(EngineFailed, match="ModuleNotFoundError"),
    ):
        process.call("echo")


NODE = """Graph execution error:

Detected at node 'x' defined at (most recent call last):
    File "net.py", line 5, in <module>
Node: 'x'
You must feed a value
\t [[{{node x}}]]

Original stack trace for 'x':
    self._traceback = tf_stack.extract_stack()
"""
SCRIPT = """The following operation failed in the TorchScript interpreter.
Traceback of TorchScript (most recent call last):
  File "net.py", line 5, in forward
RuntimeError: expected float
"""


@pytest.mark.parametrize(
    ("text", "line"),
    [(NODE, "You must feed a value"), (SCRIPT, "RuntimeError: expected float"), ("a\nb", "a")],
)
def test_the_line_that_tells_what_went_wrong(worker: Worker, text: str, line: str) -> None:
    with pytest.raises(EngineFailed) as failed:
        worker.call("fail_as", text)
    assert failed.value.message == f"old-1.0: RuntimeError: {line}"
