"""A symbol of MXNet's written anew: each node is kept, or becomes others that give the same."""

import json
from typing import Any, Callable, Dict, Iterator, List, NamedTuple, Optional, Set, Tuple

Shape = Tuple[int, ...]
# a node's place in the list, and which of its outputs
Output = Tuple[int, int]
Attributes = Dict[str, str]


class Call(NamedTuple):
    """A node as it was: ``shapes`` are those of its inputs, ``gives`` those of its outputs, and
    ``used`` the outputs that something takes. An unknown dim is 0."""

    op: str
    name: str
    attributes: Attributes
    inputs: List[Output]
    shapes: List[Shape]
    gives: List[Shape]
    used: List[int]

    def flag(self, name: str) -> bool:
        return self.attributes.get(name, "False") in ("True", "true", "1")

    def number(self, name: str, default: float) -> float:
        text = self.attributes.get(name, "None")
        return default if text == "None" else float(text.rstrip("f"))

    def numbers(self, name: str, default: Shape) -> Shape:
        inside = self.attributes.get(name, "").strip("()[] ")
        parts = [part.strip() for part in inside.split(",") if part.strip()]
        return tuple(int(part) for part in parts) if parts else default

    def word(self, name: str, default: str) -> str:
        return self.attributes.get(name, default)


class Graph:
    """The nodes that are written, and the parameters by name, which rewrites may add to."""

    def __init__(self, held: Dict[str, Any]) -> None:
        self.held = held
        self.nodes: List[Dict[str, Any]] = []
        self._taken: Dict[str, int] = {}

    def add(self, op: str, inputs: List[Output], name: str, **attributes: Any) -> Output:
        """The first output of a new node; its name is made unique."""
        return self.keep(op, inputs, self._own(name), {k: str(v) for k, v in attributes.items()})

    def keep(self, op: str, inputs: List[Output], name: str, attributes: Attributes) -> Output:
        self._taken.setdefault(name, 0)
        listed = [[at, place, 0] for at, place in inputs]
        node = {"op": op, "name": name, "attrs": attributes, "inputs": listed}
        self.nodes.append(node)
        return len(self.nodes) - 1, 0

    def parameter(self, values: Any, name: str) -> Output:
        """A new parameter, of the type of MXNet's arrays."""
        own = self._own(name)
        self.held[own] = values
        return self.keep("null", [], own, {})

    def constant(self, output: Output) -> Optional[Any]:
        """The values of the parameter that an output is, None of anything else."""
        node = self.nodes[output[0]]
        return self.held.get(node["name"]) if node["op"] == "null" else None

    def _own(self, name: str) -> str:
        if name not in self._taken:
            self._taken[name] = 0
            return name
        self._taken[name] += 1
        return self._own("%s_%d" % (name, self._taken[name]))


Rewrite = Callable[[Graph, Call], Optional[List[Output]]]


def rewritten(
    symbol: Any,
    shapes: Dict[str, Shape],
    held: Dict[str, Any],
    rewrites: Dict[str, Rewrite],
    whole: Dict[str, str],
) -> Tuple[str, List[str]]:
    """The JSON of a symbol, and the operators that were written in others, in their order.
    ``held`` are its parameters; those that are new are put there. Those of ``whole`` are cast back
    to the integers of that dtype, which MXNet asks for in places."""
    graph, done = Graph(held), []  # type: Tuple[Graph, List[str]]
    written = json.loads(symbol.tojson())
    moved: Dict[Output, Output] = {}
    for at, call in enumerate(_calls(symbol, written, shapes)):
        call = call._replace(inputs=[moved[each] for each in call.inputs])
        rewrite = rewrites.get(call.op)
        outputs = rewrite(graph, call) if rewrite else None
        if outputs is None and call.name in whole:
            own = graph.keep(call.op, call.inputs, call.name, call.attributes)
            kind = whole[call.name]
            outputs = [graph.add("Cast", [own], call.name + "_" + kind, dtype=kind)]
        elif outputs is None:
            place = graph.keep(call.op, call.inputs, call.name, call.attributes)[0]
            graph.nodes[place].update(_beside(written["nodes"][at]))
            outputs = [(place, number) for number in range(1 + max([0] + call.used))]
        else:
            done.append(call.op)
        moved.update({(at, number): output for number, output in enumerate(outputs)})
    heads = [[*moved[at, place], 0] for at, place, _ in written["heads"]]
    return _text(graph, heads, written), list(dict.fromkeys(done))


def in_float32(text: str) -> str:
    """The JSON of a symbol that computes in float32 what it computed in float64."""
    symbol = json.loads(text)
    for node in symbol["nodes"]:
        attributes = node.get("attrs", {})
        attributes.pop("__dtype__", None)
        if attributes.get("dtype") == "float64":
            attributes["dtype"] = "float32"
    return json.dumps(symbol)


def _beside(node: Dict[str, Any]) -> Dict[str, Any]:
    return {key: node[key] for key in ("subgraphs",) if key in node}


def _calls(symbol: Any, written: Dict[str, Any], shapes: Dict[str, Shape]) -> Iterator[Call]:
    internals = symbol.get_internals()
    _, gives, _ = internals.infer_shape_partial(**shapes)
    names = [internals[at].name for at in range(len(gives))]
    taken: Dict[int, Set[int]] = {}
    every = [each for node in written["nodes"] for each in node["inputs"]] + written["heads"]
    for place, number in (each[:2] for each in every):
        taken.setdefault(place, set()).add(number)
    known: Dict[Output, Shape] = {}
    start = 0
    for at, node in enumerate(written["nodes"]):
        end = start + 1
        while end < len(names) and names[end] == node["name"]:
            end += 1
        own = [tuple(shape or ()) for shape in gives[start:end]]
        known.update({(at, place): shape for place, shape in enumerate(own)})
        inputs = [(each[0], each[1]) for each in node["inputs"]]
        yield Call(
            op=node["op"],
            name=node["name"],
            attributes=dict(node.get("attrs", {})),
            inputs=inputs,
            shapes=[known.get(each, ()) for each in inputs],
            gives=own,
            used=sorted(taken.get(at, ())),
        )
        start = end


def _text(graph: Graph, heads: List[List[int]], written: Dict[str, Any]) -> str:
    """Without the nodes that nothing takes any more."""
    needed, waiting = set(), [head[0] for head in heads]  # type: Tuple[set, List[int]]
    while waiting:
        at = waiting.pop()
        if at not in needed:
            needed.add(at)
            waiting += [each[0] for each in graph.nodes[at]["inputs"]]
    kept = sorted(needed)
    places = {at: place for place, at in enumerate(kept)}
    nodes = [graph.nodes[at] for at in kept]
    for node in nodes:
        node["inputs"] = [[places[at], place, 0] for at, place, _ in node["inputs"]]
    return json.dumps(
        {
            "nodes": nodes,
            "arg_nodes": [at for at, node in enumerate(nodes) if node["op"] == "null"],
            "heads": [[places[at], place, 0] for at, place, _ in heads],
            "attrs": written["attrs"],
        }
    )
