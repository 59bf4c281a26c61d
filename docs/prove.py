"""Write docs/proof.md: cause, find and fix every known failure. ``python docs/prove.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent / "tests" / "proof"))
    # the exact runtimes of the tests
    os.environ.setdefault("NEOPACK_HOME", str(Path(sys.prefix) / "neopack"))
    from prove import page

    (FOLDER / "proof.md").write_text(page(), encoding="utf-8")
