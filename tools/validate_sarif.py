"""Microsoft's validator of SARIF over what ``check`` writes: ``python tools/validate_sarif.py``.

It needs npx and the npm registry (@microsoft/sarif-multitool 5.7.0 was tried). Any error or
warning of its rules for SARIF and for GitHub's code scanning fails.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import neopack

FIXTURES = Path(__file__).parents[1] / "fixtures"
SOUND, MISNAMED = "net.tar.gz", "a model.tar.gz"
CHECKS = {
    "clean": (SOUND,),
    "findings": (MISNAMED, "-t", "ml_c5"),
    "several": (SOUND, MISNAMED, "text.tar.gz", "-t", "ml_c5", "-t", "rasp4b"),
    "unchecked": ("text.tar.gz",),
}


def main() -> int:
    program = shutil.which("npx")
    if program is None:
        sys.stderr.write("npx is not on the PATH\n")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        found = [line for check in CHECKS for line in complaints(program, check, folder)]
    sys.stdout.write("\n".join(found or ["no errors and no warnings"]) + "\n")
    return 1 if found else 0


def write_models(folder: Path) -> None:
    neopack.package(FIXTURES / "onnx/cnn-opset12.onnx", target="ml_c5", path=folder / SOUND)
    with tarfile.open(folder / MISNAMED, "w:gz") as tar:
        tar.add(FIXTURES / "pytorch/nested.pt", "a model.pt")
    (folder / "text.tar.gz").write_text("not an archive", "ascii")


def complaints(program: str, check: str, folder: Path) -> list[str]:
    """What the validator says of a check's document, a line each."""
    call = [sys.executable, "-m", "neopack", "check", *CHECKS[check], "--format", "sarif"]
    document, answer = folder / f"{check}.sarif", folder / f"{check}.answer.sarif"
    with document.open("wb") as to:
        subprocess.run(call, cwd=folder, stdout=to, stderr=subprocess.DEVNULL, check=False)
    # the package passes its arguments through a shell
    rules = ["--rule-kind", "'Sarif;Ghas'", "--level", "'Error;Warning'", "-o", answer.name]
    tool = [program, "--yes", "@microsoft/sarif-multitool", "validate", document.name, *rules]
    subprocess.run(tool, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    run = json.loads(answer.read_text("utf-8-sig"))["runs"][0]
    return [f"{check}: {each['ruleId']} {each['message']}" for each in run.get("results", [])]


if __name__ == "__main__":
    sys.exit(main())
