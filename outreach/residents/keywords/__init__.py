"""The words that stop, start and explain, and what residents report of their lives.

Always the whole message, however it is typed, and never a part of one.
"""

from outreach.residents.keywords.events import Event
from outreach.residents.keywords.reports import event, may_be_event
from outreach.residents.keywords.shape import asks, without_courtesy
from outreach.residents.keywords.topics import topics_of
from outreach.residents.keywords.wishes import Keyword, Wish, keyword, wish

__all__ = [
    "Event",
    "Keyword",
    "Wish",
    "asks",
    "event",
    "keyword",
    "may_be_event",
    "topics_of",
    "wish",
    "without_courtesy",
]
