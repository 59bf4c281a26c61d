"""A detector in small, for the tests: it calls torchvision, so it is built in child processes."""

from __future__ import annotations

import torch


class Finder(torch.nn.Module):  # type: ignore[misc]
    """Boxes around the places of a grid, the best of them, and what is seen in each."""

    def __init__(self) -> None:
        super().__init__()
        self.body = torch.nn.Conv2d(3, 6, 3, stride=4, padding=1)
        places = torch.arange(0.0, 32.0, 4.0)
        x, y = torch.meshgrid(places, places, indexing="xy")
        self.register_buffer("places", torch.stack((x, y, x, y), -1).reshape(-1, 4))

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        from torchvision import ops

        seen = self.body(image)
        scores, *edges = seen[0, :5].reshape(5, -1).unbind()
        grown = torch.stack([edge.abs() + 4 for edge in edges], -1)
        boxes = self.places + grown * torch.tensor([-1.0, -1.0, 1.0, 1.0])
        kept = ops.batched_nms(boxes, scores, torch.arange(64) % 2, 0.3)[:10]
        pooled = ops.roi_align(seen, [boxes[kept]], (3, 3), 0.25, 2, aligned=True)
        return {"boxes": boxes[kept], "scores": scores[kept], "pooled": pooled}


def finder() -> torch.nn.Module:
    import torchvision  # noqa: F401 - as models of torchvision do: it is needed before all

    torch.manual_seed(3)
    return Finder()
