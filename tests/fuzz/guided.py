"""One reader, with inputs that atheris makes by what they reach: ``python tests/fuzz/guided.py
READER SECONDS [CORPUS]``.

atheris has no wheels for every Python: it is in no extra, and where it is not installed this says
so. The corpus begins with seeded cases of the reader. What is found is raised, and atheris writes
its input beside.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

SEEDS, LARGEST = 200, 20_000


def main() -> int:
    try:
        import atheris
    except ImportError:
        sys.stderr.write("atheris is not installed: pip install atheris\n")
        return 4
    name, seconds, *rest = sys.argv[1:]
    with atheris.instrument_imports(include=["neopack.formats", "neopack.frameworks"]):
        from harness import case, tried
        from readers import readers
    reader = readers()[name]

    def attempt(data: bytes) -> None:
        found = tried(reader, data, measured=False)
        if found is not None:
            raise AssertionError(f"{found.kind}: {found.key} {found.what}")

    with tempfile.TemporaryDirectory() as folder:
        corpus = Path(rest[0] if rest else folder)
        corpus.mkdir(exist_ok=True)
        for number in range(SEEDS):
            (corpus / f"seed-{number}").write_bytes(case(reader, 0, number)[:LARGEST])
        bounds = [f"-max_total_time={seconds}", f"-max_len={LARGEST}", "-timeout=10"]
        atheris.Setup([sys.argv[0], str(corpus), *bounds, "-print_final_stats=1"], attempt)
        atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
