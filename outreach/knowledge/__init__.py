"""Policy questions: approved articles, found or honestly not found. Nothing is ever generated."""

from outreach.knowledge.answering import Answer, Knowledge
from outreach.knowledge.articles import Article
from outreach.knowledge.checking import check, county
from outreach.knowledge.danger import is_danger
from outreach.knowledge.matching import Index, Match

__all__ = ["Answer", "Article", "Index", "Knowledge", "Match", "check", "county", "is_danger"]
