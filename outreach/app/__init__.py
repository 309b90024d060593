"""Builds all of it from Settings; starts and stops it in order."""

from outreach.app.content import Content
from outreach.app.parts import App, Clock, kept_for, wall_clock

__all__ = ["App", "Clock", "Content", "kept_for", "wall_clock"]
