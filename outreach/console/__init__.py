"""The staff console at `/`: server-rendered, nothing from outside, every page works without its script."""

from outreach.console.pages import router

__all__ = ["router"]
