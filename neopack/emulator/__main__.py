"""``python -m neopack.emulator``: the child process of an ``Emulator``.

Reads its script from the first line of standard input, prints its address on standard output,
and ends when standard input does, which also happens if the parent ends.
"""

from __future__ import annotations

import json
import sys

from neopack.emulator.script import parse
from neopack.emulator.server import Server

__all__ = ["main"]


def main() -> None:
    server = Server(script=parse(json.loads(sys.stdin.readline())))
    print(server.start().url, flush=True)  # noqa: T201 - the answer that the parent waits for
    sys.stdin.read()
    server.close()


if __name__ == "__main__":
    main()
