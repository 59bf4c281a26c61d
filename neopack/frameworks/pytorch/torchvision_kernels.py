"""The two operators of torchvision that detection models use, in Python, for where its own did not
load: slower than torchvision's in C++, and the same numbers but for rounding.
"""

from __future__ import annotations

from typing import Any

__all__ = ["nms", "roi_align"]


def nms(boxes: Any, scores: Any, iou_threshold: float) -> Any:
    """The places of the ``boxes`` (N, 4) that are kept, best first. Box by box: all pairs at once
    would take gigabytes."""
    import torch

    x0, y0, x1, y1 = boxes.unbind(1)
    areas = (x1 - x0) * (y1 - y0)
    remaining = scores.argsort(descending=True, stable=True)
    chosen: list[int] = []
    while remaining.numel():
        best, remaining = remaining[0], remaining[1:]
        chosen.append(int(best))
        width = torch.minimum(x1[remaining], x1[best]) - torch.maximum(x0[remaining], x0[best])
        height = torch.minimum(y1[remaining], y1[best]) - torch.maximum(y0[remaining], y0[best])
        shared = width.clamp(min=0) * height.clamp(min=0)
        remaining = remaining[
            ~(shared / (areas[best] + areas[remaining] - shared) > iou_threshold)
        ]
    return torch.tensor(chosen, dtype=torch.int64)


def roi_align(
    features: Any,
    rois: Any,
    spatial_scale: float,
    pooled_height: int,
    pooled_width: int,
    sampling_ratio: int,
    aligned: bool,
) -> Any:
    """The average of samples in each bin of each of ``rois`` (K, 5: the image, then the box).
    Interpolation is linear along each axis, and so is the average: two products of matrices."""
    import torch

    pooled = features.new_zeros(len(rois), features.shape[1], pooled_height, pooled_width)
    smallest = -float("inf") if aligned else 1.0
    for place, roi in enumerate(rois):
        x0, y0, x1, y1 = (roi[1:] * spatial_scale - (0.5 if aligned else 0.0)).unbind()
        image = features[int(roi[0])]
        down = _weights(
            y0, (y1 - y0).clamp(min=smallest), pooled_height, sampling_ratio, image.shape[1]
        )
        across = _weights(
            x0, (x1 - x0).clamp(min=smallest), pooled_width, sampling_ratio, image.shape[2]
        )
        pooled[place] = torch.einsum("ph,chw,qw->cpq", down, image, across)
    return pooled


def _weights(start: Any, length: Any, bins: int, samples: int, size: int) -> Any:
    """(bins, size): how much of each of the ``size`` places is in each bin along one axis."""
    import torch

    bin_length = length / bins
    samples = samples if samples > 0 else int(bin_length.ceil())
    weights = start.new_zeros(bins, size)
    if samples < 1:
        return weights
    steps = (torch.arange(samples, dtype=start.dtype) + 0.5) / samples
    at = start + (torch.arange(bins)[:, None] + steps) * bin_length
    # torchvision counts a sample that is more than one place outside as zero
    share = ((at >= -1) & (at <= size)).to(start.dtype) / samples
    at = at.clamp(0, size - 1)
    low = at.long()
    beyond = at - low
    weights.scatter_add_(1, low, (1 - beyond) * share)
    weights.scatter_add_(1, (low + 1).clamp(max=size - 1), beyond * share)
    return weights
