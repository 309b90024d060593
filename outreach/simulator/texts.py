"""SMS messages as the carrier keeps them, and their REST representation."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any, Literal
from uuid import uuid4

from outreach.simulator.ledger import Entry
from outreach.simulator.segments import segment_count

API_VERSION = "2010-04-01"
FINAL = frozenset({"delivered", "undelivered", "failed", "received", "canceled"})
ERRORS = {
    30003: "Unreachable destination handset",
    30005: "Unknown destination handset",
    30006: "Landline or unreachable carrier",
    30007: "Carrier violation",
}

Direction = Literal["inbound", "outbound-api", "outbound-reply"]


def new_sid() -> str:
    return f"SM{uuid4().hex}"


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(slots=True)
class Sms:
    """A Message resource. `body` may be redacted; `text` is what the phone got."""

    account_sid: str
    to: str
    sender: str | None
    body: str
    direction: Direction
    status: str
    service_sid: str | None = None
    status_callback: str | None = None
    sid: str = field(default_factory=new_sid)
    created: datetime = field(default_factory=_now)
    updated: datetime = field(default_factory=_now)
    sent: datetime | None = None
    error_code: int | None = None
    text: str = ""
    sequence: int = 0
    deleted: bool = False
    # A text of this direction is in the ledger once accepted; an inbound one is not.
    entry: Entry | None = None

    @property
    def uri(self) -> str:
        return f"/{API_VERSION}/Accounts/{self.account_sid}/Messages/{self.sid}.json"

    def as_json(self) -> dict[str, Any]:
        """A Message resource of the REST API."""
        return {
            "account_sid": self.account_sid,
            "api_version": API_VERSION,
            "body": self.body,
            "date_created": format_datetime(self.created),
            "date_sent": format_datetime(self.sent) if self.sent else None,
            "date_updated": format_datetime(self.updated),
            "direction": self.direction,
            "error_code": self.error_code,
            "error_message": ERRORS.get(self.error_code) if self.error_code else None,
            "from": self.sender,
            "messaging_service_sid": self.service_sid,
            "num_media": "0",
            "num_segments": str(segment_count(self.text)),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": self.status,
            "subresource_uris": {"media": self.uri.replace(".json", "/Media.json")},
            "to": self.to,
            "uri": self.uri,
        }


class Texts:
    """All messages in order of creation, by sid, and by either party's number."""

    def __init__(self) -> None:
        self._all: list[Sms] = []
        self._by_sid: dict[str, Sms] = {}
        self._by_number: defaultdict[str, list[Sms]] = defaultdict(list)

    def add(self, sms: Sms) -> Sms:
        sms.text = sms.body
        sms.sequence = len(self._all)
        self._all.append(sms)
        self._by_sid[sms.sid] = sms
        self._by_number[sms.to].append(sms)
        if sms.direction == "inbound" and sms.sender is not None:
            self._by_number[sms.sender].append(sms)
        return sms

    def get(self, sid: str) -> Sms | None:
        return self._by_sid.get(sid)

    def delete(self, sms: Sms) -> None:
        sms.deleted = True
        del self._by_sid[sms.sid]

    def thread(self, number: str) -> list[Sms]:
        """A resident's own messages, the deleted ones too: they are on the phone."""
        return self._by_number.get(number, [])

    def newest_first(self, account_sid: str, to: str | None, before: int | None) -> Iterator[Sms]:
        """Messages of an account, to one number if given, older than the one of sequence `before`."""
        kept = self._by_number.get(to, []) if to is not None else self._all
        end = len(kept) if before is None else bisect_left(kept, before, key=lambda sms: sms.sequence)
        for index in range(end - 1, -1, -1):
            sms = kept[index]
            if not sms.deleted and sms.account_sid == account_sid and to in (None, sms.to):
                yield sms
