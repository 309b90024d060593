"""Tags: what staff noted of a person, with who did and when. Lists never change them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import BadInput
from outreach.store import insert_new
from outreach.store.tables import resident_tags

LONGEST = 100


async def tag(connection: AsyncConnection, resident_id: int, name: str, *, by: str, now: datetime) -> bool:
    """Whether the tag is new for this person."""
    if not name.strip() or len(name) > LONGEST:
        raise BadInput(f"a tag has 1 to {LONGEST} signs", where="tag", fix="shorten it")
    row = {"resident_id": resident_id, "name": name.strip(), "at": now, "by": by}
    return bool(await insert_new(connection, resident_tags, [row]))


async def untag(connection: AsyncConnection, resident_id: int, name: str) -> bool:
    """Whether the person had the tag."""
    theirs = resident_tags.c.resident_id == resident_id, resident_tags.c.name == name.strip()
    return bool((await connection.execute(delete(resident_tags).where(*theirs))).rowcount)
