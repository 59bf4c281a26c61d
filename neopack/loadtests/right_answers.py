"""Whether answers are right while the server is busy: compared with the golden outputs."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from neopack.goldens.cases import load_goldens
from neopack.loadtests.payloads import Payload
from neopack.serving import golden_request
from neopack.serving.bodies import Body
from neopack.values.artifact import Array

__all__ = ["RightAnswers"]

# a model that computes alike gives few different bodies; others are compared each time
REMEMBERED = 64


class RightAnswers:
    """``allowed`` is the largest difference of a right answer, relative to the largest golden
    output; ``largest`` is the largest that a right answer had, None where none was compared."""

    def __init__(self, allowed: float) -> None:
        self.allowed = allowed
        self.largest: float | None = None
        self._right: set[tuple[str, bytes]] = set()
        self._golden: dict[Path, Mapping[str, Array]] = {}

    def is_right(self, payload: Payload, answer: Body) -> bool:
        """Right too where nothing is known of the answer: the payload has no golden outputs."""
        if payload.goldens is None or (payload.name, answer.data) in self._right:
            return True
        difference = golden_request.compared(self._outputs(payload.goldens), answer)
        if difference is None or not difference <= self.allowed:
            return False
        self.largest = max(difference, self.largest or 0.0)
        if len(self._right) < REMEMBERED:
            self._right.add((payload.name, answer.data))
        return True

    def _outputs(self, goldens: Path) -> Mapping[str, Array]:
        """Read once: a random model gives new answers all the time."""
        if goldens not in self._golden:
            self._golden[goldens] = load_goldens(goldens)[1]
        return self._golden[goldens]
