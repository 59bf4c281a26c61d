"""A folder of images as inputs, by a preprocessing that the user names: nothing is guessed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from neopack.errors import Malformed, Missing, UsageError, first_line
from neopack.spelling import did_you_mean
from neopack.values.artifact import Array
from neopack.values.signature import TensorSpec

__all__ = ["Preprocess", "image_files", "pixels"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".webp"})
EXAMPLE = "size=224x224 mean=0.485,0.456,0.406 std=0.229,0.224,0.225 layout=NCHW"
REQUIRED = ("size", "mean", "std", "layout")
# as in the handlers that templates/ has: pixels are divided by 255 before the mean
DEFAULTS = {"scale": "255", "color": "RGB"}
LAYOUTS = ("NCHW", "NHWC")


@dataclass(frozen=True, slots=True, kw_only=True)
class Preprocess:
    """``(pixel / scale - mean) / std`` of an image of ``height`` x ``width``, in ``layout``."""

    height: int
    width: int
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str
    scale: float
    color: str

    @classmethod
    def parse(cls, text: str | None, spec: TensorSpec) -> Preprocess:
        """Read ``size=HxW mean=R,G,B std=R,G,B layout=NCHW``, also ``scale=`` and ``color=``.

        Raises ``UsageError`` for what is missing, or does not fit the input.
        """
        values = {**DEFAULTS, **_words(text or "")}
        missing = [name for name in REQUIRED if name not in values]
        if missing:
            raise UsageError(
                f"images need a preprocessing with {', '.join(missing)}",
                hint=f"--preprocess '{EXAMPLE}', as the model was trained",
            )
        height, width = _numbers(values, "size", "x", 2)
        made = cls(
            height=int(height),
            width=int(width),
            mean=_numbers(values, "mean", ",", 3),
            std=_numbers(values, "std", ",", 3),
            layout=_one_of(values, "layout", LAYOUTS),
            scale=_numbers(values, "scale", ",", 1)[0],
            color=_one_of(values, "color", ("RGB", "BGR")),
        )
        if 0 in (*made.std, made.scale):
            raise UsageError("--preprocess divides by zero: std or scale is 0")
        made.refuse_unfit(spec)
        return made

    def refuse_unfit(self, spec: TensorSpec) -> None:
        height_width = (self.height, self.width)
        row = (3, *height_width) if self.layout == "NCHW" else (*height_width, 3)
        if tuple(spec.shape[1:]) != row:
            raise UsageError(
                f"--preprocess gives images of {list(row)}; input {spec.name!r} takes "
                f"{list(spec.shape[1:])}",
                hint="size is height x width",
            )


def image_files(folder: Path) -> list[Path]:
    """The images in ``folder`` and below, in order of their paths."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES]
    if not files:
        raise UsageError("has no images", where=str(folder), hint=", ".join(sorted(SUFFIXES)))
    return files


def pixels(path: Path, preprocess: Preprocess) -> Array:
    """One image as a row of the model's input, without the batch."""
    import warnings

    import numpy as np

    image = _pillow()
    try:
        with warnings.catch_warnings(), image.open(path) as opened:
            warnings.simplefilter("error")  # a bomb is only warned of
            size = (preprocess.width, preprocess.height)
            array = np.asarray(opened.convert("RGB").resize(size), "float32")
    except (OSError, ValueError, SyntaxError, Warning, image.DecompressionBombError) as error:
        raise Malformed(f"is not an image: {first_line(error)}", where=str(path)) from None
    if preprocess.color == "BGR":
        array = array[..., ::-1]
    mean, std = np.array(preprocess.mean), np.array(preprocess.std)
    row = ((array / preprocess.scale - mean) / std).astype("float32")
    image_first: Array = row.transpose(2, 0, 1) if preprocess.layout == "NCHW" else row
    return image_first


def _pillow() -> Any:
    try:
        from PIL import Image
    except ImportError:
        raise Missing("images are read by Pillow", hint="pip install pillow") from None
    return Image


def _words(text: str) -> dict[str, str]:
    values = {}
    for word in text.split():
        name, equals, value = word.partition("=")
        known = (*REQUIRED, *DEFAULTS)
        if name not in known or not equals:
            hint = did_you_mean(name, known, f"such as '{EXAMPLE}'")
            raise UsageError(f"--preprocess takes NAME=VALUE, not {word!r}", hint=hint)
        values[name] = value
    return values


def _numbers(values: dict[str, str], name: str, between: str, count: int) -> tuple[float, ...]:
    try:
        numbers = tuple(float(part) for part in values[name].split(between))
    except ValueError:
        numbers = ()
    if len(numbers) != count or not all(abs(number) < 1e6 for number in numbers):
        raise UsageError(
            f"--preprocess {name}={values[name]} is not {count} numbers", hint=f"'{EXAMPLE}'"
        )
    return numbers


def _one_of(values: dict[str, str], name: str, words: tuple[str, ...]) -> str:
    if values[name] not in words:
        raise UsageError(f"--preprocess {name} is {' or '.join(words)}, not {values[name]}")
    return values[name]
