"""The terminal's door: `outreach COMMAND`. Results on stdout, everything else on stderr."""

from outreach.cli.main import main

__all__ = ["main"]
