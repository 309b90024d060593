"""Campaigns: from a staff member's file to one message a person, and an account that adds up."""

from outreach.campaigns.account import finish, held_back, hold_back, move, recent, status
from outreach.campaigns.files import Campaign
from outreach.campaigns.running import Campaigns

__all__ = ["Campaign", "Campaigns", "finish", "held_back", "hold_back", "move", "recent", "status"]
