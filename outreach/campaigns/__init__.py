"""Campaigns: from a staff member's file to one message a person, and an account that adds up."""

from outreach.campaigns.account import (
    finish,
    finished,
    held_back,
    hold_back,
    move,
    must_be_another,
    recent,
    status,
)
from outreach.campaigns.files import Campaign
from outreach.campaigns.running import Campaigns, waiting

__all__ = [
    "Campaign",
    "Campaigns",
    "finish",
    "finished",
    "held_back",
    "hold_back",
    "move",
    "must_be_another",
    "recent",
    "status",
    "waiting",
]
