"""The text of a benchmark: it says which side is slower, and what to do."""

from __future__ import annotations

import pytest

from neopack.measure.bench import BenchResult, Side
from neopack.measure.machine import Machine
from neopack.measure.statistics import latency, ratio
from neopack.options import BenchOptions
from neopack.reports.benchmark import bench_text

MACHINE = Machine(
    processor="a CPU", cores=2, memory_gib=8, features=(), system="Linux", python="3.11"
)


def text(ours: list[list[float]], theirs: list[list[float]], engine: str = "openvino") -> str:
    windows = {"net-ml_c5.tar.gz": ours, "net.tar.gz": theirs}
    engines = {"net-ml_c5.tar.gz": engine, "net.tar.gz": "torch"}
    return bench_text(
        BenchResult(
            sides=tuple(
                Side(
                    archive=name,
                    engine=engines[name],
                    version="1",
                    precision="fp32",
                    latency=latency([second for window in measured for second in window]),
                )
                for name, measured in windows.items()
            ),
            settings=BenchOptions(),
            machine=MACHINE,
            ratio=ratio(ours, theirs),
        )
    )


@pytest.mark.parametrize(
    ("ours", "theirs", "words"),
    [
        ([[2.0], [2.0]], [[1.0], [1.0]], "net-ml_c5.tar.gz is slower than net.tar.gz"),
        ([[1.0], [2.0]], [[0.5], [3.0]], "net-ml_c5.tar.gz may be slower than net.tar.gz"),
        ([[1.0], [1.0]], [[1.0], [1.0]], ""),
        ([[1.0], [1.0]], [[2.0], [2.0]], ""),
    ],
)
def test_the_slower_side_is_named(
    ours: list[list[float]], theirs: list[list[float]], words: str
) -> None:
    lines = text(ours, theirs).splitlines()
    assert (words in lines) if words else not any("slower" in line for line in lines)
    assert bool(words) is any("serve net.tar.gz in its framework" in line for line in lines)
    assert not any("serve" in line for line in text(ours, theirs, "torch").splitlines())
