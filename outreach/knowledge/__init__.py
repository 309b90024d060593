"""Policy questions: approved articles, found or honestly not found. Nothing is ever generated."""

from outreach.knowledge.answering import Answer, Knowledge
from outreach.knowledge.articles import Article
from outreach.knowledge.danger import Danger, danger, is_danger
from outreach.knowledge.guides import Guide, Guides
from outreach.knowledge.matching import Index, Match

__all__ = [
    "Answer",
    "Article",
    "Danger",
    "Guide",
    "Guides",
    "Index",
    "Knowledge",
    "Match",
    "danger",
    "is_danger",
]
