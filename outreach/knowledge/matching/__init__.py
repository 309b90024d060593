"""Which entry answers a question, and how sure that is: lexical, measured, one setting for every set."""

import os

# The matrices here are small: threads of the algebra library would wait for each other longer than they work.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from outreach.knowledge.matching.index import Entries, Index, Match

__all__ = ["Entries", "Index", "Match"]
