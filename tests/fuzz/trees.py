"""Changes of structure, whatever the format: a document is a tree, and the tree is changed.

Lengths, counts and brackets of what is written are right again, so that the changes come past the
reader's first look: to its recursion, its tables and what it keeps.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, TypeAlias

__all__ = ["Leaf", "Node", "changed", "count_for"]

MOST_CHANGES = 5
LARGEST = 950_000
DEEPEST = 120


@dataclass(slots=True, eq=False)
class Node:
    """A field or a value. ``label`` is its key, or its number; a leaf has no ``kids`` but a
    ``value``; ``size`` is about that of what is written."""

    label: Any
    value: Any = None
    kids: list[Node] | None = None

    @property
    def size(self) -> int:
        own = len(self.value) if isinstance(self.value, bytes | str) else 4
        return own + 2 + sum(kid.size for kid in self.kids or ())

    @property
    def depth(self) -> int:
        return 1 + max((kid.depth for kid in self.kids or ()), default=0)


Leaf: TypeAlias = Callable[[Random, Any], Any]
Place: TypeAlias = tuple[Node, int]


def changed(random: Random, roots: Sequence[Node], leaf: Leaf) -> Node:
    """A copy of one of the trees with one to five changes."""
    root = _copied(random.choice(roots))
    for _ in range(random.randint(0, MOST_CHANGES)):
        places = list(_places(root))
        if places:
            _change(random, places, random.choice(roots), leaf)
    if random.random() < 0.4:
        _multiply(random, root)
    return root


def count_for(random: Random, size: int) -> int:
    """How often something of that size is repeated: mostly a few times, seldom to the end."""
    most = max(1, LARGEST // max(size, 1))
    often = (1, 1, 2, 3, 20, 300) if random.random() < 0.97 else (5000, most)
    return min(most, random.choice(often))


def _multiply(random: Random, root: Node) -> None:
    """Last of all: what is repeated is one node in many places."""
    places = list(_places(root))
    if places:
        parent, at = random.choice(places)
        kids = parent.kids or []
        kids[at:at] = [kids[at]] * count_for(random, kids[at].size)


def _change(random: Random, places: list[Place], other: Node, leaf: Leaf) -> None:
    parent, at = random.choice(places)
    kids, dice = parent.kids or [], random.random()
    if dice < 0.15:
        del kids[at]
    elif dice < 0.35:
        kids.insert(at, _copied(kids[at]))
    elif dice < 0.5:
        grafted = random.choice(list(_places(other)) or [(other, 0)])
        kids.insert(at, _copied((grafted[0].kids or [other])[grafted[1]]))
    elif dice < 0.58:
        to, place = random.choice(places)
        kids[at].value, (to.kids or kids)[place].value = (to.kids or kids)[place].value, None
    elif dice < 0.66:
        to, place = random.choice(places)
        kids[at].label = (to.kids or kids)[place].label
    elif dice < 0.72:
        _nest(random, parent, at)
    else:
        _change_leaf(random, places, leaf)


def _change_leaf(random: Random, places: list[Place], leaf: Leaf) -> None:
    leaves = [kid for parent, at in places if (kid := (parent.kids or [])[at]).kids is None]
    if leaves:
        chosen = random.choice(leaves)
        chosen.value = leaf(random, chosen.value)


def _nest(random: Random, parent: Node, at: int) -> None:
    """A part is put into itself, in place of one of its parts, again and again."""
    outer = (parent.kids or [])[at]
    if not outer.kids or outer.depth > DEEPEST // 8:
        return
    place = random.randrange(len(outer.kids))
    inner, size = outer, max(outer.size, 1)
    for _ in range(min(random.choice((3, 30, DEEPEST)), LARGEST // size)):
        kids = list(outer.kids)
        kids[place] = inner
        inner = Node(outer.label, outer.value, kids)
    (parent.kids or [])[at] = inner


def _places(root: Node) -> Iterator[Place]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        for at, kid in enumerate(node.kids or ()):
            yield node, at
            if kid.kids is not None:
                waiting.append(kid)


def _copied(node: Node) -> Node:
    kids = None if node.kids is None else [_copied(kid) for kid in node.kids]
    return Node(node.label, node.value, kids)
