"""What is ending is said where a target, an image or an endpoint is chosen."""

from __future__ import annotations

import pytest

from neopack import facts, support
from neopack.facts.notices import notices_for
from neopack.reports.support import targets_text


@pytest.mark.parametrize(
    ("target", "framework", "count"),
    [
        ("ml_inf1", "PYTORCH", 2),
        ("ml_inf1", "TENSORFLOW", 2),
        ("ml_inf1", "MXNET", 1),
        ("ml_inf1", "", 3),
        ("ml_c5", "PYTORCH", 0),
    ],
)
def test_a_notice_is_about_its_target_and_framework(
    target: str, framework: str, count: int
) -> None:
    found = notices_for(facts.target(target), framework)
    assert len(found) == count
    assert all(notice.since >= "2026" and notice.source for notice in found)


def test_targets_and_images_show_them() -> None:
    text = targets_text(support.targets("ml_inf1"), detailed=True, framework=False)
    assert "since 2026-03-11" in text
    image = support.image("pytorch", "1.9", target="ml_inf1", region="us-west-2")
    assert any("torch-neuron" in remark for remark in image.remarks)
    assert not any("torch-neuron" in each for each in support.image(
        "pytorch", "1.8", target="ml_c5", region="us-west-2"
    ).remarks)  # fmt: skip
