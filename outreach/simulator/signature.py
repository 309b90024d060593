"""Twilio's request signature, by its public documentation:

the URL, then each parameter's name and value joined, sorted by name; HMAC-SHA1 with the auth token; base64.
"""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping


def sign(auth_token: str, url: str, form: Mapping[str, str]) -> str:
    text = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.digest(auth_token.encode(), text.encode(), "sha1")
    return base64.b64encode(digest).decode()
