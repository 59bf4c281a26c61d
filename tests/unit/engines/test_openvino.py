"""OpenVINO: an artifact from another CPU, and which line of its errors a user reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from neopack.engines.openvino import PRECISIONS, engine
from neopack.errors import Unsupported, first_line
from neopack.values.signature import Signature


def test_bits_that_this_cpu_lacks_are_not_loaded(tmp_path: Path) -> None:
    import openvino

    able = openvino.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES")
    lacking = {value for value, capability in PRECISIONS.values() if capability not in able}
    if not lacking:
        pytest.skip("this CPU has all of them")
    for value in lacking:
        with pytest.raises(Unsupported, match="this CPU does not compute in"):
            engine.load(tmp_path, Signature(inputs=()), {"INFERENCE_PRECISION_HINT": value}, None)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "Exception from src/core.cpp:132:\nCheck 'a < b' failed at src/x.cpp:9:\nBad bin!\n",
            "Bad bin!",
        ),
        (
            "Check 'p' failed at src/x.cpp:24:\nFrontEnd API failed with NotFound:\nNo inputs\n",
            "No inputs",
        ),
        (
            "Exception from src/core.cpp:132:\nLoading input model\nCannot map 4\n",
            "Cannot map 4",
        ),
        ("Exception from src/core.cpp:132:\n", "Exception from src/core.cpp:132:"),
        ("\n", "RuntimeError"),
    ],
)
def test_places_in_sources_say_nothing(text: str, line: str) -> None:
    assert first_line(RuntimeError(text)) == line
