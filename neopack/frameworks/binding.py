"""Bind the inputs that a user names to the parameters of the function that the user calls.

Inputs are bound by name. A name with dots is an entry of a structure: ``batch.ids`` is in a dict,
``state.0`` in a tuple. Names state positions only as Neo writes them (``input0``, ``input1``), or
where the user says so, or where nothing else can be meant: a single input, or ``*args``.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from neopack.errors import UsageError
from neopack.frameworks import structures
from neopack.frameworks.structures import Path
from neopack.spelling import suggestion
from neopack.values.signature import InputRequest

__all__ = [
    "BindBy",
    "Binding",
    "Parameter",
    "Parameters",
    "bind",
    "parameters_of",
    "unknown_input",
]

BindBy: TypeAlias = Literal["name", "positional"]
_INDEXED = re.compile(r"input(0|[1-9][0-9]*)")
HINT = "--bind positional gives them in the order written"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """``annotation`` tells which structure it takes, where it takes one."""

    name: str
    required: bool = True
    keyword_only: bool = False
    annotation: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameters:
    """What the function ``callee`` takes; ``variadic`` and ``keywords``: any number beside."""

    callee: str
    parameters: tuple[Parameter, ...]
    variadic: bool = False
    keywords: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.parameters)

    @property
    def positional(self) -> tuple[Parameter, ...]:
        return tuple(each for each in self.parameters if not each.keyword_only)

    @property
    def required(self) -> tuple[str, ...]:
        return tuple(each.name for each in self.parameters if each.required)

    def only(self) -> Parameter | None:
        """The one parameter that a single value can only be meant for."""
        needed = [each for each in self.parameters if each.required] or list(self.parameters)
        return needed[0] if len(needed) == 1 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """The inputs in the order of the parameters, and the path of each: its parameter and the keys
    in it. A path is empty where the input is given by position."""

    requests: tuple[InputRequest, ...]
    paths: tuple[Path, ...]
    takes: Parameters

    @property
    def plain(self) -> bool:
        """Whether the tensors themselves, in this order, are the arguments."""
        positions = [each.name for each in self.takes.positional]
        return all(
            not path or (len(path) == 1 and positions[at : at + 1] == [path[0]])
            for at, path in enumerate(self.paths)
        )

    def arguments(self, tensors: Sequence[Any]) -> tuple[list[Any], dict[str, Any]]:
        """The arguments to call with: positional ones, and those by name."""
        pairs = list(zip(self.paths, tensors, strict=True))
        loose = [tensor for path, tensor in pairs if not path]
        annotations = {each.name: each.annotation for each in self.takes.parameters}
        named = {
            name: structures.nested(
                [(path[1:], tensor) for path, tensor in pairs if path and path[0] == name],
                annotations.get(name),
            )
            for name in dict.fromkeys(path[0] for path in self.paths if path)
        }
        leading = []
        for each in self.takes.positional:
            if each.name not in named:
                break
            leading.append(named.pop(each.name))
        return [*leading, *loose], named


def parameters_of(
    function: Callable[..., Any], callee: str, skip: Collection[str] = ()
) -> Parameters:
    """Raises ``TypeError`` or ``ValueError`` where the signature cannot be known."""
    hints = structures.hints_of(function)
    given = [p for p in inspect.signature(function).parameters.values() if p.name not in skip]
    many = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    return Parameters(
        callee=callee,
        parameters=tuple(
            Parameter(
                name=p.name,
                required=p.default is p.empty,
                keyword_only=p.kind is p.KEYWORD_ONLY,
                annotation=hints.get(p.name),
            )
            for p in given
            if p.kind not in many
        ),
        variadic=any(p.kind is p.VAR_POSITIONAL for p in given),
        keywords=any(p.kind is p.VAR_KEYWORD for p in given),
    )


def bind(
    takes: Parameters, requests: Sequence[InputRequest], where: str, by: BindBy | None = None
) -> Binding:
    """Raises ``UsageError`` for names or a number of inputs that the function does not take."""
    if by == "positional":
        return _positional(takes, requests, where)
    paths = [_path(request.name, takes) for request in requests]
    if not any(paths):
        return _unnamed(takes, requests, where)
    if takes.variadic:
        return _beside(takes, requests, paths, where)
    unknown = [r.name for r, path in zip(requests, paths, strict=True) if not path]
    if unknown:
        raise unknown_input(unknown[0], takes.names, where, callee=takes.callee)
    _refuse_incomplete(takes, paths, where)
    return _ordered(takes, requests, paths)


def _path(name: str, takes: Parameters) -> Path:
    """The parameter of that name and the keys in it; empty where there is none."""
    if name in takes.names or (takes.keywords and not takes.parameters):
        return (name,)
    root, *keys = name.split(".")
    return (root, *keys) if root in takes.names and all(keys) else ()


def _unnamed(takes: Parameters, requests: Sequence[InputRequest], where: str) -> Binding:
    """No name is a parameter's: what else they can mean."""
    names = [request.name for request in requests]
    only = takes.only()
    if only is not None and structures.is_keyed(only.annotation):
        paths = [(only.name, *name.split(".")) for name in names]
        return _ordered(takes, requests, paths)
    places = [int(match[1]) for match in map(_INDEXED.fullmatch, names) if match]
    if sorted(places) == list(range(len(names))):
        by_place = sorted(zip(places, requests, strict=True), key=lambda pair: pair[0])
        return _positional(takes, [request for _, request in by_place], where)
    if only is not None and len(names) == 1:
        return _ordered(takes, requests, [(only.name,)])
    if takes.variadic and not takes.parameters:
        return _positional(takes, requests, where)
    fits = len(takes.required) <= len(names) <= len(takes.positional)
    hint = HINT if fits else _structure_hint(takes, names)
    raise unknown_input(names[0], takes.names, where, callee=takes.callee, hint=hint)


def _structure_hint(takes: Parameters, names: Sequence[str]) -> str:
    if len(takes.parameters) != 1 or len(names) < 2:
        return ""
    name = takes.names[0]
    return f"the entries of a dict are {name}.{names[0]} and so on, those of a tuple {name}.0"


def _positional(takes: Parameters, requests: Sequence[InputRequest], where: str) -> Binding:
    least, most = len([p for p in takes.positional if p.required]), len(takes.positional)
    count = len(requests)
    if count < least or (count > most and not takes.variadic):
        expected = f"{least}" if least == most else f"{least} to {most}"
        raise UsageError(
            f"{takes.callee} takes {expected} inputs and {count} were given",
            where=where,
            hint=_takes(takes.callee, takes.names),
        )
    return Binding(requests=tuple(requests), paths=((),) * count, takes=takes)


def _beside(
    takes: Parameters, requests: Sequence[InputRequest], paths: Sequence[Path], where: str
) -> Binding:
    """Some are parameters; the others are what ``*args`` takes, in the order written."""
    _refuse_incomplete(takes, paths, where)
    roots = {path[0] for path in paths if path}
    loose = [request for request, path in zip(requests, paths, strict=True) if not path]
    before = [each.name for each in takes.positional if each.name not in roots]
    if loose and before:
        raise UsageError(
            f"input {before[0]!r} is not given",
            where=where,
            hint=_takes(takes.callee, takes.names),
        )
    named = [pair for pair in zip(requests, paths, strict=True) if pair[1]]
    bound = _ordered(takes, *map(list, zip(*named, strict=True)))
    return replace(
        bound, requests=(*bound.requests, *loose), paths=(*bound.paths, *((),) * len(loose))
    )


def _refuse_incomplete(takes: Parameters, paths: Sequence[Path], where: str) -> None:
    roots = [path[0] for path in paths if path]
    whole = {path[0] for path in paths if len(path) == 1}
    for name in takes.required:
        if name not in roots:
            raise UsageError(
                f"input {name!r} is not given", where=where, hint=_takes(takes.callee, takes.names)
            )
    for name in whole:
        if roots.count(name) > 1:
            raise UsageError(f"input {name!r} is given whole and in parts", where=where)


def _ordered(
    takes: Parameters, requests: Sequence[InputRequest], paths: Sequence[Path]
) -> Binding:
    """In the order of the parameters; the elements of a tuple in theirs, of a dict as written."""
    names = takes.names
    pairs = list(zip(requests, paths, strict=True))

    def place(pair: tuple[InputRequest, Path]) -> tuple[int, list[int]]:
        root, *keys = pair[1]
        numbers = [int(key) if key.isdecimal() else 0 for key in keys]
        return (names.index(root) if root in names else 0, numbers)

    pairs.sort(key=place)
    return Binding(
        requests=tuple(request for request, _ in pairs),
        paths=tuple(path for _, path in pairs),
        takes=takes,
    )


def unknown_input(
    name: str,
    names: Sequence[str],
    where: str,
    *,
    callee: str = "the model",
    hint: str = "",
) -> UsageError:
    """The error for an input that the model lacks, with the nearest and with all it has."""
    meant = suggestion(_nearest(name, names))
    more = f"; {hint}" if hint else ""
    return UsageError(
        f"{callee} has no input {name!r}",
        where=where,
        hint=f"{meant} {_takes(callee, names)}{more}".strip(),
    )


def _nearest(name: str, names: Sequence[str]) -> str:
    """A name that has this word in it, or that is spelled much like it."""
    import difflib

    word = name.casefold()
    parts = [each for each in names if word in each.casefold() or each.casefold() in word]
    near = difflib.get_close_matches(word, [each.casefold() for each in names], n=1, cutoff=0.5)
    close = next((each for each in names if near and each.casefold() == near[0]), "")
    return parts[0] if len(parts) == 1 else close


def _takes(callee: str, names: Sequence[str]) -> str:
    return f"{callee} takes {', '.join(names) or 'no named inputs'}"
