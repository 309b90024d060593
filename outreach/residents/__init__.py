"""Who we may write to: people and their addresses, consent and its proof, and the words that stop us."""

from outreach.residents.audience import Audience, Reached, page, size, these
from outreach.residents.consent import PURPOSES, current, give, proof, withdraw
from outreach.residents.keywords import Keyword, keyword
from outreach.residents.names import same_name
from outreach.residents.people import (
    Resident,
    at_address,
    close_address,
    export,
    find,
    get,
    link,
    listing,
    reopen_address,
    set_language,
    sharing_address,
)

__all__ = [
    "PURPOSES",
    "Audience",
    "Keyword",
    "Reached",
    "Resident",
    "at_address",
    "close_address",
    "current",
    "export",
    "find",
    "get",
    "give",
    "keyword",
    "link",
    "listing",
    "page",
    "proof",
    "reopen_address",
    "same_name",
    "set_language",
    "sharing_address",
    "size",
    "these",
    "withdraw",
]
