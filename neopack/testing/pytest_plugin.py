"""The plug-in of pytest: a fixture. It is loaded in every run of pytest where neopack is
installed, so it imports nothing of neopack before a test takes the fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence
    from os import PathLike

    from neopack.values.finding import CheckResult

__all__ = ["NeoReady", "neo_ready"]


class NeoReady(Protocol):
    """``neopack.testing.assert_neo_ready``, which takes more keywords."""

    def __call__(
        self,
        model: str | PathLike[str],
        target: str | Sequence[str] | None = None,
    ) -> CheckResult: ...


@pytest.fixture
def neo_ready() -> NeoReady:
    """Call it with an archive and a target: the test fails where Neo would refuse the archive."""
    from neopack.testing import assert_neo_ready

    return assert_neo_ready
