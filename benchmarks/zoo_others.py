"""Other PyTorch models with random weights: torchvision's segmentation and detection, and text
models in plain torch and, if it is installed, in Hugging Face's transformers.

Detectors are tried whole, although ``torchvision::nms`` is not an operator of PyTorch. Single-
stage detectors are also tried as a "body", without the post-processing that a script can do.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import torch
from batch_statistics import norms, settled
from torch import nn

__all__ = ["WORDS", "body", "decoder", "detector", "encoder", "names", "segmenter", "text"]

SEGMENTATION = (
    "deeplabv3_mobilenet_v3_large", "deeplabv3_resnet50", "deeplabv3_resnet101", "fcn_resnet50",
    "fcn_resnet101", "lraspp_mobilenet_v3_large",
)  # fmt: skip
# small images, few candidates and fewer answers: among many, some have equal scores and come in
# any order. No score is too low, because empty outputs prove nothing
_RCNN = {
    "min_size": 320, "max_size": 320, "rpn_pre_nms_top_n_test": 50, "rpn_post_nms_top_n_test": 20,
    "box_score_thresh": 0.0, "box_detections_per_img": 20,
}  # fmt: skip
_SSD = {"topk_candidates": 10, "score_thresh": 0.0, "detections_per_img": 20}
_DENSE = _SSD | {"min_size": 320, "max_size": 320}
# name -> size, options
DETECTION: dict[str, tuple[int, dict[str, Any]]] = {
    "fasterrcnn_mobilenet_v3_large_320_fpn": (320, _RCNN),
    "fasterrcnn_mobilenet_v3_large_fpn": (320, _RCNN),
    "fasterrcnn_resnet50_fpn": (320, _RCNN),
    "fasterrcnn_resnet50_fpn_v2": (320, _RCNN),
    "fcos_resnet50_fpn": (320, _DENSE),
    "keypointrcnn_resnet50_fpn": (320, _RCNN),
    "maskrcnn_resnet50_fpn": (320, _RCNN),
    "maskrcnn_resnet50_fpn_v2": (320, _RCNN),
    "retinanet_resnet50_fpn": (320, _DENSE),
    "retinanet_resnet50_fpn_v2": (320, _DENSE),
    "ssd300_vgg16": (300, _SSD),
    "ssdlite320_mobilenet_v3_large": (320, _SSD),
}
BODIES = tuple(name for name in DETECTION if "rcnn" not in name)
# model of transformers -> its configuration's names of width, layers, heads and inner width
TEXT = {
    "Bert": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "Roberta": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "DistilBert": ("dim", "n_layers", "n_heads", "hidden_dim"),
    "Albert": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "Electra": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "MPNet": ("hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size"),
    "GPT2": ("n_embd", "n_layer", "n_head", "n_inner"),
}
SIZES = (128, 3, 4, 256)
WORDS = 1000


def names() -> dict[str, tuple[str, dict[str, Any], dict[str, Any]]]:
    """Return name -> (callable of this file, its arguments, the shapes of its inputs)."""
    models: dict[str, tuple[str, dict[str, Any], dict[str, Any]]] = {}
    for name in SEGMENTATION:
        models[name] = ("segmenter", {"name": name}, {"image": (1, 3, 224, 224)})
    for name, (size, _) in DETECTION.items():
        models[name] = ("detector", {"name": name}, {"image": (1, 3, size, size)})
    for name in BODIES:
        size = DETECTION[name][0]
        models[f"{name} body"] = ("body", {"name": name}, {"image": (1, 3, size, size)})
    for kind in ("encoder", "decoder"):
        models[f"plain {kind}"] = (kind, {}, {"input_ids": (1, 32)})
    if find_spec("transformers"):
        for name in TEXT:
            models[name] = ("text", {"name": name}, {"input_ids": (1, 32), "mask": (1, 32)})
    return models


# --- images ---------------------------------------------------------------------------------


class Named(nn.Module):  # type: ignore[misc, unused-ignore]
    """Returns only the output "out", without that of the auxiliary head."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        answer: torch.Tensor = self.model(image)["out"]
        return answer


class Listed(nn.Module):  # type: ignore[misc, unused-ignore]
    """Passes a batch as the list of images that a detector takes; returns its dicts."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        answer: dict[str, torch.Tensor] = self.model([image[0]])[0]
        return answer


class Body(nn.Module):  # type: ignore[misc, unused-ignore]
    """A single-stage detector without post-processing: scores and boxes of all anchors."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.backbone, self.head = model.backbone, model.head

    def forward(self, image: torch.Tensor) -> dict[str, torch.Tensor]:
        outputs: dict[str, torch.Tensor] = self.head(list(self.backbone(image).values()))
        return outputs


def segmenter(name: str) -> nn.Module:
    import torchvision

    model = _made(torchvision.models.segmentation, name)
    return Named(_statistics(model, torch.stack(_images(112))))


def detector(name: str) -> nn.Module:
    return Listed(_detector(name))


def body(name: str) -> nn.Module:
    return Body(_detector(name))


def _detector(name: str) -> nn.Module:
    import torchvision

    size, options = DETECTION[name]
    model = _made(torchvision.models.detection, name, **options).eval()
    images = _images(size)
    _statistics(model.backbone, model.transform(images)[0].tensors)
    return _spread(model, images[:1])


def _made(module: Any, name: str, **more: Any) -> Any:
    return getattr(module, name)(weights=None, weights_backbone=None, **more)


def _images(size: int) -> list[torch.Tensor]:
    """Noise images with different tints: equal images would have a variance close to zero."""
    return [torch.randn(3, size, size) + torch.randn(3, 1, 1) for _ in range(4)]


def _spread(model: nn.Module, images: list[torch.Tensor]) -> nn.Module:
    """Scale each layer after the backbone so that its first output has a deviation of one. Equal
    scores, such as those of plain random weights, would come in any order."""

    def scale(layer: nn.Module, _: Any, answer: torch.Tensor) -> torch.Tensor:
        hooks.pop(layer).remove()
        deviation = answer.std()
        for parameter in layer.parameters():
            parameter.div_(deviation)
        return answer / deviation

    fixed = set(model.backbone.modules() if norms(model.backbone) else ())
    layers = [
        m for m in model.modules() if isinstance(m, nn.Conv2d | nn.Linear) and m not in fixed
    ]
    hooks = {layer: layer.register_forward_hook(scale) for layer in layers}
    with torch.no_grad():
        model(images)
    return model


def _statistics(model: nn.Module, batch: torch.Tensor) -> nn.Module:
    """Set batch normalization to one batch. The blocks of a ResNet get small branches, as in
    trained models; otherwise rounding in 101 layers adds up to 5e-4."""
    if not norms(model):
        return model.eval()
    for block in model.modules():
        if hasattr(block, "bn3"):
            nn.init.constant_(block.bn3.weight, 0.2)
    return settled(model, batch)


# --- text -----------------------------------------------------------------------------------


def text(name: str) -> nn.Module:
    """Return a small model of that family of transformers."""
    import transformers  # type: ignore[import-not-found, unused-ignore]

    width, layers, heads, inner = TEXT[name]
    sizes = dict(zip((width, layers, heads, inner), SIZES, strict=True))
    configuration = getattr(transformers, f"{name}Config")(vocab_size=WORDS, **sizes)
    model = getattr(transformers, f"{name}Model")(configuration)

    class Masked(nn.Module):  # type: ignore[misc, unused-ignore]
        """Returns the last hidden state for ids and their mask."""

        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self, input_ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
            state: torch.Tensor = self.model(input_ids, attention_mask=mask).last_hidden_state
            return state

    return Masked()


class Words(nn.Module):  # type: ignore[misc, unused-ignore]
    """Embeddings, layers of nn.TransformerEncoder and a head. In a decoder, a position does not
    see later ones."""

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
