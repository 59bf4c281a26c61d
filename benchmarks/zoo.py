"""Package, check and compile every torchvision classification model, with random weights.

Prints a row a model and the count of successes; every failure with its cause. The models are
those of the torchvision installed. ``--only NAME`` limits it, ``--out FILE`` keeps the rows as
JSON lines and goes on after those that are there.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import neopack
from neopack.errors import NeopackError
from neopack.frameworks.pytorch.torchvision_ops import with_torchvision

# the two whose first layers do not take 224
SIZES = {"inception_v3": 299}


def models() -> list[str]:
    def build() -> Any:
        import torchvision

        return torchvision

    torchvision = with_torchvision(build)
    return sorted(torchvision.models.list_models(module=torchvision.models))


def attempt(name: str, folder: Path) -> dict[str, Any]:
    size = SIZES.get(name, 224)
    archive = folder / f"{name}.tar.gz"
    row: dict[str, Any] = {"model": name, "step": "package"}
    start = time.perf_counter()
    try:
        packed = neopack.package(
            f"torchvision.models:{name}", inputs={"input0": (1, 3, size, size)}, path=archive
        )
        row |= {"MB": round(packed.bytes / 1e6, 1), "packaged s": since(start), "step": "check"}
        row["warnings"] = [f.id for f in packed.report.at("warning")] + list(packed.warnings)
        report = neopack.check(archive, target="ml_c5")
        row["check"] = "clean" if report.clean else report.at("error")[0].message
        row["step"], start = "compile", time.perf_counter()
        made = neopack.compile(archive, target="ml_c5")
        row |= {"compiled s": since(start), "difference": made.difference, "step": "done"}
    except NeopackError as error:
        row["failure"] = error.line()
    for leftover in folder.iterdir():
        leftover.unlink()
    return row


def since(start: float) -> float:
    return round(time.perf_counter() - start, 1)


def rows(names: list[str], out: Path | None) -> Iterator[dict[str, Any]]:
    kept = {}
    if out is not None and out.exists():
        kept = {row["model"]: row for row in map(json.loads, out.read_text().splitlines())}
    for name in names:
        if name in kept:
            yield kept[name]
            continue
        with tempfile.TemporaryDirectory() as folder:
            row = attempt(name, Path(folder))
        if out is not None:
            with out.open("a") as stream:
                stream.write(json.dumps(row) + "\n")
        yield row


def shown(row: dict[str, Any]) -> str:
    head = f"{row['model']:22} {row.get('MB', ''):>8} {row.get('packaged s', ''):>7} "
    if "failure" in row:
        return f"{head} FAILED in {row['step']}: {row['failure']}"
    warnings = f"  {len(row['warnings'])} warnings" if row["warnings"] else ""
    return f"{head} {row['check']:6} {row['compiled s']:>7}  {row['difference']:.1e}{warnings}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--framework", choices=["pytorch"], default="pytorch")
    parser.add_argument("--only", action="append")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    names = given.only or models()
    print(f"{'model':22} {'MB':>8} {'package':>7}  {'check':6} {'compile':>7}  difference")
    done = []
    for row in rows(names, given.out):
        print(shown(row), flush=True)
        done.append(row)
    good = [row for row in done if "failure" not in row and row["check"] == "clean"]
    print(f"{len(good)} of {len(done)} packaged, checked clean and compiled")
    sys.exit(len(good) != len(done))


if __name__ == "__main__":
    main()
