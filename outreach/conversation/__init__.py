"""An inbound message in, one reply out: the only dialogue, the same on every channel."""

from outreach.conversation.receiving import Conversation

__all__ = ["Conversation"]
