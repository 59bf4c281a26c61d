"""The script of a pipeline: ``handler`` with what this pipeline's steps are, and how it is called
here."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

from neopack.errors import ExportFailed
from neopack.frameworks.xgboost.pipelines.steps import Step

__all__ = ["Script", "called"]

# of some rows; importing NumPy takes the most of it
TIMEOUT = 120
# what a script may not need, whatever is installed here
ABSENT = ("sklearn", "pandas", "scipy", "xgboost", "neopack")
CALL = """
import importlib.util, json, sys
sys.modules.update(dict.fromkeys({absent!r}))
spec = importlib.util.spec_from_file_location("inference", sys.argv[1])
script = importlib.util.module_from_spec(spec)
spec.loader.exec_module(script)
answer = getattr(script, sys.argv[2])(json.load(sys.stdin))
print(json.dumps(getattr(answer, "tolist", lambda: answer)()))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """``width`` is how many values a raw row has, ``columns`` their names, if they have any.
    ``labels`` are empty for a regressor; ``threshold`` is of the second of two classes."""

    width: int
    columns: Sequence[str]
    steps: Sequence[Step]
    labels: Sequence[Any]
    threshold: float

    @property
    def needed(self) -> Sequence[str]:
        """The columns that the steps use: the first may leave some out."""
        first = self.steps[0] if self.columns and self.steps else None
        if first is None or first["do"] != "columns":
            return self.columns
        used = {at for places, _ in first["parts"] for at in places}
        return [self.columns[at] for at in sorted(used)]

    def text(self) -> str:
        handler = resources.files(__package__).joinpath("handler.py").read_text("utf-8")
        steps = "".join(f"    json.loads({json.dumps(each)!r}),\n" for each in self.steps)
        written = {
            "WIDTH = 0": f"WIDTH = {self.width}",
            "NEEDED: Any = []": f"NEEDED = json.loads({json.dumps(list(self.needed))!r})",
            "COLUMNS: Any = []": f"COLUMNS = json.loads({json.dumps(list(self.columns))!r})",
            "STEPS: Any = []": f"STEPS = [\n{steps}]",
            "LABELS: Any = []": f"LABELS = json.loads({json.dumps(list(self.labels))!r})",
            "THRESHOLD = 0.5": f"THRESHOLD = {self.threshold!r}",
        }
        for empty, filled in written.items():
            handler = handler.replace(f"\n{empty}", f"\n{filled}", 1)
        return handler


def called(script: Path, function: str, argument: Any) -> Any:
    """What a function of the script returns, in a process that has NumPy alone.

    Raises ``ExportFailed`` with what it raised.
    """
    command = [sys.executable, "-I", "-c", CALL.format(absent=ABSENT), str(script), function]
    done = subprocess.run(
        command,
        input=json.dumps(argument),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
        check=False,
    )
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise ExportFailed(f"the script of the pipeline failed: {last}")
    return json.loads(done.stdout)
