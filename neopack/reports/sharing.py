"""What was pushed and pulled as plain text."""

from __future__ import annotations

from neopack.reports.build import size_text
from neopack.reports.wrapping import wrapped
from neopack.sharing.results import Pulled, Pushed

__all__ = ["pulled_text", "pushed_text"]


def pushed_text(pushed: Pushed) -> str:
    sent = f"sent {size_text(pushed.sent)} of {size_text(pushed.bytes)}"
    lines = [
        pushed.url,
        *wrapped("  ", ", ".join(pushed.files)),
        f"  {sent}",
        f"  {pushed.digest}",
    ]
    return "\n".join(lines)


def pulled_text(pulled: Pulled) -> str:
    received = f"received {size_text(pulled.received)} of {size_text(pulled.bytes)}"
    others = ", ".join(path.name for path in pulled.files[1:])
    beside = wrapped("  ", f"with {others}") if others else []
    return "\n".join([str(pulled.path), *beside, f"  {received}", f"  {pulled.digest}"])
