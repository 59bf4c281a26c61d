"""Whether answers are right while the server is busy: compared with the golden outputs."""

from __future__ import annotations

from neopack.loadtests.payloads import Payload
from neopack.serving import golden_request
from neopack.serving.bodies import Body

__all__ = ["RightAnswers"]

# a model that computes alike gives few different bodies; others are compared each time
REMEMBERED = 64


class RightAnswers:
    """``difference`` is the largest allowed, relative to the largest golden output."""

    def __init__(self, difference: float) -> None:
        self._difference = difference
        self._right: set[tuple[str, bytes]] = set()

    def is_right(self, payload: Payload, answer: Body) -> bool:
        """Right too where nothing is known of the answer: the payload has no golden outputs."""
        if payload.goldens is None or (payload.name, answer.data) in self._right:
            return True
        difference = golden_request.compared(payload.goldens, answer)
        if difference is None or not difference <= self._difference:
            return False
        if len(self._right) < REMEMBERED:
            self._right.add((payload.name, answer.data))
        return True
