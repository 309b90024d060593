"""Policy questions: approved articles, found or honestly not found. Nothing is ever generated."""

from outreach.knowledge.answering import Answer, Knowledge
from outreach.knowledge.articles import Article
from outreach.knowledge.danger import Danger, danger, is_danger
from outreach.knowledge.guides import Guide, Guides

__all__ = [
    "Answer",
    "Article",
    "Danger",
    "Guide",
    "Guides",
    "Knowledge",
    "danger",
    "is_danger",
]
