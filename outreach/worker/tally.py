"""What a sender has done so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from outreach.model import State
from outreach.outbox import Outcome


@dataclass(slots=True)
class Tally:
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    codes: dict[str, int] = field(default_factory=dict)

    def add(self, other: Tally) -> None:
        self.sent += other.sent
        self.failed += other.failed
        self.in_doubt += other.in_doubt
        for code, n in other.codes.items():
            self.codes[code] = self.codes.get(code, 0) + n

    def count(self, outcome: Outcome) -> None:
        self.sent += outcome.state == State.SENT
        self.failed += outcome.state == State.FAILED
        self.in_doubt += outcome.state == State.IN_DOUBT
        if outcome.error_code:
            self.codes[outcome.error_code] = self.codes.get(outcome.error_code, 0) + 1
