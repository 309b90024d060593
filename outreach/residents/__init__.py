"""Who we may write to: people and their addresses, consent and its proof, and the words that stop us."""

from outreach.residents.audience import Audience
from outreach.residents.consent import (
    BY_GUARDIAN,
    GIVEN,
    KNOWN,
    OF_AGE,
    PURPOSES,
    SENSITIVE,
    current,
    give,
    is_known,
    keep_stops,
    ledger,
    must_be_known,
    proof,
    withdraw,
)
from outreach.residents.hashing import use_key
from outreach.residents.keywords import Keyword, keyword
from outreach.residents.people import (
    Resident,
    at_address,
    close_address,
    find,
    get,
    link,
    listing,
    reopen_address,
    set_language,
    sharing_address,
)
from outreach.residents.reach import NO_GUARDIAN, Count, Reached, count, never, page, size, these
from outreach.residents.record import export, subject
from outreach.residents.rights import erase
from outreach.residents.tags import tag, untag

__all__ = [
    "BY_GUARDIAN",
    "GIVEN",
    "KNOWN",
    "NO_GUARDIAN",
    "OF_AGE",
    "PURPOSES",
    "SENSITIVE",
    "Audience",
    "Count",
    "Keyword",
    "Reached",
    "Resident",
    "at_address",
    "close_address",
    "count",
    "current",
    "erase",
    "export",
    "find",
    "get",
    "give",
    "is_known",
    "keep_stops",
    "keyword",
    "ledger",
    "link",
    "listing",
    "must_be_known",
    "never",
    "page",
    "proof",
    "reopen_address",
    "set_language",
    "sharing_address",
    "size",
    "subject",
    "tag",
    "these",
    "untag",
    "use_key",
    "withdraw",
]
