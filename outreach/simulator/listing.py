"""The list of an account's messages: filters, and pages that stay put while new messages arrive."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from outreach.simulator.errors import RestError
from outreach.simulator.texts import Sms, Texts

PAGE_SIZE = 50
LARGEST_PAGE = 1000
_DATES = ("DateSent", "DateSent>", "DateSent<")


def list_messages(texts: Texts, account: str, path: str, query: Mapping[str, str]) -> dict[str, Any]:
    """A ListMessageResponse: {messages, page, page_size, start, end, uri, ..._page_uri}."""
    size = min(_number(query, "PageSize", PAGE_SIZE), LARGEST_PAGE)
    page = _number(query, "Page", 0)
    found = list(islice(_matching(texts, account, query, _before(query)), size + 1))
    shown, more = found[:size], len(found) > size
    following: dict[str, object] = {"PageSize": size, "Page": page + 1}
    if more:
        following["PageToken"] = f"PA{shown[-1].sequence}"
    return {
        "messages": [sms.as_json() for sms in shown],
        "page": page,
        "page_size": size,
        "start": page * size,
        "end": page * size + max(len(shown) - 1, 0),
        "uri": _uri(path, dict(query), {}),
        "first_page_uri": _uri(path, _filters(query), {"PageSize": size, "Page": 0}),
        "next_page_uri": _uri(path, _filters(query), following) if more else None,
        "previous_page_uri": None,
    }


def _matching(texts: Texts, account: str, query: Mapping[str, str], before: int | None) -> Iterator[Sms]:
    sender = query.get("From")
    dates = {name: _moment(query[name]) for name in _DATES if query.get(name)}
    for sms in texts.newest_first(account, query.get("To"), before):
        if (sender is None or sms.sender == sender) and _dated(sms, dates):
            yield sms


def _dated(sms: Sms, dates: Mapping[str, datetime]) -> bool:
    """Twilio's DateSent< and DateSent> include the moment given; DateSent is a whole day."""
    sent = sms.sent or sms.created
    day, after, until = (dates.get(name) for name in _DATES)
    if day is not None and not day <= sent < day + timedelta(days=1):
        return False
    return (after is None or sent >= after) and (until is None or sent <= until)


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise RestError(400, 20001, f"Invalid date: {text}") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _before(query: Mapping[str, str]) -> int | None:
    token = query.get("PageToken", "")
    if not token:
        return None
    if not token.startswith("PA") or not token[2:].isdigit():
        raise RestError(400, 20001, "Invalid PageToken")
    return int(token[2:])


def _number(query: Mapping[str, str], name: str, default: int) -> int:
    text = query.get(name, str(default))
    if not text.isdigit() or (name == "PageSize" and text == "0"):
        raise RestError(400, 20001, f"{name} must be a positive number")
    return int(text)


def _filters(query: Mapping[str, str]) -> dict[str, str]:
    return {name: query[name] for name in ("To", "From", *_DATES) if name in query}


def _uri(path: str, query: Mapping[str, str], more: Mapping[str, object]) -> str:
    text = urlencode({**query, **more})
    return f"{path}?{text}" if text else path
