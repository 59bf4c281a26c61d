"""The runtimes of this user as plain text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from neopack.reports.wrapping import table, wrapped
from neopack.runtimes.bundles.writing import WrittenBundle
from neopack.runtimes.state import RuntimeState

MB = 1 << 20
__all__ = ["bundle_text", "path_text", "states_text"]


def states_text(states: Sequence[RuntimeState]) -> str:
    rows = [("runtime", "Python", "MB", "state", "")]
    rows += [(row.name, row.python, str(row.disk), row.state, row.reports) for row in states]
    return "\n".join([*table(rows), *_descriptions(states)])


def _descriptions(states: Sequence[RuntimeState]) -> Iterator[str]:
    """What the runtimes are that are more than the framework in their name."""
    for description in dict.fromkeys(row.description for row in states if row.description):
        names = [row.name for row in states if row.description == description]
        yield from wrapped("  ", f"{', '.join(names)}: {description}")


def path_text(state: RuntimeState) -> str:
    return str(state.path)


def bundle_text(bundle: WrittenBundle) -> str:
    size = f"{bundle.bytes / MB:.0f} MB, {bundle.files} files for {bundle.platform}"
    pythons = ", ".join(bundle.pythons)
    lines = [
        f"{bundle.path}: {size}",
        *wrapped("  ", f"has {', '.join(bundle.runtimes)}"),
        *wrapped("  ", f"the other machine needs uv and Python {pythons}: a bundle has neither"),
        f"  neopack runtimes install --from {bundle.path.name}",
    ]
    return "\n".join(lines)
