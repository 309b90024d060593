"""Providers repeat a person's number in their error messages; ours are kept and logged without it."""

from __future__ import annotations

import re

_NUMBER = re.compile(r"[+-]?\d(?:[ -]?\d){5,}")


def masked(text: str) -> str:
    """The text without any number that may be a person's: six digits and more.

    >>> masked("The 'To' number +8613900000000 is not valid")
    "The 'To' number … is not valid"
    """
    return _NUMBER.sub("…", text)
