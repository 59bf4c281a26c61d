"""Build the pages as a site: ``python tools/build_site.py [SITE]``, by default in ``site/``.

The pages are copied with the layout of the repository, so that every link works in both. Zensical
builds them in strict mode: a link to a missing page or heading ends it with exit code 1.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
CONFIG = "zensical.toml"
PAGES = ("*.md", "docs/**/*.md", "docs/*.json", "LICENSE")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def build(site: Path, root: Path = ROOT) -> tuple[int, str]:
    """Return Zensical's exit code and output; replace ``site`` if the build succeeded."""
    with tempfile.TemporaryDirectory() as folder:
        stage(root, Path(folder))
        zensical = [
            str(Path(sys.executable).with_name("zensical")),
            "build",
            "--strict",
            "--clean",
        ]
        done = subprocess.run(zensical, cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            shutil.rmtree(site, ignore_errors=True)
            shutil.copytree(Path(folder, "site"), site)
    return done.returncode, COLOURS.sub("", done.stdout + done.stderr).partition("Traceback")[0]


def stage(root: Path, to: Path) -> None:
    """Copy the pages to ``pages/``, and write the configuration beside them."""
    shutil.copyfile(root / CONFIG, to / CONFIG)
    for page in (page for pattern in PAGES for page in root.glob(pattern)):
        place = to / "pages" / page.relative_to(root)
        place.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(page, place)


def main(arguments: list[str]) -> int:
    code, output = build(Path(arguments[0]) if arguments else ROOT / "site")
    sys.stderr.write(output)
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
