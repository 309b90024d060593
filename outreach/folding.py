"""Text as people type it, brought to one shape before anything is compared."""

from __future__ import annotations

import re
import unicodedata

# Phones type a curly one.
_APOSTROPHES = str.maketrans("’‘`", "'''")
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")


def fold(text: str) -> str:
    """Full-width to half-width, capitals to small, runs of space to one, no punctuation at either end.

    >>> fold("　ＴＤ！ ")
    'td'
    """
    plain = unicodedata.normalize("NFKC", text).casefold().translate(_APOSTROPHES)
    return _EDGES.sub("", " ".join(plain.split()))
