"""What a view shows of a tensor, and the tensor with other elements where the view has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neopack.frameworks.pytorch.lowering.execution import execute

__all__ = ["View", "view_of"]


@dataclass(frozen=True, slots=True)
class View:
    """Which elements of ``source``, by number, are in a view of it and where."""

    sizes: tuple[int, ...]
    places: Any

    @property
    def repeats(self) -> bool:
        """Whether an element is in it twice."""
        import torch

        return bool(torch.unique(self.places).numel() < self.places.numel())

    def put(self, graph: Any, source: Any, new: Any) -> Any:
        """The value ``source`` with the elements of ``new`` where the view has its own."""
        order, count = self.places.reshape(-1), _count(self.sizes)
        if _is_in_order(order, count):
            if self.places.shape == self.sizes:
                return new
            return _shaped(graph, new, self.sizes)
        cut = _cut(self.places, self.sizes)
        if cut is not None:
            return _between(graph, source, new, cut)
        turned = _turned(self.places, self.sizes)
        if turned is not None:
            return _call(graph, "permute", new, turned)
        return self._by_number(graph, source, new, order, count)

    def _by_number(self, graph: Any, source: Any, new: Any, order: Any, count: int) -> Any:
        import torch

        taken = torch.arange(count)
        taken[order] = torch.arange(count, count + order.numel())
        rows = [_shaped(graph, each, (-1,)) for each in (source, new)]
        joined = _call(graph, "cat", _list(graph, rows), 0)
        return _shaped(graph, _call(graph, "index_select", joined, 0, taken), self.sizes)


def view_of(node: Any, place: int, source: Any, arguments: Sequence[Any]) -> View | None:
    """What the output at ``place`` of ``node`` shows of ``source``, the first of its arguments;
    None where that cannot be computed."""
    import torch

    if node.kind() == "aten::as_strided" and not source.is_contiguous():
        return None
    sizes = tuple(source.shape)
    numbers = torch.arange(_count(sizes)).reshape(sizes)
    results = execute(node, [numbers, *arguments[1:]])
    shown = results[0][place] if isinstance(results[0], (list, tuple)) else results[place]
    if not isinstance(shown, torch.Tensor) or shown.dtype != torch.int64:
        return None
    return View(sizes, shown)


def _count(sizes: tuple[int, ...]) -> int:
    count = 1
    for size in sizes:
        count *= size
    return count


@dataclass(frozen=True, slots=True)
class _Cut:
    """A part of one dim, of every ``step``th from ``start``; ``squeezed`` if the dim is gone."""

    dim: int
    start: int
    count: int
    step: int
    size: int
    squeezed: bool


def _cut(places: Any, sizes: tuple[int, ...]) -> _Cut | None:
    import torch

    numbers = torch.arange(_count(sizes)).reshape(sizes)
    for dim, size in enumerate(sizes):
        squeezed = places.dim() == len(sizes) - 1
        shown = places.unsqueeze(dim) if squeezed else places
        if shown.dim() != len(sizes) or not shown.numel():
            return None
        ahead = _count(sizes[dim + 1 :])
        along = shown.select(dim, 0).reshape(-1)[0]
        start = int(along) // ahead % size
        count = shown.size(dim)
        second = shown.select(dim, 1).reshape(-1)[0] if count > 1 else along + ahead
        step = int(second - along) // ahead
        indices = torch.arange(start, start + count * step, step) if step > 0 else None
        if indices is None or int(indices[-1]) >= size:
            continue
        if torch.equal(numbers.index_select(dim, indices), shown):
            return _Cut(dim, start, count, step, size, squeezed)
    return None


def _between(graph: Any, source: Any, new: Any, cut: _Cut) -> Any:
    """``new`` between what is before it and after it."""
    import torch

    part = _call(graph, "unsqueeze", new, cut.dim) if cut.squeezed else new
    if cut.step == 1:
        end = cut.start + cut.count
        pieces = [(0, cut.start), (cut.start, end), (end, cut.size)]
        values = [
            part if at == 1 else _call(graph, "slice", source, cut.dim, *piece, 1)
            for at, piece in enumerate(pieces)
            if piece[0] < piece[1]
        ]
        return _call(graph, "cat", _list(graph, values), cut.dim)
    taken = torch.arange(cut.size)
    taken[cut.start : cut.start + cut.count * cut.step : cut.step] = torch.arange(
        cut.size, cut.size + cut.count
    )
    joined = _call(graph, "cat", _list(graph, [source, part]), cut.dim)
    return _call(graph, "index_select", joined, cut.dim, taken)


def _turned(places: Any, sizes: tuple[int, ...]) -> list[int] | None:
    """The order of dims that turns a view back which has all elements."""
    import torch

    if places.dim() != len(sizes) or places.numel() != _count(sizes):
        return None
    strides = torch.arange(_count(sizes)).reshape(sizes).stride()
    order: list[int] = []
    for size, stride in zip(sizes, strides, strict=True):
        dims = [
            dim
            for dim in range(places.dim())
            if dim not in order
            and places.size(dim) == size
            and (size == 1 or _step(places, dim) == stride)
        ]
        if not dims:
            return None
        order.append(dims[0])
    back = places.permute(order).reshape(-1)
    return order if _is_in_order(back, back.numel()) else None


def _is_in_order(places: Any, count: int) -> bool:
    import torch

    return bool(torch.equal(places, torch.arange(count)))


def _step(places: Any, dim: int) -> int:
    ends = [places.select(dim, at).reshape(-1)[0] for at in (0, 1)]
    return int(ends[1] - ends[0])


# --- nodes ----------------------------------------------------------------------------------


def _shaped(graph: Any, value: Any, sizes: tuple[int, ...]) -> Any:
    return _call(graph, "reshape", value, list(sizes))


def _list(graph: Any, values: list[Any]) -> Any:
    import torch

    items = graph.insertNode(graph.create("prim::ListConstruct", values, 1)).output()
    items.setType(torch._C.ListType.ofTensors())  # noqa: SLF001 - no public one
    return items


def _call(graph: Any, name: str, *arguments: Any) -> Any:
    import torch

    values = [
        each if isinstance(each, torch._C.Value) else graph.insertConstant(each)  # noqa: SLF001
        for each in arguments
    ]
    return graph.insertNode(graph.create(f"aten::{name}", values, 1)).output()
