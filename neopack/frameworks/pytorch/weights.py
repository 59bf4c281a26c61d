"""Load ``--weights``: a state_dict as .pt, .pth or .safetensors, without executing code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import Missing, SourceError
from neopack.values.artifact import Array
from neopack.values.log import Log

__all__ = ["arrays", "load"]

# where training loops of the field put the state_dict inside a checkpoint
CHECKPOINT_KEYS = ("state_dict", "model_state_dict", "model", "module", "net", "ema_state_dict")
# what DataParallel, Lightning and torch.compile put before every name
PREFIXES = ("module.", "model.", "_orig_mod.")


def load(module: Any, path: Path, form: str, log: Log) -> None:
    """Load the weights in ``path`` into ``module``; raises ``SourceError`` where they differ."""
    tensors = _unprefixed(_read(path, form, log), set(module.state_dict()), log)
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

    tensors = _unprefixed(_read(path, form, log), names, log)
    _refuse_names(sorted(names - set(tensors)), sorted(set(tensors) - names), path)
    halves = (torch.bfloat16, torch.float16)
    return {
        name: (tensor.float() if tensor.dtype in halves else tensor).detach().numpy()
        for name, tensor in tensors.items()
    }


def _read(path: Path, form: str, log: Log) -> Mapping[str, Any]:
    return _unwrapped(_safetensors(path) if form == "safetensors" else _pickled(path), path, log)


def _refuse_names(missing: Sequence[str], unexpected: Sequence[str], path: Path) -> None:
    problems = [f"lacks {name!r}" for name in missing]
    problems += [f"has {name!r}, which the model lacks" for name in unexpected]
    if problems:
        more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
        raise SourceError(f"does not fit the model: it {problems[0]}{more}", where=str(path))


def _pickled(path: Path) -> Any:
    import pickle

    import torch

    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
        line = str(error).strip().splitlines()[0]
        raise SourceError(
            f"cannot be loaded without executing code: {line}",
            where=str(path),
            hint="save only tensors: torch.save(model.state_dict(), FILE)",
        ) from None


def _safetensors(path: Path) -> Any:
    try:
        from safetensors import SafetensorError
        from safetensors.torch import load_file
    except ImportError:
        raise Missing(
            ".safetensors weights need safetensors", hint="pip install 'neopack[torch]'"
        ) from None
    try:
        return load_file(path)
    except SafetensorError as error:
        raise SourceError(f"is not a safetensors file: {error}", where=str(path)) from None


def _unwrapped(tensors: Any, path: Path, log: Log) -> Mapping[str, Any]:
    import torch

    for key in CHECKPOINT_KEYS:
        if isinstance(tensors, Mapping) and isinstance(tensors.get(key), Mapping):
            log.note(f"weights: took {key!r} out of the checkpoint {path.name}")
            tensors = tensors[key]
            break
    if isinstance(tensors, Mapping) and all(isinstance(t, torch.Tensor) for t in tensors.values()):
        return tensors
    raise SourceError("holds no state_dict", where=str(path))


def _unprefixed(tensors: Mapping[str, Any], names: set[str], log: Log) -> Mapping[str, Any]:
    for prefix in PREFIXES:
        bare = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        if not names & set(tensors) and names & set(bare):
            log.note(f"weights: dropped the prefix {prefix!r} from their names")
            return bare
    return tensors
