"""Who may look: a signed-in browser. The link with the key is printed where the service was started."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated

from fastapi import Cookie, HTTPException

COOKIE = "outreach"
TWELVE_HOURS = 12 * 3600
SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; frame-ancestors 'none'; form-action 'self'; base-uri 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


class Gate:
    """`key` is what the sign-in link carries; the cookie holds a token made from it, never the key itself."""

    def __init__(self, key: str) -> None:
        self._key = key
        self.token = hmac.new(key.encode(), b"cookie", hashlib.sha256).hexdigest()

    def opens(self, key: str) -> bool:
        return hmac.compare_digest(key.encode(), self._key.encode())

    def knows(self, cookie: str) -> bool:
        return hmac.compare_digest(cookie.encode(), self.token.encode())

    def __call__(self, outreach: Annotated[str, Cookie()] = "") -> None:
        """A dependency that lets only signed-in browsers through. The cookie is SameSite=Strict."""
        if not self.knows(outreach):
            raise HTTPException(401, "sign in first: open the link printed where the service was started")
