"""What a preview learns by saying a campaign's text to some of its people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from outreach.model import SMS, ChannelName
from outreach.outbox import Draft
from outreach.residents import Count
from outreach.segments import segments

Kind = tuple[ChannelName, str]


class Rehearsal:
    """Drafts that were made and not queued. A kind of message is its channel and language."""

    def __init__(self) -> None:
        self.samples: dict[Kind, str] = {}
        self.faults: Counter[str] = Counter()
        self.said: Counter[Kind] = Counter()
        self._failed: Counter[Kind] = Counter()
        self._segments: Counter[Kind] = Counter()

    def add(self, draft: Draft) -> None:
        if draft.suppressed:
            return
        kind = (draft.address.channel, draft.language)
        if fault := draft.fault():
            self.faults[fault] += 1
            self._failed[kind] += 1
            return
        self.said[kind] += 1
        self._segments[kind] += segments(draft.text) if kind[0] == SMS else 0
        self.samples.setdefault(kind, draft.text)

    def reached(self, counted: Count, channels: Sequence[ChannelName]) -> dict[ChannelName, int]:
        """How many the database found on each channel, without those whose text failed here."""
        failed = {c: sum(n for (channel, _), n in self._failed.items() if channel == c) for c in channels}
        return {channel: n - failed[channel] for channel, n in counted.channels(channels).items()}

    def segments(self, counted: Count) -> int:
        """Of all messages together: exact where everyone was seen, else from the mean of those who were."""
        return round(
            sum(
                (counted.reached[kind] - self._failed[kind]) * self._segments[kind] / n
                for kind, n in self.said.items()
                if kind in counted.reached
            )
        )
