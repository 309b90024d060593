"""One pooled, bounded, time-limited HTTP stack under both client libraries.

It tells apart what the libraries blur: a connection that failed before the request was written (nothing
happened, try again) and one that failed after (nobody knows).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import aiohttp

CONNECT_SECONDS = 5.0
TOTAL_SECONDS = 20.0
CONNECTIONS = 64


class NotWritten(Exception):
    """The request never left: the same one may go again."""


class Unanswered(Exception):
    """The request was written, and no whole answer came."""


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
        **content: Any,
    ) -> tuple[int, bytes]:
        """The answer's status and body. Raises NotWritten or Unanswered, nothing else of the network's."""
        timeout = aiohttp.ClientTimeout(total=seconds, connect=CONNECT_SECONDS)
        try:
            async with self._open().request(
                method, url, headers=headers, timeout=timeout, allow_redirects=False, **content
            ) as answer:
                return answer.status, await answer.read()
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotWritten(str(error) or "no connection") from error
        except aiohttp.InvalidURL as error:
            raise NotWritten(f"{url.split('/bot')[0]} is no usable address") from error
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            raise Unanswered(str(error) or type(error).__name__) from error

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
