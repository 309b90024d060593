"""The staff bot (aiogram, its own token): what is going out, and who waits for a person."""

from outreach.staffbot.bot import run

__all__ = ["run"]
