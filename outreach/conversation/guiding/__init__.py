"""A guide, question by question. Its answers lie in `guide_runs` until it ends, and nowhere else."""

from outreach.conversation.guiding.asking import buttons_for, offered
from outreach.conversation.guiding.hearing import answer, is_open, plainly, wished
from outreach.conversation.guiding.runs import drop

__all__ = ["answer", "buttons_for", "drop", "is_open", "offered", "plainly", "wished"]
