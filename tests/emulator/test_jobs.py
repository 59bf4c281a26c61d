"""Compilation jobs of the emulator, over HTTP through boto3: states, time, ends, lists."""

from __future__ import annotations

from pathlib import Path

from orders import create, upload

from neopack.emulator import Emulator, Span, Timeline


def status(aws: Emulator, name: str = "job") -> str:
    answer = aws.client("sagemaker").describe_compilation_job(CompilationJobName=name)
    return str(answer["CompilationJobStatus"])


def test_states_follow_the_clock(aws: Emulator) -> None:
    create(aws)
    seen = [status(aws)]
    for _ in range(4):
        aws.advance(0.5)
        seen.append(status(aws))
    assert seen == ["STARTING", "INPROGRESS", "INPROGRESS", "INPROGRESS", "FAILED"]


def test_states_follow_the_answers_that_showed_them(aws: Emulator, shelf: Path) -> None:
    once = Span(describes=1)
    aws.script(timeline=Timeline(starting=once, running=Span(describes=2), stopping=once))
    upload(aws, shelf / "cnn.tar.gz")
    create(aws)
    seen = [status(aws) for _ in range(5)]
    assert seen == ["STARTING", "INPROGRESS", "INPROGRESS", "COMPLETED", "COMPLETED"]
