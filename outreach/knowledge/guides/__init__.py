"""Step-by-step answers: flows and words in files, the arithmetic of each policy in one module of its own."""

from outreach.knowledge.guides.catalogue import Guide, Guides, facts_of
from outreach.knowledge.guides.policy import LOCAL, Result
from outreach.knowledge.guides.said import choice, said
from outreach.knowledge.guides.walking import Walk

__all__ = ["LOCAL", "Guide", "Guides", "Result", "Walk", "choice", "facts_of", "said"]
