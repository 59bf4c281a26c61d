"""``neopack dev aws`` from outside, and scripts from files."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from desk import Call, Desk
from orders import create

from neopack.emulator import Emulator, EmulatorScript, Fault, JobScript, Span, Timeline
from neopack.emulator.script import load, parse
from neopack.errors import Malformed, SourceError


@contextmanager
def running(executable: list[str], *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*executable, "dev", "aws", "--port", "0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def document(process: subprocess.Popen[str]) -> Any:
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if line == "}\n":
            return json.loads("".join(lines))
    raise AssertionError(lines)


def test_the_command_serves_until_it_is_interrupted(executable: list[str]) -> None:
    with running(executable, "--format", "json") as process:
        said = document(process)
        assert said["kind"] == "dev aws"
        assert said["buckets"] == ["s3://models"]
        environment = said["environment"]
        session = boto3.session.Session(
            aws_access_key_id=environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=environment["AWS_SECRET_ACCESS_KEY"],
            region_name=environment["AWS_REGION"],
        )
        s3 = session.client("s3", endpoint_url=said["url"])
        assert [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]] == ["models"]
        role = session.client("iam", endpoint_url=said["url"]).get_role(RoleName="neo")["Role"]
        assert [role["Arn"]] == said["roles"]
        assert "sagemaker.amazonaws.com" in json.dumps(role["AssumeRolePolicyDocument"])
        process.send_signal(signal.SIGINT)
        assert process.wait(30) == 0
        assert process.stderr is not None
        told = process.stderr.read()
    assert "s3 ListBuckets /: 200" in told
    assert "nothing of it was kept" in told
    assert "Traceback" not in told


def test_the_text_is_for_a_shell(executable: list[str]) -> None:
    with running(executable, "--quiet", "--format", "text") as quiet:
        quiet.send_signal(signal.SIGTERM)
        out, _ = quiet.communicate(timeout=30)
        assert out == ""
    with running(executable) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(3)]
    assert lines[0].startswith("# an emulator of AWS on http://127.0.0.1:")
    assert "not AWS" in lines[0]
    assert lines[2].startswith("export AWS_ENDPOINT_URL=http://127.0.0.1:")


def test_a_port_that_is_taken_is_refused(refused: Call) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        refused(2, "cannot listen on port", "dev", "aws", "--port", port)
    refused(2, "cannot listen on port", "dev", "aws", "--port", "99999")


TOML = """
clock = "manual"
running_jobs = 3
roles = ["neo"]

[buckets]
mine = "eu-west-1"

[timeline]
starting = { seconds = 2 }

[[jobs]]
name = "bad-*"
fails = "compilation"

[[faults]]
effect = "throttle"
operation = "Create*"
times = 2
"""
WANTED = EmulatorScript(
    clock="manual",
    running_jobs=3,
    roles=("neo",),
    buckets={"mine": "eu-west-1"},
    timeline=Timeline(starting=Span(seconds=2.0)),
    jobs=(JobScript(name="bad-*", fails="compilation"),),
    faults=(Fault(effect="throttle", operation="Create*", times=2),),
)


def test_a_script_is_a_file(tmp_path: Path) -> None:
    path = tmp_path / "script.toml"
    path.write_text(TOML)
    assert load(path) == WANTED
    plain = {"running_jobs": 3, "faults": [{"effect": "slow", "seconds": 1}]}
    path = tmp_path / "script.json"
    path.write_text(json.dumps(plain))
    assert load(path).faults == (Fault(effect="slow", seconds=1.0),)


WRONG = {
    "no TOML": ("= 3", "is not a script"),
    "unknown": ("jobz = 3", "'jobz'"),
    "unknown in a fault": ('[[faults]]\neffect = "slow"\nsecond = 3', "second"),
    "no effect": ("[[faults]]\ntimes = 3", "effect"),
    "another effect": ('[[faults]]\neffect = "burn"', "burn"),
    "text for a number": ('running_jobs = "3"', "running_jobs"),
    "a short name": ('[buckets]\nab = "eu-west-1"', "bucket 'ab' in eu-west-1: "),
    "no region": ('[buckets]\nmine = "mars 1"', "bucket 'mine' in mars 1: "),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_script_is_refused(name: str, refused: Call, desk: Desk) -> None:
    text, words = WRONG[name]
    path = desk.path / "script.toml"
    path.write_text(text)
    refused(1, words, "dev", "aws", "--port", "0", "--script", path)


def test_a_script_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="No such file"):
        load(tmp_path / "none.toml")
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(Malformed, match="not a table"):
        load(tmp_path / "list.json")


def test_an_emulator_starts_with_what_its_script_wants(tmp_path: Path) -> None:
    with Emulator(parse({"buckets": {"mine": "eu-west-1"}, "running_jobs": 1})) as aws:
        assert aws.client("s3").head_bucket(Bucket="mine")["BucketRegion"] == "eu-west-1"
        create(aws)
        with pytest.raises(aws.client("sagemaker").exceptions.ResourceLimitExceeded):
            create(aws, "second")
    assert aws._process.returncode == 0
