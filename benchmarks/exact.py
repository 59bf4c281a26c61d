"""Prove the models of a zoo, from current frameworks, in the exact versions that Neo names.

    python benchmarks/exact.py --framework pytorch      # torchvision, in PyTorch 1.8.1
    python benchmarks/exact.py --framework keras        # keras.applications, in Keras 2.2.4
    python benchmarks/exact.py --framework tensorflow   # the same in both forms, in TF 1.15.0
    python benchmarks/exact.py --framework mxnet        # the Gluon vision zoo, in MXNet 1.8.0
    python benchmarks/exact.py --framework others       # segmentation, detection, text, the same
    python benchmarks/exact.py --framework onnx         # both zoos in ONNX, in ONNX 1.7.0
    python benchmarks/exact.py --framework xgboost      # 60 configurations, in XGBoost 1.3.3

Each model is packaged, checked, loaded in that version and computed there, to 1e-4 of the largest
golden output. The last line counts the successes; a failure has its cause. ``--only NAME`` selects
a model. ``--out FILE`` saves rows as JSON lines, and continues after the existing ones.
``--version`` selects another version, in the closest runtime, and ``--target`` another target:

    python benchmarks/exact.py --framework pytorch --version 2.0.1
    python benchmarks/exact.py --framework tensorflow --version 2.9
    python benchmarks/exact.py --framework tensorflow --version 2.3 --target ml_eia2

``--compiler`` proves by Neo's public loader and the nearest public build of its compiler instead,
for a target that TVM compiles for: whether it was refused, and whether ``check`` had said so.

    python benchmarks/exact.py --compiler --framework pytorch    # for rasp4b
    python benchmarks/exact.py --compiler --framework xgboost    # for ml_c5
    python benchmarks/exact.py --compiler --framework linear     # gblinear, as ONNX, for ml_c5

The last line counts verdicts then: what was proven, refused or computed otherwise, and whether
``package`` or ``check`` had told of it.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from functools import partial
from pathlib import Path
from typing import Any

from zoo import Entry, arguments, since, walk

import neopack
from neopack.errors import NeopackError

# the FrameworkVersion, where the newest has no runtime or is not the oldest one
VERSIONS = {"others": "1.8", "pytorch": "1.8", "tensorflow": "1.15.3"}


# targets on the path of TVM, where it is not that of ml_c5
TVM_TARGETS = {"mxnet": "rasp4b", "others": "rasp4b", "pytorch": "rasp4b", "tensorflow": "rasp4b"}


def attempt(
    entry: Entry, folder: Path, *, version: str | None, target: str, compiler: bool
) -> dict[str, Any]:
    archive = folder / "model.tar.gz"
    row: dict[str, Any] = {"model": entry.name, "step": "package"}
    start = time.perf_counter()
    try:
        packed = neopack.package(
            entry.model(folder),
            inputs=entry.inputs,
            arguments=entry.arguments,
            path=archive,
            target=target,
            framework_version=version,
            **entry.options,
        )
        row |= {"MB": round(packed.bytes / 1e6, 2), "packaged s": since(start), "step": "check"}
        report = neopack.check(archive, target=target, framework_version=version)
        row["check"] = "clean" if report.clean else report.at("error")[0].message
        row["step"], start = "verify", time.perf_counter()
        evidence = neopack.verify_compiler(archive) if compiler else neopack.verify(archive)
        row |= {"runtime": evidence.runtime, "verified s": since(start), "step": "done"}
        row["difference"] = evidence.difference
    except NeopackError as error:
        row["failure"] = error.line()
    return row


def row_line(row: dict[str, Any]) -> str:
    head = f"{row['model']:32} {row.get('MB', ''):>8} {row.get('packaged s', ''):>7} "
    if "failure" in row:
        said = f" (check: {row['check']})" if row["step"] == "verify" else ""
        return f"{head} FAILED in {row['step']}: {row['failure']}{said}"
    return f"{head} {row['check']:6} {row['verified s']:>7}  {row['difference']:.1e}"


def verdict(row: dict[str, Any]) -> str:
    """Of the compiler, and whether neopack had told of it."""
    clean = row.get("check") == "clean"
    if "failure" not in row:
        return "proven" if clean else "false alarm"
    how = "computed otherwise" if " computes another result" in row["failure"] else "refused"
    return f"{how}, {'not told' if clean else 'told'}"


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--version")
    parser.add_argument("--target")
    parser.add_argument("--compiler", action="store_true")
    options = parser.parse_args()
    version = options.version or VERSIONS.get(options.framework)
    of_tvm = TVM_TARGETS if options.compiler else {}
    target = options.target or of_tvm.get(options.framework, "ml_c5")
    print(f"{'model':32} {'MB':>8} {'package':>7}  {'check':6}  {'verify':>6}  difference")
    tried = partial(attempt, version=version, target=target, compiler=options.compiler)
    done = walk(options, tried, row_line)
    good = [row for row in done if "failure" not in row and row["check"] == "clean"]
    where = ", ".join(sorted({row["runtime"] for row in good}))
    print(f"{len(good)} of {len(done)} packaged, checked clean, and proven in {where}")
    if options.compiler:
        counts = Counter(map(verdict, done))
        print("; ".join(f"{count} {words}" for words, count in counts.most_common()))
    sys.exit(len(good) != len(done))


if __name__ == "__main__":
    main()
