"""How busy the client was: waiting for a core counts, sleeping does not."""

from __future__ import annotations

import time

import pytest

from neopack.loadtests.recording import SCHEDULED, Recording


def busy(seconds: float, *, sleeping: bool) -> float:
    start = time.perf_counter()
    recording = Recording(start, None)
    recording.begin()
    while time.perf_counter() < start + seconds:
        if sleeping:
            time.sleep(seconds / 4)
    return recording.result(time.perf_counter(), planned=seconds, callers=1).client_busy


@pytest.mark.skipif(not SCHEDULED.exists(), reason="this system does not count waiting for a core")
def test_a_client_that_wants_a_core_all_the_time_is_the_limit() -> None:
    """However many cores it gets."""
    assert busy(0.3, sleeping=False) > 0.85


def test_a_client_that_sleeps_is_not() -> None:
    assert busy(0.3, sleeping=True) < 0.85
