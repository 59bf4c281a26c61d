"""What a function takes, and its arguments put together of tensors and their paths: the parameter
of each and the keys in it. It mirrors ``neopack.frameworks.binding``."""

import inspect
from typing import Any, Dict, List, Sequence, Tuple

MANY = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


def described(function: Any) -> Dict[str, Any]:
    """Its ``parameters``, and whether it takes ``any`` number of tensors, or of ``keywords``."""
    takes = list(inspect.signature(function).parameters.values())
    return {
        "parameters": [
            {
                "name": p.name,
                "required": p.default is p.empty,
                "keyword_only": p.kind is p.KEYWORD_ONLY,
                "keyed": _is_record(p.annotation) or "Dict" in str(p.annotation).title(),
            }
            for p in takes
            if p.kind not in MANY
        ],
        "any": any(p.kind is p.VAR_POSITIONAL for p in takes),
        "keywords": any(p.kind is p.VAR_KEYWORD for p in takes),
    }


def arguments(
    function: Any, paths: Sequence[Any], tensors: Sequence[Any]
) -> Tuple[List[Any], Dict[str, Any]]:
    """The positional arguments, and those by name. A path is empty for what has only a place."""
    pairs = list(zip(paths, tensors))
    parameters = inspect.signature(function).parameters
    named = {}  # type: Dict[str, Any]
    for root in [path[0] for path in paths if path]:
        parts = [(path[1:], tensor) for path, tensor in pairs if path and path[0] == root]
        parameter = parameters.get(root)
        named[root] = _nested(parts, parameter.annotation if parameter else None)
    leading = []
    for name, parameter in parameters.items():
        if name not in named or parameter.kind in MANY + (parameter.KEYWORD_ONLY,):
            break
        leading.append(named.pop(name))
    return leading + [tensor for path, tensor in pairs if not path], named


def _nested(entries: Sequence[Any], kind: Any) -> Any:
    if len(entries) == 1 and not entries[0][0]:
        return entries[0][1]
    parts = {}  # type: Dict[str, List[Any]]
    for path, tensor in entries:
        parts.setdefault(path[0], []).append((path[1:], tensor))
    values = {key: _nested(rest, None) for key, rest in parts.items()}
    if _is_record(kind):
        return kind(**values)
    return tuple(values.values()) if all(key.isdigit() for key in values) else values


def _is_record(kind: Any) -> bool:
    known = hasattr(kind, "_fields") or hasattr(kind, "__dataclass_fields__")
    return inspect.isclass(kind) and known
