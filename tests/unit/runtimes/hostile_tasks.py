"""Tasks that do to a worker what old frameworks do."""

import ctypes
import os
import sys
import time
from typing import Any

import numpy as np


class Refusal(Exception):
    hint = "hint of the task"


def echo(data: Any, arrays: Any) -> Any:
    sys.stdout.write("noise on standard output\n")
    os.write(1, b"more of it, past Python\n")
    return data, arrays


def refuse(data: Any, arrays: Any) -> Any:
    raise Refusal("the file is none")


def fail(data: Any, arrays: Any) -> Any:
    raise RuntimeError("first line\nsecond line")


def fail_as(data: Any, arrays: Any) -> Any:
    raise RuntimeError(data)


def leave(data: Any, arrays: Any) -> Any:
    sys.stderr.write("a last word\n")
    os._exit(3)


def crash(data: Any, arrays: Any) -> Any:
    ctypes.string_at(0)


def hang(data: Any, arrays: Any) -> Any:
    time.sleep(3600)


def hoard(data: Any, arrays: Any) -> Any:
    return None, {"big": np.ones(1 << 40, "uint8")}


def garble(data: Any, arrays: Any) -> Any:
    for descriptor in range(3, 20):
        try:
            os.write(descriptor, b"no frame of ours" * 9)
        except OSError:
            continue
    return None, {}


TASKS = {f.__name__: f for f in (echo, refuse, fail, fail_as, leave, crash, hang, hoard, garble)}
