"""Microsoft's validator of SARIF over what ``check`` and ``build`` write.

``python tools/validate_sarif.py`` needs npx and the npm registry (@microsoft/sarif-multitool 5.7.0
was tried). Any error or warning of its rules for SARIF and for GitHub's code scanning fails.
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
PROJECT = f"""
targets = ["ml_c5", "rasp4b"]
reports = ["sarif"]
[[model]]
name = "sound"
source = "{FIXTURES / "onnx/cnn-opset12.onnx"}"
[[model]]
name = "training"
source = "{FIXTURES / "pytorch/training-mode.pt"}"
inputs = {{ x = [1, 4] }}
[[model]]
name = "malicious"
source = "{FIXTURES / "pytorch/malicious.pt"}"
inputs = {{ x = [1, 4] }}
"""


def main() -> int:
    program = shutil.which("npx")
    if program is None:
        sys.stderr.write("npx is not on the PATH\n")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_models(folder)
        documents = [checked(check, folder) for check in CHECKS]
        documents.append(built(folder))
        found = [line for each in documents for line in complaints(program, each)]
    sys.stdout.write("\n".join(found or ["no errors and no warnings"]) + "\n")
    return 1 if found else 0


def write_models(folder: Path) -> None:
    neopack.package(FIXTURES / "onnx/cnn-opset12.onnx", target="ml_c5", path=folder / SOUND)
    with tarfile.open(folder / MISNAMED, "w:gz") as tar:
        tar.add(FIXTURES / "pytorch/nested.pt", "a model.pt")
    (folder / "text.tar.gz").write_text("not an archive", "ascii")


def checked(check: str, folder: Path) -> Path:
    """The document of a check."""
    call = [sys.executable, "-m", "neopack", "check", *CHECKS[check], "--format", "sarif"]
    document = folder / f"{check}.sarif"
    with document.open("wb") as to:
        subprocess.run(call, cwd=folder, stdout=to, stderr=subprocess.DEVNULL, check=False)
    return document


def built(folder: Path) -> Path:
    """The document of a build: of a model that passes, one with findings, and one that fails."""
    (folder / "neopack.toml").write_text(PROJECT)
    call = [sys.executable, "-m", "neopack", "build", "--quiet", "--cache", "cache"]
    subprocess.run(call, cwd=folder, stdout=subprocess.DEVNULL, check=False)
    return folder / "build/report.sarif"


def complaints(program: str, document: Path) -> list[str]:
    """What the validator says of a document, a line each."""
    answer = document.with_suffix(".answer.sarif")
    # the package passes its arguments through a shell
    rules = ["--rule-kind", "'Sarif;Ghas'", "--level", "'Error;Warning'", "-o", answer.name]
    tool = [program, "--yes", "@microsoft/sarif-multitool", "validate", document.name, *rules]
    subprocess.run(tool, cwd=document.parent, stdout=subprocess.DEVNULL, check=True)
    run = json.loads(answer.read_text("utf-8-sig"))["runs"][0]
    name = document.stem
    return [f"{name}: {each['ruleId']} {each['message']}" for each in run.get("results", [])]


if __name__ == "__main__":
    sys.exit(main())
