"""Load tests of real servers, whose behavior is known."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from desk import Call
from hdrh.histogram import HdrHistogram
from slow_server import server

import neopack as package
from neopack.errors import EngineFailed
from neopack.goldens.cases import FIRST, GoldenCase, save_cases
from neopack.loadtests.options import LoadOptions, Objective
from neopack.loadtests.payloads import payloads_of_archive
from neopack.loadtests.running import LoadResult
from neopack.loadtests.target import loadtest, preferred_type
from neopack.serving.bodies import JSON, NPY
from neopack.values.log import SilentLog

BODY = b"[[1.0]]"
SENT = ("http://127.0.0.1:9", "--payload", "one.json")


@pytest.fixture
def payload(tmp_path: Path) -> Path:
    path = tmp_path / "one.json"
    path.write_bytes(BODY)
    return path


def loaded(kind: str, payload: Path, **choices: object) -> LoadResult:
    load = {} if "rates" in choices else {"callers": (4,)}
    choices = {"seconds": 1.0, "warm_up": 0.1, "payload": payload, **load, **choices}
    with server(kind) as url:
        return loadtest(url, LoadOptions(**choices), goldens=None, log=SilentLog())  # type: ignore[arg-type]


def test_a_closed_loop_has_as_many_in_flight_as_callers(payload: Path) -> None:
    (stage,) = loaded("slow", payload).stages
    # Little's law: in flight = throughput x latency, on a machine of any speed
    assert stage.throughput * stage.latency.mean / 1e3 == pytest.approx(4, rel=0.15)
    assert stage.latency.minimum >= 50
    assert (stage.callers, stage.errors, stage.goodput) == (4, {}, None)


def test_thinking_callers_ask_less(payload: Path) -> None:
    (stage,) = loaded("quick", payload, callers=(1,), think=100.0).stages
    assert 0 < stage.throughput <= 10.5


def test_an_open_loop_counts_the_waiting_that_a_closed_one_omits(payload: Path) -> None:
    """The server stalls for a second, once. One caller meets that once; of requests that are due
    all the time, all of that second wait."""
    choices: dict[str, object] = {"seconds": 4.0, "warm_up": 0.0}
    (closed,) = loaded("stalls", payload, callers=(1,), **choices).stages
    (opened,) = loaded("stalls", payload, rates=(100.0,), **choices).stages
    assert closed.latency.maximum > 990
    assert closed.latency.p95 < 500
    assert opened.latency.p95 > 500
    assert opened.requests == pytest.approx(400, rel=0.2)


def test_the_histogram_is_whole(payload: Path) -> None:
    (stage,) = loaded("slow", payload).stages
    whole = HdrHistogram.decode(stage.latency.histogram)
    assert whole.get_total_count() == stage.latency.count == stage.requests
    assert whole.get_value_at_percentile(99.9) / 1e3 == pytest.approx(stage.latency.p999)


def test_errors_are_counted_by_kind_and_are_in_no_latency(payload: Path) -> None:
    (stage,) = loaded("fails", payload).stages
    assert set(stage.errors) == {"status 500"}
    assert stage.errors["status 500"] == pytest.approx(stage.requests / 4, abs=2)
    assert stage.latency.count + stage.failed == stage.requests


def test_who_never_answers_right(payload: Path) -> None:
    with pytest.raises(EngineFailed, match="gave no right answer: timed out"):
        loaded("hangs", payload, timeout=0.3, seconds=0.5)
    with pytest.raises(EngineFailed, match="no right answer: longer than an answer may be"):
        loaded("endless", payload, seconds=0.1)
    with pytest.raises(EngineFailed, match="no right answer: status 307"):
        loaded("elsewhere", payload, seconds=0.1)
    with pytest.raises(EngineFailed, match="no right answer: connection closed"):
        loaded("garbled", payload, seconds=0.1)
    with pytest.raises(EngineFailed, match="gave no right answer: connection refused"):
        loadtest(
            "http://127.0.0.1:9",
            LoadOptions(seconds=0.2, warm_up=0.0, callers=(1,), payload=payload),
            goldens=None,
            log=SilentLog(),
        )


def test_goodput_and_the_highest_rate_that_meets_an_objective(payload: Path) -> None:
    misses = Objective.parse("p95=20ms")
    result = loaded("slow", payload, slo=misses, search=True, seconds=0.25, warm_up=0.0)
    assert result.stages[0].goodput == 0
    assert result.highest_rate == 0
    meets = loaded("slow", payload, slo=Objective.parse("p50=1s"), search=True, seconds=0.25)
    assert meets.stages[0].goodput == pytest.approx(meets.stages[0].throughput)
    assert meets.highest_rate is not None
    assert meets.highest_rate > 0.4 * meets.stages[0].throughput


@pytest.mark.parametrize(("output", "errors"), [(0.25, 0), (0.5, 1)])
def test_answers_are_compared_with_golden_outputs(
    tmp_path: Path, neopack: Call, output: float, errors: int
) -> None:
    case = GoldenCase(
        name=FIRST,
        inputs={"x": np.ones((1, 1), "f4")},
        outputs={"y": np.full((1, 1), output, "f4")},
    )
    save_cases(tmp_path / "net.golden.npz", [case], seed=0)
    archive = tmp_path / "net.tar.gz"
    archive.touch()
    with server("quick") as url:
        answer = neopack(
            "loadtest", url, "--goldens", archive, "--callers", "2", "--seconds", "0.5",
            "--format", "json",
        )  # fmt: skip
    assert answer.code == errors, answer.err
    assert ("differs from the golden outputs" in answer.err) == bool(errors)
    if not errors:
        assert json.loads(answer.out)["stages"][0]["errors"] == {}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("http://127.0.0.1:9",), "nothing is known to send"),
        (("ftp://somewhere",), "is not an address"),
        (("http://127.0.0.1:9", "--payload", "none.json"), "none.json does not exist"),
        (("http://127.0.0.1:9", "--callers", "some"), "--callers some is not a list of numbers"),
        (("http://127.0.0.1:9", "--callers", "0"), "--callers 0 is not positive"),
        (("http://127.0.0.1:9", "--rate", "-1"), "--rate -1 is not positive"),
        (("http://127.0.0.1:9", "--callers", "10001"), "--callers 10001 is more than 10000"),
        (("http://127.0.0.1:9", "--rate", "1e300"), "--rate 1e+300 is more than 1000000"),
        (("http://127.0.0.1:9", "--slo", "fast"), "--slo fast is not an objective"),
        (("http://127.0.0.1:9", "--report", "a.pdf"), "no report is written as '.pdf'"),
        (("http://127.0.0.1:9", "--prices", "p.json"), "--prices goes with --instance"),
        (("http://127.0.0.1:9", "--search"), "--search needs an objective"),
        ((*SENT, "--rate", "5", "--callers", "3"), "--callers would not be read"),
        ((*SENT, "--rate", "5", "--think-ms", "3"), "--think-ms would not be read"),
        ((*SENT, "--arrivals", "constant"), "--arrivals would not be read"),
        ((*SENT, "--goldens", "a.tar.gz"), "--goldens would not be read"),
        ((*SENT, "--max-difference", "1"), "--max-difference would not be read"),
        ((*SENT, "--workers", "2"), "--workers would not be read"),
        ((*SENT, "--threads", "2"), "--threads would not be read"),
        ((*SENT, "--region", "eu-west-1"), "--region goes with endpoint:NAME"),
        ((*SENT, "--instance", "ml.c5.xlage"), "did you mean ml.c5.xlarge?"),
    ],
)
def test_wrong_use(refused: Call, arguments: tuple[str, ...], words: str) -> None:
    refused(2, words, "loadtest", *arguments)


def test_from_python(payload: Path) -> None:
    with server("quick") as url:
        report = payload.with_name("report.md")
        result = package.loadtest(
            url, payload=payload, callers=(1,), seconds=0.3, warm_up=0.1, price=1.0, report=report
        )
    (stage,) = result.stages
    assert stage.per_million == pytest.approx(1e6 / 3600 / stage.throughput)
    assert "SHA-256 of one.json" in report.read_text()


def test_an_artifact_is_served_and_its_answers_are_right(shelf: Path, neopack: Call) -> None:
    arguments = ("--callers", "4", "--seconds", "0.5", "--warm-up", "0.2", "--format", "json")
    answer = neopack("loadtest", shelf / "onnx-ml_c5.tar.gz", *arguments)
    assert answer.code == 0, answer.err
    result = json.loads(answer.out)
    assert (result["payload"], result["stages"][0]["errors"]) == ("onnx.golden.npz", {})


def test_long_numbers_go_to_a_server_here_as_they_are(tmp_path: Path) -> None:
    """JSON of an image is three times as long, and takes longer to read than to compute."""
    kinds = []
    for name, size in (("image", 64), ("row", 4)):
        case = GoldenCase(
            name=FIRST,
            inputs={"x": np.ones((1, 3, size, size), "f4")},
            outputs={"y": np.ones((1, 1), "f4")},
        )
        archive = tmp_path / f"{name}.tar.gz"
        save_cases(tmp_path / f"{name}.golden.npz", [case], seed=0)
        for preferred in (NPY, JSON):
            (payload,) = payloads_of_archive(archive, "", preferred, 0)
            kinds.append((payload.content_type, payload.accept))
    assert kinds == [(NPY, NPY), (JSON, JSON), (JSON, JSON), (JSON, JSON)]
    assert preferred_type(["http://127.0.0.1:9"]) == preferred_type(["endpoint:net"]) == JSON


def test_a_server_that_does_not_keep_up(payload: Path) -> None:
    """It stalls for a second near the end: what was due meanwhile is answered late."""
    (stage,) = loaded("stalls", payload, rates=(50.0,), seconds=1.0, warm_up=0.0).stages
    assert not stage.is_stable
