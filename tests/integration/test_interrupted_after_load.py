"""Ctrl-C after models were loaded and dropped is still a KeyboardInterrupt."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import gc, os, signal, sys
import neopack

# a shell ignores it for what it starts in the background
signal.signal(signal.SIGINT, signal.default_int_handler)
models = [neopack.load(sys.argv[1]), neopack.load(sys.argv[1])]
while models:
    del models[0]
    gc.collect()
try:
    os.kill(os.getpid(), signal.SIGINT)
except KeyboardInterrupt:
    print("interrupted")
"""


def test_ctrl_c_after_models_were_dropped_in_the_order_of_loading(shelf: Path) -> None:
    command = [sys.executable, "-c", SCRIPT, str(shelf / "onnx-ml_c5.tar.gz")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "interrupted\n"), done.stderr
