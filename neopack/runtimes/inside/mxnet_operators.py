"""What operators this MXNet has, and which attributes each takes."""

import ctypes
import json
from typing import Any, Dict, Iterator, List, Tuple

UNKNOWN = "Cannot find argument 'nonsense'"
TENSORS = ("NDArray", "Symbol", "ptr")


def listed(mx: Any) -> Iterator[Dict[str, Any]]:
    """Each with its ``name``, its ``attributes`` as (name, type), and whether it is ``strict``:
    refuses attributes that it does not know."""
    for name in _names(mx.base):
        if not name.startswith("_backward") and name != "null":
            attributes = _attributes(mx.base, name)
            yield {"name": name, "attributes": attributes, "strict": _refuses(mx, name)}


def _names(base: Any) -> List[str]:
    size, names = ctypes.c_uint(), ctypes.POINTER(ctypes.c_char_p)()
    base.check_call(base._LIB.MXListAllOpNames(ctypes.byref(size), ctypes.byref(names)))
    return sorted(base.py_str(names[at]) for at in range(size.value))


def _attributes(base: Any, name: str) -> List[Tuple[str, str]]:
    texts = [ctypes.c_char_p() for _ in range(4)]
    lists = [ctypes.POINTER(ctypes.c_char_p)() for _ in range(3)]
    handle, count = base.OpHandle(), ctypes.c_uint()
    base.check_call(base._LIB.NNGetOpHandle(base.c_str(name), ctypes.byref(handle)))
    own, about, variadic, returned = map(ctypes.byref, texts)
    names, kinds, words = map(ctypes.byref, lists)
    base.check_call(
        base._LIB.MXSymbolGetAtomicSymbolInfo(
            handle, own, about, ctypes.byref(count), names, kinds, words, variadic, returned
        )
    )
    pairs = [(base.py_str(lists[0][at]), base.py_str(lists[1][at])) for at in range(count.value)]
    return [(key, kind) for key, kind in pairs if not kind.startswith(TENSORS)]


def _refuses(mx: Any, name: str) -> bool:
    node = {"op": name, "name": "y", "attrs": {"nonsense": "1"}, "inputs": [[0, 0, 0]]}
    symbol = {
        "nodes": [{"op": "null", "name": "x", "inputs": []}, node],
        "arg_nodes": [0],
        "heads": [[1, 0, 0]],
        "attrs": {"mxnet_version": ["int", 10500]},
    }
    try:
        mx.sym.load_json(json.dumps(symbol))
    except Exception as error:  # its own, and those of Python operators
        return UNKNOWN in str(error)
    return False
