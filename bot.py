"""The front door: `python bot.py ARGS` is the same program as `outreach ARGS`."""

from outreach.cli import main

if __name__ == "__main__":
    main()
