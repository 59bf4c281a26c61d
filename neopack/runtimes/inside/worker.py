"""Serves requests inside an exact old version: Python 3.6 syntax, standard library and numpy.

    python worker.py TASKS.py [MEMORY]

Frames on standard input and output: eight bytes of length (big endian), that many bytes of JSON,
then the bytes of the arrays that its "arrays" describes, in order. Each request has a "task", which
``TASKS`` of that file names, and its "data". Whatever a framework prints goes to standard error.
"""

import importlib
import json
import os
import queue
import struct
import sys
import threading
import traceback

import numpy

LENGTH = struct.Struct(">Q")


def main():
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    requests = queue.Queue()
    threading.Thread(target=listen, args=(sys.stdin.buffer, requests), daemon=True).start()
    bound_memory()
    folder, name = os.path.split(os.path.abspath(sys.argv[1]))
    sys.path.insert(0, folder)
    while True:
        header, arrays = requests.get()
        try:
            tasks = importlib.import_module(os.path.splitext(name)[0]).TASKS
            answer, made = tasks[header["task"]](header["data"], arrays)
            write(answers, {"answer": answer}, made)
        except (Exception, SystemExit) as error:  # the boundary of the process
            write(answers, {"error": described(error)}, {})


def bound_memory():
    if len(sys.argv) > 2:
        import resource

        most = int(sys.argv[2])
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        if hard != resource.RLIM_INFINITY:  # as `ulimit -v` sets it, and only root may raise it
            most = min(most, hard)
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


def listen(stream, requests):
    """At the end of input, which is also how a killed parent looks, leave at once."""
    while True:
        request = read(stream)
        if request is None:
            os._exit(0)
        requests.put(request)


def read(stream):
    head = stream.read(LENGTH.size)
    if len(head) < LENGTH.size:
        return None
    header = json.loads(stream.read(LENGTH.unpack(head)[0]).decode("utf-8"))
    arrays = {}
    for described_array in header["arrays"]:
        array = numpy.empty(described_array["shape"], described_array["dtype"])
        if array.size:
            stream.readinto(memoryview(array.reshape(-1)).cast("B"))
        arrays[described_array["name"]] = array
    return header, arrays


def write(stream, header, arrays):
    arrays = {name: numpy.asarray(array, order="C") for name, array in arrays.items()}
    header["arrays"] = [
        {"name": name, "dtype": str(array.dtype), "shape": list(array.shape)}
        for name, array in arrays.items()
    ]
    text = json.dumps(header).encode("utf-8")
    stream.write(LENGTH.pack(len(text)) + text)
    for array in arrays.values():
        stream.write(array.tobytes())
    stream.flush()


def described(error):
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    # TensorFlow says what happened after the node, and TorchScript after a traceback of its own
    nodes = [at for at, line in enumerate(lines[:-1]) if line.startswith("Node: ")]
    if nodes:
        telling = lines[nodes[0] + 1 :]
    else:
        telling = lines[-1:] if "(most recent call last)" in str(error) else lines
    return {
        "kind": type(error).__name__,
        "message": telling[0] if telling else type(error).__name__,
        "hint": getattr(error, "hint", ""),
        "trace": traceback.format_exc(),
    }


if __name__ == "__main__":
    main()
