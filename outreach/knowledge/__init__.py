"""Policy questions: approved articles, found or honestly not found. Nothing is ever generated."""

from outreach.knowledge.answering import Answer, Knowledge
from outreach.knowledge.articles import Article
from outreach.knowledge.checking import check, county
from outreach.knowledge.danger import Danger, danger, is_danger
from outreach.knowledge.feedback import record_answer, record_helpful
from outreach.knowledge.gaps import gaps
from outreach.knowledge.guides import Guide, Guides
from outreach.knowledge.live import LiveKnowledge
from outreach.knowledge.replaying import replay
from outreach.knowledge.versions import Exact

__all__ = [
    "Answer",
    "Article",
    "Danger",
    "Exact",
    "Guide",
    "Guides",
    "Knowledge",
    "LiveKnowledge",
    "check",
    "county",
    "danger",
    "gaps",
    "is_danger",
    "record_answer",
    "record_helpful",
    "replay",
]
