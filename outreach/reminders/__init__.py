"""Checkup dates and plans: scheduled once, queued when due, answered with one digit or plain words."""

from outreach.reminders.plans import Plan, Reminders, Step, waiting
from outreach.reminders.replies import Reply, answer, call_off, is_open, understand

__all__ = ["Plan", "Reminders", "Reply", "Step", "answer", "call_off", "is_open", "understand", "waiting"]
