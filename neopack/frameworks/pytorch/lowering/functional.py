"""Write operators in place as plain ones where another tensor sees the change: compilers convert
``y[:, 1:3].mul_(2)`` as if it changed nothing else.

A tensor that was changed through a view of it becomes a new one, with the changed elements between
the others; what is used of it later, other views too, is taken from the new one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from neopack.frameworks.pytorch.lowering import flattening, value_types
from neopack.frameworks.pytorch.lowering.constant_values import ConstantValues, has_blocks, storage
from neopack.frameworks.pytorch.lowering.execution import aliases, is_known, written
from neopack.frameworks.pytorch.lowering.graphs import nodes
from neopack.frameworks.pytorch.lowering.method_calls import Method, MethodCalls
from neopack.frameworks.pytorch.lowering.plain_operators import (
    is_in_place,
    plain_of,
    turn_plainly,
)
from neopack.frameworks.pytorch.lowering.views import View, view_of

__all__ = ["make_functional", "sees_changes"]

# compilers convert none of them
NEVER_CONVERTED = ("aten::copy_", "aten::index_put_", "aten::_index_put_impl_")


def sees_changes(module: Any) -> bool:
    """Whether a tensor is used after another changed it, or some part of it was assigned."""
    if not module._c._has_method("forward"):  # noqa: SLF001 - no public one
        return False
    graph = flattening.flat_copy(module)
    writing = [node for node in nodes(graph) if is_in_place(node)]
    return any(
        node.kind() in NEVER_CONVERTED or not _is_last(node.inputsAt(0), node) for node in writing
    )


def _is_last(value: Any, node: Any) -> bool:
    """Whether nothing takes ``value``, or what it is a view of, after ``node`` does."""
    while True:
        maker = value.node()
        taken = maker.inputsAt(0) if maker.kind() == "prim::ListUnpack" else None
        if taken is not None:  # parts of a tensor lie beside each other
            value, node, maker = taken, maker, taken.node()
        if not all(_is_over(use.user, node) for use in value.uses()):
            return False
        if not maker.kind().startswith("aten::") or not aliases(maker):
            return maker.kind() not in ("prim::GetAttr", "prim::Constant")
        value, node = maker.inputsAt(0), maker


def _is_over(user: Any, node: Any) -> bool:
    """Whether a use is ``node`` itself, or is done before it and keeps nothing."""
    if user == node:
        return True
    if user.kind() == "prim::ListConstruct":
        return all(_is_over(use.user, node) for use in user.output().uses())
    is_plain = user.kind().startswith("aten::") and not aliases(user)
    return is_plain and user.owningBlock() == node.owningBlock() and user.isBefore(node)


def make_functional(module: Any, inputs: Sequence[Any]) -> tuple[str, ...]:
    """In place; the names of the operators that were rewritten. The sizes and the views are those
    for ``inputs``. What cannot be written so stays: weights that change, branches."""
    import torch

    if not sees_changes(module):
        return ()
    flattening.flatten(module)
    calls = MethodCalls.of(module)
    if calls is None or any(map(has_blocks, nodes(calls.graph(calls.root)))):
        return ()
    graph = calls.graph(calls.root)
    turn_plainly(graph)
    known = ConstantValues(calls, frozenset())
    known.run(calls.root, [each.clone() for each in inputs])
    value_types.tell(known)
    names = dict.fromkeys(_Rewriting(known, calls.root).names())
    torch._C._jit_pass_dce(graph)  # noqa: SLF001 - no public one
    return tuple(names)


@dataclass(frozen=True, slots=True)
class _Step:
    """One view: the output at ``place`` of ``node``, or of ``unpack``, which takes its list."""

    node: Any
    unpack: Any
    place: int
    view: View


@dataclass(frozen=True, slots=True)
class _Part:
    """How a value is taken from the whole of its storage: by these views in turn."""

    value: Any
    storage: int
    steps: tuple[_Step, ...] = ()


class _Rewriting:
    """One pass over the nodes of a flat graph, in order."""

    def __init__(self, known: ConstantValues, method: Method) -> None:
        self.known, self.method = known, method
        self.graph = known.calls.graph(method)
        self.parts: dict[int, _Part] = {}
        self.wholes: dict[int, Any] = {}
        self.tensors: dict[int, Any] = {}
        self.lost: set[int] = set()
        """The storages with a value of which it is not known how it is taken from the whole."""

    def names(self) -> Iterator[str]:
        for value in list(self.graph.inputs())[1:]:
            self._hold(value)
        for node in list(self.graph.nodes()):
            if is_in_place(node) and self._rewrite(node):
                yield node.kind()
                node.destroy()
                continue
            for value in node.outputs():
                self._hold(value)

    # --- what is a view of what -------------------------------------------------------------

    def _known(self, value: Any) -> Any:
        """What a value was when the model ran."""
        return self.tensors.get(value.unique(), self.known.value(self.method, value))

    def _tensor(self, value: Any) -> Any:
        import torch

        known = self._known(value)
        return known if isinstance(known, torch.Tensor) else None

    def _hold(self, value: Any) -> None:
        tensor = self._tensor(value)
        if tensor is None:
            return
        at = storage(tensor)
        if at not in self.wholes:
            self.wholes[at] = value
            self.parts[value.unique()] = _Part(value, at)
            return
        step = self._step(value, at)
        source = self.parts.get(step.node.inputsAt(0).unique()) if step else None
        if step and source:
            self.parts[value.unique()] = _Part(value, at, (*source.steps, step))
        else:
            self.lost.add(at)

    def _step(self, value: Any, at: int) -> _Step | None:
        unpack = value.node() if value.node().kind() == "prim::ListUnpack" else None
        maker = unpack.inputsAt(0).node() if unpack else value.node()
        if not maker.kind().startswith("aten::") or is_in_place(maker) or not maker.inputsSize():
            return None
        source = self._tensor(maker.inputsAt(0))
        arguments = [self._known(each) for each in maker.inputs()]
        if source is None or storage(source) != at or not is_known(arguments):
            return None
        view = view_of(maker, value.offset(), source, arguments)
        return _Step(maker, unpack, value.offset(), view) if view else None

    # --- rewriting --------------------------------------------------------------------------

    def _rewrite(self, node: Any) -> bool:
        """Whether plain operators do what ``node`` did."""
        target = node.inputsAt(0)
        part = self.parts.get(target.unique())
        if part is None or part.storage in self.lost or written(node) != [0]:
            return False
        if any(step.view.repeats for step in part.steps):
            return False
        arguments = [self._known(each) for each in node.inputs()]
        later = [each for each in self._of(part.storage) if _is_used_after(each.value, node)]
        with self.graph.insert_point_guard(node):
            new = plain_of(self.graph, node, arguments) if node.outputsSize() == 1 else None
            if new is None:
                return False
            whole = self._put(part, new)
            self._replace(part, new, whole, later, node)
        node.output().replaceAllUsesWith(new)
        return True

    def _of(self, at: int) -> list[_Part]:
        return [part for part in self.parts.values() if part.storage == at]

    def _replace(
        self, changed: _Part, new: Any, whole: Any, later: Sequence[_Part], node: Any
    ) -> None:
        """What is used later is taken from the new whole, and what was taken before is gone."""
        at, tensor = changed.storage, self._tensor(self.wholes[changed.storage])
        for part in self._of(at):
            del self.parts[part.value.unique()]
        self._adopt(_Part(whole, at), tensor)
        self._adopt(_Part(new, at, changed.steps), self._tensor(changed.value))
        for part in later:
            taken = new if part.steps == changed.steps else self._taken(whole, part.steps)[-1]
            self._adopt(_Part(taken, at, part.steps), self._tensor(part.value))
            part.value.replaceAllUsesAfterNodeWith(node, taken)
        self.wholes[at] = whole

    def _adopt(self, part: _Part, tensor: Any) -> None:
        """A new value that is as ``tensor`` was."""
        self.parts[part.value.unique()] = part
        self.tensors[part.value.unique()] = tensor
        kind = part.value.type().with_dtype(tensor.dtype).with_sizes([*tensor.shape])
        part.value.setType(kind)

    def _put(self, part: _Part, new: Any) -> Any:
        """The whole with ``new`` in place of a part of it."""
        sources = self._taken(self.wholes[part.storage], part.steps[:-1])
        for step, source in zip(reversed(part.steps), reversed(sources), strict=False):
            new = step.view.put(self.graph, source, new)
        return new

    def _taken(self, whole: Any, steps: Sequence[_Step]) -> list[Any]:
        """The whole, and what each of the views in turn shows of it."""
        taken = [whole]
        for step in steps:
            taken.append(self._view(step, taken[-1]))
        return taken

    def _view(self, step: _Step, source: Any) -> Any:
        taken = self._clone(step.node, source)
        if step.unpack is not None:
            taken = self._clone(step.unpack, taken.output())
        return taken.outputsAt(step.place)

    def _clone(self, node: Any, first: Any) -> Any:
        """The same node with another first input."""
        clone = self.graph.createClone(node, lambda value: value)
        clone.replaceInput(0, first)
        return self.graph.insertNode(clone)


def _is_used_after(value: Any, node: Any) -> bool:
    return any(use.user.isAfter(node) for use in value.uses() if use.user != node)
