"""What in a TorchScript module depends on its weights and constants alone, and its values.

The methods are computed as they call each other, in the order of their nodes. A value is known
where its node gives the same at each call of the model. What writes to a tensor, or to a view of
it, with something that is not known, makes that tensor unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from neopack.frameworks.pytorch.lowering.execution import (
    READ_ONLY,
    UNKNOWN,
    aliases,
    execute,
    is_known,
    tensors_in,
    written,
)
from neopack.frameworks.pytorch.lowering.graphs import nodes
from neopack.frameworks.pytorch.lowering.method_calls import Method, MethodCalls

__all__ = ["ConstantValues", "Use", "constant_values", "storage"]

# a method by its place, and the number of a value in its graph
Key: TypeAlias = tuple[Method, int]
MOST_TRIES = 8
SIZES = ("aten::size", "aten::dim", "aten::numel")


@dataclass(frozen=True, slots=True)
class Use:
    """A node that is not known takes a value that is, as the argument at ``place``."""

    method: Method
    node: Any
    place: int

    @property
    def value(self) -> Any:
        return self.node.inputsAt(self.place)


@dataclass(slots=True)
class ConstantValues:
    """What one pass over a module tells. Storages are told apart by their numbers."""

    calls: MethodCalls
    changing: frozenset[int]
    """Storages of weights that the model writes to."""
    for_types: bool = False
    """Whether only types are wanted: they stay the same where a tensor is written to after its
    use, as by ``ReLU(inplace=True)`` after the call of another module."""
    values: dict[Key, Any] = field(default_factory=dict)
    uses: list[Use] = field(default_factory=list)
    sources: dict[int, int] = field(default_factory=dict)
    """Of each storage, the bytes of the weights that it was computed from."""
    weights: set[int] = field(default_factory=set)
    used: set[int] = field(default_factory=set)
    overwritten: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    views: dict[Key, set[int]] = field(default_factory=dict)
    done: set[Method] = field(default_factory=set)
    computed: list[tuple[Method, Any, set[int]]] = field(default_factory=list)
    """The nodes of operators that are known, in order, and the storages that each writes to."""
    kept: list[Any] = field(default_factory=list)

    def value(self, method: Method, value: Any) -> Any:
        """``UNKNOWN`` for what depends on inputs, or is written to with what does."""
        known = self.values.get((method, value.unique()), UNKNOWN)
        gone = any(storage(tensor) in self.unknown for tensor in tensors_in(known))
        return UNKNOWN if gone else known

    def storages(self, method: Method, value: Any) -> set[int]:
        """Of the tensors in a known value."""
        return {storage(tensor) for tensor in tensors_in(self.value(method, value))}

    def run(self, method: Method, arguments: Sequence[Any]) -> list[Any]:
        """Compute what is known of a method; its outputs."""
        graph = self.calls.graph(method)
        if method not in self.done:
            self.done.add(method)
            module, *inputs = graph.inputs()
            self.values[method, module.unique()] = self.calls.modules[method[0]]
            for each, argument in zip(inputs, arguments, strict=True):
                known = argument if self.calls.is_called_once(method) else UNKNOWN
                self.values[method, each.unique()] = known
            for node in graph.nodes():
                self._compute(method, node)
            self._use(method, graph.return_node())
        return [self.value(method, output) for output in graph.outputs()]

    def _compute(self, method: Method, node: Any) -> None:
        arguments = [self.value(method, each) for each in node.inputs()]
        results = self._results(method, node, arguments)
        for output, result in zip(node.outputs(), results, strict=True):
            self.values[method, output.unique()] = result
            self.kept += tensors_in(result)  # so that no other tensor gets its storage

    def _results(self, method: Method, node: Any, arguments: list[Any]) -> list[Any]:
        match node.kind():
            case "prim::Constant":
                return [self._weight(_constant(node.output()))]
            case "prim::GetAttr":
                return [self._weight(_attribute(arguments[0], node.s("name")))]
            case "prim::CallMethod":
                return self._called(method, node, arguments)
            case "prim::TupleConstruct":
                return [tuple(arguments)]
            case "prim::TupleUnpack" if isinstance(arguments[0], tuple):
                return list(arguments[0])
            case "prim::If" if self.for_types and _is_of_sizes(node.inputsAt(0)):
                if is_known(arguments):
                    return self._taken(method, node, condition=arguments[0])
            case "prim::ListConstruct" if is_known(arguments):
                return [arguments]
            case "prim::ListUnpack" if is_known(arguments):
                return list(arguments[0])
        return self._operator(method, node, arguments)

    def _taken(self, method: Method, node: Any, *, condition: bool) -> list[Any]:
        """The results of the branch that sizes decide for."""
        yes, no = node.blocks()
        branch = yes if condition else no
        for each in branch.nodes():
            self._compute(method, each)
        return [self.value(method, each) for each in branch.outputs()]

    def _weight(self, value: Any) -> Any:
        for tensor in tensors_in(value):
            if storage(tensor) in self.changing:
                return UNKNOWN
            self.weights.add(storage(tensor))
            self.sources[storage(tensor)] = tensor.nbytes
        return value

    def _called(self, method: Method, node: Any, arguments: list[Any]) -> list[Any]:
        callee = self.calls.callee(method, node)
        if callee is None:
            return self._unknown(method, node)
        graph = self.calls.graph(callee)
        for inner, outer in zip(graph.inputs(), node.inputs(), strict=True):
            self._views(callee, [inner], self._storages(method, outer))
        self._use(method, node)
        results = self.run(callee, arguments[1:])
        self._views(method, node.outputs(), self._all_storages(callee, graph.return_node()))
        self._views(method, node.outputs(), self._all_storages(method, node))
        return results

    def _operator(self, method: Method, node: Any, arguments: list[Any]) -> list[Any]:
        if has_blocks(node) or not is_known(arguments):
            return self._unknown(method, node)
        changed = {storage(t) for at in written(node) for t in tensors_in(arguments[at])}
        if changed & (self.weights | self.used):
            return self._unknown(method, node)
        results = execute(node, arguments)
        if not is_known(results):
            return self._unknown(method, node)
        self.overwritten |= changed
        self.computed.append((method, node, changed))
        before = {storage(tensor) for tensor in tensors_in(arguments)}
        for tensor in tensors_in(results):
            self.sources.setdefault(storage(tensor), sum(self.sources.get(at, 0) for at in before))
        return results

    # --- what is not known ------------------------------------------------------------------

    def _unknown(self, method: Method, node: Any) -> list[Any]:
        """What comes of a node that may change what it takes."""
        if has_blocks(node):
            self._unknown_blocks(method, node)
        self._use(method, node)
        for at in written(node) if node.kind() not in READ_ONLY else ():
            self.unknown |= self._storages(method, node.inputsAt(at))
        if aliases(node):
            self._views(method, node.outputs(), self._all_storages(method, node))
        return [UNKNOWN] * node.outputsSize()

    def _unknown_blocks(self, method: Method, node: Any) -> None:
        """What is in branches and loops may run or not, and in turns: all of it may be a view of
        all that goes in."""
        inner = [each for block in node.blocks() for each in nodes(block)]
        outcomes = [block.returnNode() for one in (node, *inner) for block in one.blocks()]
        storages = {at for each in (*inner, *outcomes) for at in self._all_storages(method, each)}
        entries = [value for one in (node, *inner) for b in one.blocks() for value in b.inputs()]
        for each in inner:
            self._views(method, each.outputs(), storages)
        self._views(method, [*entries, *node.outputs()], storages)
        for each in inner:
            self._use(method, each)
            for at in written(each) if each.kind() not in READ_ONLY else ():
                self.unknown |= self._storages(method, each.inputsAt(at))
        for each in outcomes:
            self._use(method, each)

    def _use(self, method: Method, node: Any) -> None:
        for at, each in enumerate(node.inputs()):
            tensors = tensors_in(self.value(method, each))
            if tensors:
                self.uses.append(Use(method, node, at))
                self.used.update(() if self.for_types else map(storage, tensors))

    def _views(self, method: Method, values: Iterable[Any], storages: set[int]) -> None:
        for value in values if storages else ():
            self.views.setdefault((method, value.unique()), set()).update(storages)

    def _all_storages(self, method: Method, node: Any) -> set[int]:
        return {at for each in node.inputs() for at in self._storages(method, each)}

    def _storages(self, method: Method, value: Any) -> set[int]:
        return self.storages(method, value) | self.views.get((method, value.unique()), set())


def _is_of_sizes(value: Any) -> bool:
    """Whether a number, or a choice, follows from constants and from sizes of tensors."""
    maker = value.node()
    if maker.kind() in ("prim::Constant", *SIZES):
        return True
    makes_numbers = maker.kind().startswith("aten::") and maker.inputsSize() > 0
    return makes_numbers and all(map(_is_of_sizes, maker.inputs()))


def has_blocks(node: Any) -> bool:
    return any(True for _ in node.blocks())


def constant_values(module: Any) -> ConstantValues | None:
    """None for a module that changes its attributes, or whose weights never stay the same."""
    calls = MethodCalls.of(module)
    if calls is None:
        return None
    changing: frozenset[int] = frozenset()
    for _ in range(MOST_TRIES):
        found = ConstantValues(calls, changing)
        inputs = list(calls.graph(calls.root).inputs())[1:]
        found.run(calls.root, [UNKNOWN] * len(inputs))
        if not found.unknown & found.weights:
            return found
        changing |= found.unknown & found.weights
    return None


def storage(tensor: Any) -> int:
    number: int = tensor.untyped_storage()._cdata  # noqa: SLF001 - no public one
    return number


def _constant(value: Any) -> Any:
    """A tensor of one number, as traces have for numbers, is one: with integers it gives float32,
    where a tensor of float64 would give float64."""
    import torch

    if value.type().kind() == "FunctionType":
        return UNKNOWN
    constant = value.toIValue()
    is_number = isinstance(constant, torch.Tensor) and constant.dim() == 0
    wide = is_number and constant.dtype in (torch.float64, torch.int64, torch.bool)
    return constant.item() if wide else constant


def _attribute(owner: Any, name: str) -> Any:
    import torch

    module = torch._C.ScriptModule  # noqa: SLF001 - no public one
    value = owner.getattr(name) if isinstance(owner, module) else UNKNOWN
    is_module = isinstance(value, module)  # which is a ScriptObject too
    return UNKNOWN if isinstance(value, torch.ScriptObject) and not is_module else value
