"""What Telegram and Twilio tell us, posted or polled: each piece of news is one call into the core."""

from outreach.hooks.incoming import Hooks

__all__ = ["Hooks"]
