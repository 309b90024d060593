"""Whether two spellings are one name: width, spaces and script do not make another person."""

from __future__ import annotations

import re
import unicodedata

from outreach.folding import simplified

# 阿依古丽·买买提 is written with many dots.
_BETWEEN = re.compile(r"[\s·•‧・･.\u2022\u30fb']+")


def same_name(name: str) -> str:
    """A key that two spellings of one name share.

    >>> same_name("張　梅") == same_name("张梅")
    True
    """
    if name.isascii():
        return _BETWEEN.sub("", name).casefold()
    folded = unicodedata.normalize("NFKC", name).casefold()
    return simplified(_BETWEEN.sub("", folded))
