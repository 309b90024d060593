"""The single way out: every message to a resident is one row with a unique key, written before any call.

enqueue -> queued -> claim -> sending -> settle -> sent -> receipts -> delivered
             |                   |          └──> failed, queued again, in_doubt
             |                   └── recover (the process died) -> in_doubt -> receipts | looked up | decide
             └── cancel, expire, suppress
"""

from outreach.outbox.claim import (
    REPLY,
    Claimed,
    Haul,
    Rules,
    claim,
    claiming,
    expire,
    is_over,
    is_overdue,
    overdue,
    recover,
    unclaim,
)
from outreach.outbox.doubts import Doubt, being_sent, doubtful, doubts, known_names
from outreach.outbox.lanes import (
    HOLD,
    Held,
    Lane,
    choosing,
    halt,
    hold,
    holding,
    leave,
    register,
    release,
)
from outreach.outbox.queue import Draft, cancel, enqueue
from outreach.outbox.receipts import Failure, receipt, receipts
from outreach.outbox.settle import Outcome, decide, settle, settling
from outreach.outbox.sight import (
    CHOICES,
    CLARIFY,
    TOWNSHIP,
    WHO,
    Queue,
    by_state,
    depth,
    errors,
    newest_question,
    newest_visit,
    overview,
    sent_as,
    standing,
    under_way,
)

__all__ = [
    "CHOICES",
    "CLARIFY",
    "HOLD",
    "REPLY",
    "TOWNSHIP",
    "WHO",
    "Claimed",
    "Doubt",
    "Draft",
    "Failure",
    "Haul",
    "Held",
    "Lane",
    "Outcome",
    "Queue",
    "Rules",
    "being_sent",
    "by_state",
    "cancel",
    "choosing",
    "claim",
    "claiming",
    "decide",
    "depth",
    "doubtful",
    "doubts",
    "enqueue",
    "errors",
    "expire",
    "halt",
    "hold",
    "holding",
    "is_over",
    "is_overdue",
    "known_names",
    "leave",
    "newest_question",
    "newest_visit",
    "overdue",
    "overview",
    "receipt",
    "receipts",
    "recover",
    "register",
    "release",
    "sent_as",
    "settle",
    "settling",
    "standing",
    "unclaim",
    "under_way",
]
