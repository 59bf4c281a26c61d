"""What an engine raises, in a line of ours."""

from __future__ import annotations

import pytest

from neopack.artifacts.guarded import failures_explained
from neopack.errors import EngineFailed


def test_a_lack_of_memory_is_not_blamed_on_the_manifest() -> None:
    with (
        pytest.raises(EngineFailed) as caught,
        failures_explained("PYTORCH", "a.tar.gz", "load"),
    ):
        bytearray(1 << 60)
    assert caught.value.line() == (
        "a.tar.gz: PYTORCH cannot load it: it needs more memory than there is"
    )
