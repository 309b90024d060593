"""The main job on the embedded default: a made-up county, local stand-ins, and a day in its life."""

from outreach.demo.performance import Result, demo

__all__ = ["Result", "demo"]
