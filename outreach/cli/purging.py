"""`outreach db purge`: what was kept long enough goes now, instead of in the night."""

from __future__ import annotations

from typing import Annotated

import typer

from outreach import audit, residents
from outreach.app import kept_for, wall_clock
from outreach.cli.output import JsonFlag, NowOption, database, moment, run, say, settings, show_json
from outreach.model import JSON


def purge(
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would go.")] = False,
    now: NowOption = "",
    json: JsonFlag = False,
) -> None:
    """Removes what was kept for as long as OUTREACH_RETAIN_… say. The service does it every night."""
    loaded, at = settings(), moment(now) if now else wall_clock()
    keep = kept_for(loaded)

    async def work() -> JSON:
        async with database(loaded) as store:
            if dry_run:
                return await residents.due(store, keep, at)
            gone = dict.fromkeys(await residents.due(store, keep, at), 0)
            async for kind, n in residents.purge(store, keep, at):
                gone[kind] += n
            counts = ", ".join(f"{kind} {n}" for kind, n in gone.items() if n) or "nothing"
            async with store.write() as connection:
                await audit.note(connection, "cli", "db.purge", counts, wall_clock())
        return gone

    removed = run(work())
    if json:
        show_json({"ok": True, "dry_run": dry_run, "removed": removed})
        return
    verb = "would go" if dry_run else "went"
    for kind, n in removed.items():
        say(f"{kind}: {n} {verb}")
    if not removed:
        say("everything is kept for ever: no OUTREACH_RETAIN_… is set")
