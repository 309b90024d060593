"""What the two services have accepted, in the order they accepted it."""

from __future__ import annotations

import time
from bisect import bisect_right
from collections import Counter
from typing import Any

Entry = dict[str, Any]


class Ledger:
    """Append-only lists, ordered by `at` (seconds since the epoch), so that `since` is a binary search.

    Telegram entry: {bot, chat_id, message_id, text, at, buttons: [[{text, data}]]}
    SMS entry: {sid, to, from, body, status, error_code, at}; its status moves on as the message does
    Inbound entry: {channel, kind, ..., at}, where `at` is when it was put on the wire
    """

    def __init__(self) -> None:
        self.telegram: list[Entry] = []
        self.sms: list[Entry] = []
        self.inbound: list[Entry] = []
        self.calls: Counter[str] = Counter()
        self.sms_status: Counter[str] = Counter()
        self.unknown_parameters: Counter[str] = Counter()
        self.callbacks: Counter[str] = Counter()

    def telegram_accepted(self, entry: Entry) -> Entry:
        entry["at"] = time.time()
        self.telegram.append(entry)
        return entry

    def sms_accepted(self, entry: Entry) -> Entry:
        entry["at"] = time.time()
        self.sms.append(entry)
        self.sms_status[entry["status"]] += 1
        return entry

    def sms_moved(self, entry: Entry, status: str, error_code: int | None) -> None:
        self.sms_status[entry["status"]] -= 1
        self.sms_status[status] += 1
        entry["status"] = status
        entry["error_code"] = error_code

    def handed_over(self, entry: Entry) -> None:
        """Record an inbound message as on the wire; a second attempt does not move its time."""
        if entry.get("at") is None:
            entry["at"] = time.time()
            self.inbound.append(entry)

    def counts(self) -> dict[str, Any]:
        """{telegram, sms, inbound, sms_status: {status: n}, calls: {method: n}, ...}"""
        return {
            "telegram": len(self.telegram),
            "sms": len(self.sms),
            "inbound": len(self.inbound),
            "sms_status": {status: n for status, n in self.sms_status.items() if n},
            "calls": dict(self.calls),
            "callbacks": dict(self.callbacks),
            "unknown_parameters": dict(self.unknown_parameters),
        }


def since(entries: list[Entry], moment: float) -> list[Entry]:
    """The entries accepted after `moment`."""
    return entries[bisect_right(entries, moment, key=lambda entry: float(entry["at"])) :]
