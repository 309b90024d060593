"""Text as people type it, brought to one shape before anything is compared."""

from __future__ import annotations

import re
import unicodedata

_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def fold(text: str) -> str:
    """Full-width to half-width, capitals to small, runs of space to one, no punctuation at either end.

    >>> fold("　ＴＤ！ ")
    'td'
    """
    plain = unicodedata.normalize("NFKC", text).casefold()
    return _EDGES.sub("", " ".join(plain.split()))
