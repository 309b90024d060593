"""The simulator's own outgoing requests: webhooks and status callbacks, to loopback only."""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

import aiohttp

log = logging.getLogger(__name__)

TIMEOUT = aiohttp.ClientTimeout(total=15)
FORM = "application/x-www-form-urlencoded"


def is_loopback(url: str) -> bool:
    """Whether `url` is http(s) to a loopback host."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        return parts.scheme in ("http", "https") and is_loopback_host(host)
    except ValueError:
        return False


def is_loopback_host(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@dataclass(frozen=True, slots=True)
class Reply:
    """What a webhook answered; status 0 means that it could not be reached."""

    status: int
    body: str = ""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300


class Courier:
    """One shared client session, opened on first use and closed with the simulator."""

    def __init__(self) -> None:
        self._session: aiohttp.ClientSession | None = None

    async def post(self, url: str, body: bytes, content_type: str, headers: Mapping[str, str]) -> Reply:
        if not is_loopback(url):
            log.warning("not posted: %s is not on loopback", url)
            return Reply(0)
        try:
            return await self._post(url, body, {"Content-Type": content_type, **headers})
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            log.info("post to %s failed: %r", url, error)
            return Reply(0)

    async def _post(self, url: str, body: bytes, headers: Mapping[str, str]) -> Reply:
        if self._session is None:
            # No cookie jar and no proxies: each request stands alone, as the services' do.
            self._session = aiohttp.ClientSession(timeout=TIMEOUT, cookie_jar=aiohttp.DummyCookieJar())
        async with self._session.post(url, data=body, headers=headers, allow_redirects=False) as response:
            return Reply(response.status, await response.text(errors="replace"))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None
