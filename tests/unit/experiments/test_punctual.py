"""Requests of an open loop leave in their order, none before it is due."""

from __future__ import annotations

import asyncio
import sys
import time

import pytest

from neopack.loadtests.punctual import punctual


@pytest.mark.parametrize("platform", ["linux", "darwin"])
def test_none_is_early_and_none_is_left_out(
    platform: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "platform", platform)

    async def waited() -> None:
        start = time.perf_counter()
        due = [start + at / 1000 for at in range(-5, 20)]
        seen = []
        async for moment in punctual(due):
            assert time.perf_counter() >= moment - 1e-6
            seen.append(moment)
        assert seen == due

    asyncio.run(waited())


def test_others_get_their_turn_where_all_is_late() -> None:
    async def waited() -> None:
        turns: list[int] = []
        async for _ in punctual(range(10)):
            asyncio.get_running_loop().call_soon(turns.append, 1)
        assert len(turns) >= 9

    asyncio.run(waited())


def test_it_may_end_before_the_last() -> None:
    async def waited() -> None:
        moments = punctual([0.0, time.perf_counter() + 60])
        assert await anext(moments) == 0.0
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(moments), 0.05)
        await moments.aclose()

    asyncio.run(waited())
