"""The single way out: every message to a resident is one row with a unique key, written before any call.

enqueue -> queued -> claim -> sending -> settle -> sent -> receipt -> delivered
             |                   |          └──> failed, queued again, in_doubt
             |                   └── recover (the process died) -> in_doubt -> decide
             └── cancel, expire, suppress
"""

from outreach.outbox.claim import REPLY, Claimed, Rules, claim, expire, recover
from outreach.outbox.queue import Draft, cancel, enqueue
from outreach.outbox.settle import Outcome, decide, doubts, receipt, settle
from outreach.outbox.sight import CLARIFY, by_state, depth, newest_question, sent_as

__all__ = [
    "CLARIFY",
    "REPLY",
    "Claimed",
    "Draft",
    "Outcome",
    "Rules",
    "by_state",
    "cancel",
    "claim",
    "decide",
    "depth",
    "doubts",
    "enqueue",
    "expire",
    "newest_question",
    "receipt",
    "recover",
    "sent_as",
    "settle",
]
