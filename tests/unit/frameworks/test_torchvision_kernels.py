"""nms and roi_align in Python against their definitions, place by place."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from neopack.frameworks.pytorch.torchvision_kernels import nms, roi_align

seeds = st.integers(0, 2**31)


def overlap(a: list[float], b: list[float]) -> float:
    shared = max(0.0, min(a[2], b[2]) - max(a[0], b[0])) * max(
        0.0, min(a[3], b[3]) - max(a[1], b[1])
    )
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (a, b)]
    return shared / (sum(areas) - shared)


@given(seed=seeds, count=st.integers(0, 12), threshold=st.sampled_from([0.0, 0.2, 0.5, 1.0]))
def test_nms_keeps_what_no_better_one_covers(seed: int, count: int, threshold: float) -> None:
    made = torch.Generator().manual_seed(seed)
    corners, sizes = torch.rand(2, count, 2, generator=made, dtype=torch.float64).unbind()
    boxes = torch.cat((corners, corners + 0.1 + sizes), 1)
    scores = torch.rand(count, generator=made)
    kept: list[int] = []
    for place in scores.argsort(descending=True).tolist():
        if all(overlap(boxes[place].tolist(), boxes[k].tolist()) <= threshold for k in kept):
            kept.append(place)
    assert nms(boxes, scores, threshold).tolist() == kept


def test_of_equal_scores_the_first_is_kept() -> None:
    boxes = torch.tensor([[0.0, 0.0, 2.0, 2.0]] * 3)
    assert nms(boxes, torch.ones(3), 0.5).tolist() == [0]


def sample(image: torch.Tensor, y: float, x: float) -> torch.Tensor:
    """Linear between four places; nothing from more than one place outside."""
    height, width = image.shape[1:]
    if not (-1 <= y <= height and -1 <= x <= width):
        return torch.zeros(len(image), dtype=image.dtype)
    y, x = min(max(y, 0), height - 1), min(max(x, 0), width - 1)
    top, left = math.floor(y), math.floor(x)
    below, right = min(top + 1, height - 1), min(left + 1, width - 1)
    upper = image[:, top, left] * (1 - x + left) + image[:, top, right] * (x - left)
    lower = image[:, below, left] * (1 - x + left) + image[:, below, right] * (x - left)
    return upper * (1 - y + top) + lower * (y - top)


def pooled(
    image: torch.Tensor, box: list[float], bins: tuple[int, int], ratio: int, *, aligned: bool
) -> torch.Tensor:
    x0, y0, x1, y1 = (edge - 0.5 * aligned for edge in box)
    height, width = y1 - y0, x1 - x0
    if not aligned:
        height, width = max(height, 1.0), max(width, 1.0)
    tall, wide = height / bins[0], width / bins[1]
    down = ratio if ratio > 0 else math.ceil(tall)
    across = ratio if ratio > 0 else math.ceil(wide)
    found = torch.zeros(len(image), *bins, dtype=image.dtype)
    for row in range(bins[0]):
        for column in range(bins[1]):
            for i in range(down):
                for j in range(across):
                    y = y0 + (row + (i + 0.5) / down) * tall
                    x = x0 + (column + (j + 0.5) / across) * wide
                    found[:, row, column] += sample(image, y, x)
    return found / max(down * across, 1)


@given(seed=seeds, ratio=st.integers(-1, 3), aligned=st.booleans(), scale=st.sampled_from([1, 2]))
def test_roi_align_averages_samples(seed: int, ratio: int, aligned: bool, scale: int) -> None:
    made = torch.Generator().manual_seed(seed)
    images = torch.rand(2, 2, 6, 5, generator=made, dtype=torch.float64)
    corner = torch.rand(2, generator=made, dtype=torch.float64) * 10 - 3
    size = torch.rand(2, generator=made, dtype=torch.float64) * 8
    box = torch.cat((corner, corner + size))
    roi = torch.cat((torch.ones(1, dtype=torch.float64), box / scale))[None]
    wanted = pooled(images[1], box.tolist(), (2, 3), ratio, aligned=aligned)
    torch.testing.assert_close(roi_align(images, roi, scale, 2, 3, ratio, aligned)[0], wanted)


@pytest.mark.parametrize("aligned", [False, True])
def test_no_regions_give_no_features(aligned: bool) -> None:
    assert roi_align(torch.rand(1, 4, 8, 8), torch.zeros(0, 5), 1.0, 3, 2, 2, aligned).shape == (
        0,
        4,
        3,
        2,
    )
