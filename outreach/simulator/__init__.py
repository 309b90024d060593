"""The outside world on loopback: Telegram's Bot API, Twilio's REST API, and the residents' phones.

Imports nothing else of the project. `Simulator` starts and stops it; `serve` runs it until cancelled.
"""

from outreach.simulator.app import Simulator, serve

__all__ = ["Simulator", "serve"]
