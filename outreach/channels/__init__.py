"""The translators: what a provider says into our words, our words into what it takes. They decide nothing."""

from outreach.channels.sms import Sms
from outreach.channels.telegram import Telegram
from outreach.channels.wire import Wire

__all__ = ["Sms", "Telegram", "Wire"]
