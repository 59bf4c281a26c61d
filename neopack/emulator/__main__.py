"""``python -m neopack.emulator``: the child process of an ``Emulator``.

Reads its script from the first line of standard input, prints its ``Address`` on standard output,
and ends when standard input does, which also happens if the parent ends.
"""

from __future__ import annotations

import json
import sys

from neopack.emulator.script import parse
from neopack.emulator.server import Server
from neopack.errors import NeopackError
from neopack.formats.codec import to_json

__all__ = ["main"]


def main() -> None:
    try:
        server = Server(script=parse(json.loads(sys.stdin.readline())))
        address = server.start()
    except NeopackError as error:
        sys.exit(error.line())
    # the answer that the parent waits for
    print(json.dumps(to_json(address)), flush=True)  # noqa: T201
    sys.stdin.read()
    server.close()


if __name__ == "__main__":
    main()
