"""Load ``--weights``: a state_dict as .pt, .pth or .safetensors, without executing code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.distributions import install_hint
from neopack.errors import Missing, NeopackError, SourceError
from neopack.frameworks.pytorch import checkpoint
from neopack.frameworks.pytorch.held_weights import HeldWeights, read_weights
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["arrays", "load"]

SHOWN = 4


def load(module: Any, path: Path, form: str, log: Log) -> None:
    """Load the weights in ``path`` into ``module``; raises ``SourceError`` where they differ."""
    state = module.state_dict()
    shapes = {name: getattr(value, "shape", None) for name, value in state.items()}
    tensors = _read(path, form, shapes, log)
    try:
        result = module.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        lines = [line.strip() for line in str(error).splitlines()]
        raise SourceError(
            f"does not fit the model: {lines[min(1, len(lines) - 1)]}", where=str(path)
        ) from None
    _refuse_names(result.missing_keys, result.unexpected_keys, path)


def arrays(path: Path, form: str, names: set[str], log: Log) -> dict[str, Array]:
    """The weights for a model whose state has the names ``names``, as plain arrays."""
    import torch

    tensors = _read(path, form, dict.fromkeys(names), log)
    _refuse_names(sorted(names - set(tensors)), sorted(set(tensors) - names), path)
    halves = (torch.bfloat16, torch.float16)
    return {
        name: (tensor.float() if tensor.dtype in halves else tensor).detach().numpy()
        for name, tensor in tensors.items()
    }


def _read(path: Path, form: str, shapes: Mapping[str, Any], log: Log) -> Mapping[str, Any]:
    """The state_dict for a model whose state has these names and, where known, shapes."""
    file, key = checkpoint.split(path)
    held = _safetensors(file) if form == "safetensors" else _pickled(file, log)

    def fits(state: Mapping[str, Any]) -> bool:
        bare, _ = checkpoint.unprefixed(state, set(shapes))
        return bare.keys() == shapes.keys() and all(
            shape in (None, bare[name].shape) for name, shape in shapes.items()
        )

    tensors = checkpoint.chosen(held, key, fits, str(file), log)
    bare, prefix = checkpoint.unprefixed(tensors, set(shapes))
    if prefix:
        log.note(f"weights: dropped the prefix {prefix!r} from their names")
    return bare


def _refuse_names(missing: Sequence[str], unexpected: Sequence[str], path: Path) -> None:
    problems = [f"lacks {name!r}" for name in missing]
    problems += [f"has {name!r}, which the model lacks" for name in unexpected]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise SourceError(f"does not fit the model: it {problems[0]}{more}", where=str(path))


def _pickled(path: Path, log: Log) -> Any:
    """By torch, which takes tensors and plain values alone; where there are other objects beside
    them, by our own reader, which runs nothing either."""
    import pickle
    import warnings

    import torch

    try:
        with warnings.catch_warnings():
            # of other protocols of pickle, which our own reader reads where torch does not
            warnings.simplefilter("ignore", UserWarning)
            return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        weights = _past_objects(path)
        if weights is not None and weights.held:
            log.note(f"weights: read past {_listed(weights.passed)}, and loaded nothing of it")
            return weights.held
        line = str(error).strip().splitlines()[0]
        raise SourceError(
            f"cannot be loaded without executing code: {line}",
            where=str(path),
            hint="save only tensors: torch.save(model.state_dict(), FILE)",
        ) from None


def _past_objects(path: Path) -> HeldWeights | None:
    try:
        return read_weights(path)
    except NeopackError:
        return None


def _listed(names: Sequence[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more if names else "what torch does not take"


def _safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise Missing(
            ".safetensors weights need safetensors", hint=install_hint("torch")
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise SourceError(f"is not a safetensors file: {error}", where=str(path)) from None
