"""What else people do with PyTorch, with random weights: torchvision's segmentation and detection,
and text models, by Hugging Face's transformers where that is installed, and in plain torch.

Tried and reported: detection has no fixed sizes, and its ``torchvision::nms`` is no operator of
PyTorch's.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from torch import nn

__all__ = ["WORDS", "decoder", "detector", "encoder", "names", "segmenter", "text"]

SEGMENTATION = ("deeplabv3_resnet50", "fcn_resnet50", "lraspp_mobilenet_v3_large")
# size, and fewer candidates than usual: nms in Python takes its time
_RCNN = {"rpn_pre_nms_top_n_test": 50, "rpn_post_nms_top_n_test": 20}
_DENSE = {"topk_candidates": 10}
DETECTION: dict[str, tuple[int, dict[str, int]]] = {
    "fasterrcnn_resnet50_fpn": (320, _RCNN), "fcos_resnet50_fpn": (320, _DENSE),
    "keypointrcnn_resnet50_fpn": (320, _RCNN), "maskrcnn_resnet50_fpn": (320, _RCNN),
    "retinanet_resnet50_fpn": (320, _DENSE), "ssd300_vgg16": (300, _DENSE),
    "ssdlite320_mobilenet_v3_large": (320, _DENSE),
}  # fmt: skip
# model of transformers -> what its configuration calls the width, layers, heads and inner width
TEXT = {
    "Bert": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "Roberta": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "DistilBert": ("dim", "n_layers", "n_heads", "hidden_dim"),
    "Albert": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "Electra": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "GPT2": ("n_embd", "n_layer", "n_head", "n_inner"),
}
SIZES = (128, 3, 4, 256)
WORDS = 1000


def names() -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """name -> (callable of this file, its arguments, the shapes of its inputs)."""
    found: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {}
    for name in SEGMENTATION:
        found[name] = ("segmenter", {"name": name}, {"image": (1, 3, 224, 224)})
    for name, (size, _) in DETECTION.items():
        found[name] = ("detector", {"name": name}, {"image": (1, 3, size, size)})
    for kind in ("encoder", "decoder"):
        found[f"plain {kind}"] = (kind, {}, {"input_ids": (1, 32)})
    if find_spec("transformers"):
        for name in TEXT:
            found[name] = ("text", {"name": name}, {"input_ids": (1, 32), "mask": (1, 32)})
    return found


# --- images ---------------------------------------------------------------------------------


class Named(nn.Module):  # type: ignore[misc, unused-ignore]
    """The answer under "out" alone, as it is served: not that of the auxiliary head."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.model(image)["out"]
        return answer


class Listed(nn.Module):  # type: ignore[misc, unused-ignore]
    """A detector takes a list of images and gives a dict for each."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        answer: dict[str, torch.Tensor] = self.model([image[0]])[0]
        return answer


def segmenter(name: str) -> nn.Module:
    import torchvision

    return Named(_statistics(_made(torchvision.models.segmentation, name), (2, 3, 224, 224)))


def detector(name: str) -> nn.Module:
    import torchvision

    _without_kernels(torchvision)
    return Listed(_made(torchvision.models.detection, name, **DETECTION[name][1]))


def _made(module: Any, name: str, **more: int) -> Any:
    return getattr(module, name)(weights=None, weights_backbone=None, **more)


def _statistics(model: nn.Module, shape: tuple[int, ...]) -> nn.Module:
    """Batch normalisation set to one random batch: else the activations die."""
    norms = [m for m in model.modules() if isinstance(m, nn.BatchNorm2d)]
    kept = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(shape))
    for norm, momentum in zip(norms, kept, strict=True):
        norm.momentum = momentum
    return model.eval()


_kernels: list[Any] = []


def _without_kernels(torchvision: Any) -> None:
    """nms in Python where torchvision's own operators did not load."""
    if torchvision.extension._has_ops() or _kernels:  # noqa: SLF001 - no public one
        return
    torchvision.ops.boxes._assert_has_ops = _nothing  # noqa: SLF001
    library = torch.library.Library("torchvision", "IMPL")
    library.impl("nms", _nms, "CPU")
    _kernels.append(library)


def _nothing() -> None:
    """Tracing scripts nms, and with it what it calls."""


def _nms(boxes: torch.Tensor, scores: torch.Tensor, threshold: float) -> torch.Tensor:
    """Box by box: all pairs at once would take gigabytes."""
    from torchvision.ops import box_iou

    left = scores.argsort(descending=True)
    kept: list[int] = []
    while left.numel():
        kept.append(int(left[0]))
        over = box_iou(boxes[left[:1]], boxes[left[1:]])[0] > threshold
        left = left[1:][~over]
    return torch.tensor(kept, dtype=torch.int64)


# --- text -----------------------------------------------------------------------------------


def text(name: str) -> nn.Module:
    """A small one of that family, of transformers."""
    import transformers  # type: ignore[import-not-found, unused-ignore]

    width, layers, heads, inner = TEXT[name]
    sizes = dict(zip((width, layers, heads, inner), SIZES, strict=True))
    configuration = getattr(transformers, f"{name}Config")(vocab_size=WORDS, **sizes)
    model = getattr(transformers, f"{name}Model")(configuration)

    class Masked(nn.Module):  # type: ignore[misc, unused-ignore]
        """The last hidden state, of ids and their mask."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            found: torch.Tensor = self.model(input_ids, attention_mask=mask).last_hidden_state
            return found

    return Masked()


class Words(nn.Module):  # type: ignore[misc, unused-ignore]
    """Embeddings, layers of nn.TransformerEncoder, a head; those that come later are hidden from
    those before in a decoder."""

    def __init__(self, *, decodes: bool) -> None:
        super().__init__()
        width, layers, heads, inner = SIZES
        self.words = nn.Embedding(WORDS, width)
        self.places = nn.Parameter(torch.randn(64, width))
        layer = nn.TransformerEncoderLayer(
            width, heads, inner, activation="gelu", batch_first=True, norm_first=decodes
        )
        self.layers = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, WORDS if decodes else 2)
        self.decodes = decodes

    def forward(self, input_ids: torch.Tensor) -> torch.Tensor:
        length = input_ids.shape[1]
        x = self.words(input_ids) + self.places[:length]
        later = torch.full((length, length), float("-inf")).triu(1) if self.decodes else None
        x = self.layers(x, mask=later)
        answer: torch.Tensor = self.head(x if self.decodes else x[:, 0])
        return answer


def encoder() -> nn.Module:
    return Words(decodes=False)


def decoder() -> nn.Module:
    return Words(decodes=True)
