"""SageMaker's public inference toolkits and neopack, asked the same: ``python
tools/compare_toolkits.py``.

The toolkits come from the package index into a folder of their own, and run with the PyTorch and
the NumPy of this environment. Their answers are written to tests/serving/toolkit_answers.json,
with which a test compares neopack's; the table is for docs/serving.md.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests/serving"))

from toolkit_cases import ANSWERS, CASES, ToolkitRequest, alike, ours  # noqa: E402

import neopack  # noqa: E402
from neopack.runtimes.tool import uv  # noqa: E402

TOOLKITS = (
    "sagemaker-inference==1.10.1",
    "sagemaker-pytorch-inference==2.0.25",
    "multi-model-server==1.1.11",
)


def main() -> int:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        uv(
            "pip", "install", "--quiet", "--no-deps", "--target", str(folder / "toolkits"),
            *TOOLKITS, failure="cannot install the toolkits",
        )  # fmt: skip
        theirs = {case: _theirs(case, folder / "toolkits") for case in CASES}
        ANSWERS.write_text(json.dumps(theirs, indent=1) + "\n")
        rows = [_row(case, theirs[case], folder) for case in CASES]
    sys.stdout.write("| Script | Requests | Alike |\n|---|---|---|\n" + "".join(rows))
    return 0


def _theirs(case: str, toolkits: Path) -> list[dict[str, Any]]:
    requests = [
        {
            "content_type": each.content_type,
            "accept": each.accept,
            "body": base64.b64encode(each.body).decode(),
        }
        for each in ToolkitRequest.all_of(case)
    ]
    run = subprocess.run(
        [sys.executable, "-W", "ignore", ROOT / "tools/inference_toolkit.py"],
        input=json.dumps({"script": CASES[case]["script"], "requests": requests}),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(toolkits)},
        check=False,
    )
    if run.returncode:
        sys.exit(run.stderr)
    answers: list[dict[str, Any]] = json.loads(run.stdout)
    return answers


def _row(case: str, theirs: list[dict[str, Any]], folder: Path) -> str:
    answers = ours(case, _archive(folder), folder)
    pairs = list(zip(theirs, answers, strict=True))
    for place, (one, other) in enumerate(pairs):
        if not alike(one, other):
            told = base64.b64decode(one["body"])[:300]
            sys.stderr.write(
                f"{case} {place}: {one['status']} {one['kind']} {told!r}\n  {other}\n"
            )
    alike_now = sum(alike(one, other) for one, other in pairs)
    return f"| {case} | {len(pairs)} | {alike_now} |\n"


def _archive(folder: Path) -> Path:
    """Any archive that neopack opens: the scripts bring models of their own."""
    path = folder / "any.tar.gz"
    if not path.exists():
        neopack.package(ROOT / "fixtures/onnx/cnn-opset12.onnx", path=path)
    return path


if __name__ == "__main__":
    raise SystemExit(main())
