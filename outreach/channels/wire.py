"""One pooled, bounded, time-limited HTTP stack under both client libraries.

It tells apart what the libraries blur: a connection that failed before the request was written (nothing
happened, try again) and one that failed after (nobody knows).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import aiohttp

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
CONNECTIONS = 128
FORM = "application/x-www-form-urlencoded"
_TIMEOUT = aiohttp.ClientTimeout(total=TOTAL_SECONDS, connect=CONNECT_SECONDS)


class NotWritten(Exception):
    """The request never left: the same one may go again."""


class Unanswered(Exception):
    """The request was written, and no whole answer came."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`retry_after`: the seconds of the answer's Retry-After header, where it has one."""

    status: int
    body: bytes
    retry_after: float | None = None


class Wire:
    """Opened lazily inside the running loop, closed with the service."""

    def __init__(self, connections: int = CONNECTIONS) -> None:
        self._connections = connections
        self._session: aiohttp.ClientSession | None = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None or self._session.closed:
            # A server may close an idle connection just as we write to it, so idle ones are dropped early.
            connector = aiohttp.TCPConnector(limit=self._connections, keepalive_timeout=10)
            self._session = aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())
        return self._session

    async def request(
        self,
        method: str,
        url: str,
        *,
        seconds: float = TOTAL_SECONDS,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The answer. Raises NotWritten or Unanswered, nothing else of the network's."""
        timeout = _TIMEOUT
        if seconds != TOTAL_SECONDS:
            timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS)
        body = None
        if data is not None:
            # aiohttp's own form encoder takes a fifth of a whole call's time.
            body, headers = urlencode(data).encode(), {**(headers or {}), "Content-Type": FORM}
        try:
            async with self._open().request(
                method,
                url,
                headers=headers,
                params=params,
                data=body,
                timeout=timeout,
                allow_redirects=False,
            ) as answer:
                return Answer(answer.status, await answer.read(), _retry_after(answer.headers))
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotWritten(str(error) or "no connection") from error
        except aiohttp.InvalidURL as error:
            raise NotWritten(f"{url.split('/bot')[0]} is no usable address") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unanswered(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()


def _retry_after(headers: Mapping[str, str]) -> float | None:
    text = headers.get("Retry-After", "")
    return float(text) if text.isascii() and text.isdigit() else None
