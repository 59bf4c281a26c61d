"""Write docs/proof.md: provoke, find and mend every known failure. ``python docs/prove.py``."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FOLDER = Path(__file__).parent

if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parent / "tests" / "proof"))
    # the exact runtimes that the tests have
    os.environ.setdefault("NEOPACK_HOME", str(Path(sys.prefix) / "neopack"))
    from prove import page

    (FOLDER / "proof.md").write_text(page(), encoding="utf-8")
