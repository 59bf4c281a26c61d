"""The emulator judges the members of an archive by what Neo's open loader said of them, also where
our own rules say something else."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest
from orders import create, ended, order, upload

from neopack import api, facts
from neopack.emulator import Emulator, JobScript
from neopack.emulator.loader import Row, rows, verdict
from neopack.emulator.storage import Storage
from neopack.emulator.work import CompilationOrder, CompilationResult, perform
from neopack.formats.tar import TarEntry
from neopack.values.finding import Finding, Report

TAKEN = [row for row in rows() if row.verdict == "takes"]
REFUSED = [row for row in rows() if row.verdict == "refuses"]
DEVICE = "rasp4b"


def name_of(row: Row) -> str:
    return f"{row.framework}-{'+'.join(row.members)}"


def archive(row: Row) -> bytes:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as tar:
        for name in row.members:
            entry = tarfile.TarInfo(name)
            entry.type = tarfile.DIRTYPE if name.endswith("/") else tarfile.REGTYPE
            tar.addfile(entry)
    return data.getvalue()


class Bucket(Storage):
    """One object, in the region that is asked for."""

    def __init__(self, body: bytes) -> None:
        self.body = body

    def region(self, bucket: str) -> str:
        return "us-west-2"

    def fetch(self, place: object, to: Path) -> None:
        to.write_bytes(self.body)


def result(
    row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch, *ids: str
) -> CompilationResult:
    """What a job ends with when our own rules find ``ids``, and nothing else."""
    findings = tuple(
        Finding(id=id_, level="error", message="found", said_by_neo=f"said of {id_}")
        for id_ in ids
    )
    report = Report(
        subject="", framework=row.framework, framework_version="", target=DEVICE, facts_as_of="",
        findings=findings,
    )  # fmt: skip
    monkeypatch.setattr(api, "check", lambda *args, **options: report)
    changes: dict[str, Any] = {
        "InputConfig_Framework": row.framework,
        "InputConfig_FrameworkVersion": None,
        "OutputConfig_TargetDevice": DEVICE,
    }
    job = CompilationOrder(
        arn="job", region="us-west-2", request=order(**changes), script=JobScript()
    )
    return perform(job, Bucket(archive(row)), folder)


@pytest.mark.parametrize("row", TAKEN, ids=name_of)
def test_what_the_loader_takes_is_compiled_whatever_our_rules_say(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = result(row, tmp_path, monkeypatch, "NEO-AR-003", "NEO-MX-003")
    assert done.reason == ""
    assert done.artifact is not None


@pytest.mark.parametrize("row", REFUSED, ids=name_of)
def test_what_the_loader_refuses_fails_even_where_our_rules_pass_it(
    row: Row, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = result(row, tmp_path, monkeypatch)
    title = facts.framework(row.framework).title
    assert done.reason == f"ClientError: InputConfiguration: Framework cannot load {title} model"
    assert done.artifact is None


def test_the_words_are_those_of_our_finding(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = result(REFUSED[0], tmp_path, monkeypatch, "NEO-XG-001")
    assert done.reason == "ClientError: said of NEO-XG-001"


def test_all_else_is_judged_by_our_rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done = result(TAKEN[0], tmp_path, monkeypatch, "NEO-DC-001")
    assert done.reason == "ClientError: said of NEO-DC-001"


@pytest.mark.parametrize("row", [row for row in rows() if row.differs], ids=name_of)
def test_a_job_ends_as_the_loader_says_where_check_says_otherwise(
    aws: Emulator, row: Row, tmp_path: Path
) -> None:
    path = tmp_path / "model.tar.gz"
    path.write_bytes(archive(row))
    report = api.check(path, target=DEVICE, framework=row.framework)
    assert row.rule in {finding.id for finding in report.at("error")}
    upload(aws, path)
    create(
        aws,
        InputConfig_Framework=row.framework,
        InputConfig_FrameworkVersion=None,
        OutputConfig_TargetDevice=DEVICE,
    )
    reason = ended(aws)["FailureReason"]
    assert facts.error_row(row.rule).said_by_neo not in reason


def test_no_other_archive_and_no_other_path_is_known() -> None:
    def of(target: str, *names: str) -> str | None:
        entries = [TarEntry(name=name, kind="file", size=0, offset=0) for name in names]
        return verdict("PYTORCH", facts.target(target), "", entries)

    assert of(DEVICE, "model.pth") == "takes"
    assert of(DEVICE, "model.pt") == "refuses"
    assert of(DEVICE, "net.pth") is None
    assert of(DEVICE, "model.pth", "model.pt") is None
    assert of("ml_c5", "model.pt") is None
