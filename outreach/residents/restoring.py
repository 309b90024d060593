"""Stopping once and starting again: what is written when somebody says so, and what comes back."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.residents.consent import PURPOSES, proof, withdraw


async def standing(connection: AsyncConnection, resident_id: int) -> dict[str, bool]:
    """What holds now: each purpose on which something was ever said."""
    return {row.purpose: bool(row.given) for row in await proof(connection, resident_id)}


async def stop(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    topics: Sequence[str] = (),
    *,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
) -> set[str]:
    """Withdraws `topics`, or everything where none is named, for all of these people.

    Only what is not stopped yet, so that the ledger shows what a stop ended. Returns the purposes it did end
    for somebody.
    """
    ended = set[str]()
    for resident_id in resident_ids:
        held = await standing(connection, resident_id)
        wanted = meant(topics, held) if topics else dict.fromkeys((*PURPOSES, *held))
        purposes = [purpose for purpose in wanted if held.get(purpose) is not False]
        if purposes:
            said = {"wording": wording, "channel": channel, "source": source}
            await withdraw(connection, [resident_id], purposes=purposes, now=now, **said)
        ended.update(purposes)
    return ended


def meant(topics: Sequence[str], held: dict[str, bool]) -> list[str]:
    """Which of the purposes that a word may stand for it means to this person.

    A sensitive topic counts only where they were asked about it; care then is not what was meant.
    """
    sensitive = [topic for topic in topics if topic not in PURPOSES and topic in held]
    plain = [topic for topic in topics if topic in PURPOSES and not (topic == "care" and sensitive)]
    return plain + sensitive


async def restorable(connection: AsyncConnection, resident_id: int) -> list[str]:
    """The purposes that starting again gives back: given once, withdrawn since.

    Where nothing holds any more, only what the last stop ended: what had been stopped before it stays so.
    """
    rows = await proof(connection, resident_id)
    newest = {row.purpose: row for row in rows}
    given = {row.purpose for row in rows if row.given}
    stopped = {purpose: row for purpose, row in newest.items() if not row.given}
    back = {purpose: row for purpose, row in stopped.items() if purpose in given}
    if len(stopped) == len(newest) and back:
        last = max(back.values(), key=lambda row: int(str(row.id)))
        back = {purpose: row for purpose, row in back.items() if row.source == last.source}
    return list(back)


async def begin(
    connection: AsyncConnection, resident_id: int, topics: Sequence[str] = ()
) -> tuple[list[str], list[str]]:
    """What a start agrees to: the purposes to be given now, and all that hold then.

    After a stop it is what was there before, never more; a sensitive topic only where it was given once. Who
    never agreed to anything agrees to the ordinary purposes.
    """
    held = await standing(connection, resident_id)
    back = await restorable(connection, resident_id)
    if topics:
        named = meant(topics, held)
        new = [one for one in named if not held.get(one) and (one in PURPOSES or one in back)]
    elif back:
        new = back
    elif any(held.values()):
        new = [purpose for purpose in PURPOSES if purpose not in held]
    else:
        new = list(PURPOSES)
    return new, [
        purpose for purpose in dict.fromkeys((*PURPOSES, *held)) if held.get(purpose) or purpose in new
    ]
