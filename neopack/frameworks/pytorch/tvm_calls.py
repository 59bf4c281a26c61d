"""Which calls of operators TVM does not convert as PyTorch computes them, though it knows the
operators: by their constant arguments. Code and graphs are told alike."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from neopack.facts.compiler_calls import CallCondition, TvmCall, tvm_calls
from neopack.frameworks.pytorch.code_values import Argument, Call, CodeValues, Constant

__all__ = ["of_code", "of_node", "words_of"]


def of_code(code: CodeValues) -> dict[str, str]:
    """``aten::add: alpha is left out`` to the function of the first such call, by how sure it is:
    those that may be are marked by ``may:`` in front."""
    told: dict[str, str] = {}
    for function, calls in code.calls.items():
        used = _used(calls, code.counts[function])
        for at, call in enumerate(calls, code.counts[function]):
            for row in _matching(_plain(call.callee), call.arguments, used.get(at, ())):
                told.setdefault(_spelled(row), ".".join(function.split(".")[-2:]))
    return told


def _spelled(row: TvmCall) -> str:
    mark = "may: " if row.does == "may" else ""
    return f"{mark}{row.operator}: {row.words}"


def of_node(node: Any) -> str:
    """The words about the first row that is of a node, "" if none."""
    rows = tvm_calls().get(_plain(node.kind()), ())
    if not rows:
        return ""
    arguments = [Argument(constant=_constant(value)) for value in node.inputs()]
    used = [at for at, value in enumerate(node.outputs()) if value.uses()]
    return next((row.words for row in _matching(_plain(node.kind()), arguments, used)), "")


def _plain(operator: str) -> str:
    return operator if operator.endswith("__") else operator.removesuffix("_")


def _used(calls: Sequence[Call], count: int) -> Mapping[int, Collection[int]]:
    """The outputs of each call, by its value, that something takes."""
    taken = {argument.value for call in calls for argument in call.arguments}
    used: dict[int, list[int]] = {}
    for at, call in enumerate(calls, count):
        if call.callee == "part" and at in taken:
            place = call.arguments[-1].constant
            if isinstance(place, str) and place.isdigit():
                used.setdefault(call.arguments[0].value, []).append(int(place))
    return used


def _matching(
    operator: str, arguments: Sequence[Argument], used: Collection[int]
) -> Iterator[TvmCall]:
    for row in tvm_calls().get(operator, ()):
        if all(_holds(condition, arguments, used) for condition in row.when):
            yield row


def _holds(condition: CallCondition, arguments: Sequence[Argument], used: Collection[int]) -> bool:
    if condition.arguments is not None:
        unnamed = sum(not argument.name for argument in arguments)
        return len(arguments) == condition.arguments or unnamed == condition.positional
    if condition.used is not None:
        return condition.used in used
    argument = _at(condition, arguments)
    constant = argument.constant if argument else None
    if constant is None:
        return condition.absent and argument is None
    if isinstance(constant, tuple):
        return _list_holds(condition, constant)
    if condition.unless:
        return not any(_same(constant, other) for other in condition.unless)
    if condition.equals:
        return any(_same(constant, other) for other in condition.equals)
    if condition.integer:
        return constant.lstrip("-").isdigit()
    return condition.number and _as_number(constant) is not None


def _list_holds(condition: CallCondition, items: Sequence[Constant]) -> bool:
    numbers = [number for each in items if (number := _as_number(each)) is not None]
    return (
        (condition.most is not None and len(items) > condition.most)
        or (condition.least is not None and len(items) < condition.least)
        or (condition.negative and any(number < 0 for number in numbers))
        or (condition.fractional and any(number != int(number) for number in numbers))
        or (bool(condition.has) and condition.has in items)
    )


def _at(condition: CallCondition, arguments: Sequence[Argument]) -> Argument | None:
    for argument in arguments:
        if argument.name == condition.name:
            return argument
    by_place = [argument for argument in arguments if not argument.name]
    return by_place[condition.place] if condition.place < len(by_place) else None


def _same(constant: str, other: str) -> bool:
    numbers = _as_number(constant), _as_number(other)
    if None not in numbers:
        return numbers[0] == numbers[1]
    return constant.strip("\"'") == other


def _as_number(constant: Constant) -> float | None:
    try:
        return float(constant) if isinstance(constant, str) else None
    except ValueError:
        return None


def _constant(value: Any) -> Constant:
    maker = value.node()
    if maker.kind() == "prim::ListConstruct":
        return tuple(map(_constant, maker.inputs()))
    if maker.kind() != "prim::Constant":
        return None
    held = value.toIValue()
    if isinstance(held, (list, tuple)):
        return tuple(map(str, held))
    return str(held) if held is None or isinstance(held, (bool, int, float, str)) else None


def words_of(told: Iterable[str], *, sure: bool) -> list[str]:
    """Those of ``of_code`` that are sure, or those that may be."""
    return [each.removeprefix("may: ") for each in told if each.startswith("may: ") != sure]
