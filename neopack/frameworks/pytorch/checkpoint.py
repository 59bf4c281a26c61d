"""The state_dict of a checkpoint that is a model's: the one that was named, or the one that fits.

A checkpoint is what ``torch.save`` wrote: state_dicts in dicts, or several in one dict that begin
with the words ``net.`` and ``ema.``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from neopack.errors import SourceError, UsageError
from neopack.spelling import did_you_mean
from neopack.values.log import Log

__all__ = ["chosen", "split", "unprefixed"]

# where training loops of the field put the state_dict: the one to name where none fits
USUAL = ("state_dict", "model_state_dict", "model", "module", "net", "ema_state_dict")
# what DataParallel, Lightning and torch.compile put before every name
PREFIXES = ("module.", "model.", "_orig_mod.")
DEPTH = 3
SHOWN = 6


def split(path: Path) -> tuple[Path, str]:
    """``--weights FILE`` or ``FILE:KEY``; a file whose own name has a colon is a file."""
    where, colon, key = str(path).rpartition(":")
    if not colon or not key or path.exists() or not Path(where).is_file():
        return path, ""
    return Path(where), key


def chosen(
    held: Any, key: str, fits: Callable[[Mapping[str, Any]], bool], where: str, log: Log
) -> Mapping[str, Any]:
    """The state_dict named ``key``; without one, that which ``fits``. Raises ``UsageError`` where
    several do, ``SourceError`` where there is none."""
    whole = dict(_state_dicts(held, ""))
    parts = dict(_parts(whole))
    if not whole:
        raise SourceError("holds no state_dict", where=where)
    if key:
        return _named({**parts, **whole}, list(whole if len(whole) > 1 else parts), key, where)
    path = _fitting(whole, fits, where)
    among = whole
    if path is None and (path := _fitting(parts, fits, where)) is not None:
        among = parts
    if path is None:
        path = _usual(whole, where)
    if path:
        others = [each for each in among if each != path and not each.startswith("optim")]
        left = f", and left {_listed(others)}" if others else ""
        log.note(f"weights: took {path!r} out of the checkpoint {Path(where).name}{left}")
    return among[path]


def _named(
    found: Mapping[str, Mapping[str, Any]], shown: Sequence[str], key: str, where: str
) -> Mapping[str, Any]:
    endings = [path for path in found if path.endswith(f".{key}")]
    inside = [path for path in shown if path.startswith(f"{key}.")]
    for paths in (endings, inside):
        if key not in found and len(paths) == 1:
            return found[paths[0]]
    if key not in found:
        hint = f"{did_you_mean(key, found)} it holds {_listed(shown)}".strip()
        raise UsageError(f"holds no state_dict {key!r}", where=where, hint=hint)
    return found[key]


def _fitting(
    found: Mapping[str, Mapping[str, Any]], fits: Callable[[Mapping[str, Any]], bool], where: str
) -> str | None:
    """The one that fits, or the first of those that are the same; None where none does."""
    names = [path for path, state in found.items() if fits(state)]
    for name in names[1:]:
        if not _equal(found[names[0]], found[name]):
            raise UsageError(
                f"holds several state_dicts that fit the model: {_listed(names)}",
                where=where,
                hint=f"choose one: --weights {where}:{name}",
            )
    return names[0] if names else None


def _usual(found: Mapping[str, Mapping[str, Any]], where: str) -> str:
    """The one to say of that it does not fit."""
    usual = [path for path in ("", *USUAL) if path in found]
    if not usual:
        raise SourceError(
            "holds no state_dict that fits the model",
            where=where,
            hint=f"it holds {_listed(list(found))}",
        )
    return usual[0]


def _listed(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - SHOWN} more" if len(paths) > SHOWN else ""
    return ", ".join(paths[:SHOWN]) + more


def _state_dicts(held: Any, path: str, depth: int = 0) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every state_dict by its path: a dict of tensors alone."""
    if not isinstance(held, Mapping) or depth > DEPTH:
        return
    words = [name for name in held if isinstance(name, str)]
    if held and len(words) == len(held) and all(_is_tensor(value) for value in held.values()):
        yield path, held
        return
    for name in words:
        yield from _state_dicts(held[name], f"{path}.{name}" if path else name, depth + 1)


def _parts(
    found: Mapping[str, Mapping[str, Any]],
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The parts of each state_dict whose names begin with one word."""
    for path, state in found.items():
        for word in dict.fromkeys(name.partition(".")[0] for name in state if "." in name):
            start = f"{word}."
            part = {n.removeprefix(start): t for n, t in state.items() if n.startswith(start)}
            yield (f"{path}.{word}" if path else word), part


def _is_tensor(value: Any) -> bool:
    import torch

    return isinstance(value, torch.Tensor)


def _equal(first: Mapping[str, Any], second: Mapping[str, Any]) -> bool:
    import torch

    return list(first) == list(second) and all(
        torch.equal(first[name], second[name]) for name in first
    )


def unprefixed(tensors: Mapping[str, Any], names: set[str]) -> tuple[Mapping[str, Any], str]:
    """The tensors without the prefix that a wrapper put before their names, and that prefix."""
    for prefix in PREFIXES:
        bare = {name.removeprefix(prefix): tensor for name, tensor in tensors.items()}
        if not names & set(tensors) and names & set(bare):
            return bare, prefix
    return tensors, ""
