"""The live table of jobs, on a real terminal."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

from cloud import BUCKET, ROLE, Cloud


def test_one_table_for_all_jobs(cloud: Cloud, executable: list[str]) -> None:
    targets = ("-t", "ml_c5", "-t", "ml_g4dn")
    place = ("--role", ROLE, "--output", f"s3://{BUCKET}/neo", "--poll", "0")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "120"}
    environment.pop("NO_COLOR", None)
    process = subprocess.Popen(
        [*executable, "compile", str(cloud.archive), *targets, *place],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
    )
    os.close(theirs)
    shown = b""
    try:
        while part := os.read(ours, 4096):
            shown += part
    except OSError:  # how Linux says that the other side is closed
        pass
    os.close(ours)
    assert process.wait(120) == 0, shown.decode()
    text = shown.decode()
    assert "elapsed" in text
    assert "COMPLETED" in text
    assert "\x1b[1A" in text  # the table is written over itself
    assert Path("onnx-ml_g4dn.tar.gz").is_file()
