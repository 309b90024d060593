"""The audit chain holds, and finds an edit, a deletion and a swap."""

from __future__ import annotations

import pytest
from conftest import NOW
from sqlalchemy import delete, select, update

from outreach import audit
from outreach.store import Store
from outreach.store.tables import audit as acts


async def _five(store: Store) -> list[int]:
    async with store.write() as connection:
        for number in range(5):
            await audit.note(connection, "小周", "campaign.launch", f"hello #{number}", NOW)
        return list((await connection.execute(select(acts.c.id).order_by(acts.c.id))).scalars())


async def _broken_at(store: Store) -> int | None:
    async with store.read() as connection:
        return await audit.verify(connection)


async def test_untouched_chain_holds(store: Store) -> None:
    assert await _broken_at(store) is None
    await _five(store)
    assert await _broken_at(store) is None


@pytest.mark.parametrize("change", [{"subject": "hello #9"}, {"who": "someone else"}, {"hash": "0" * 64}])
async def test_an_edit_is_found(store: Store, change: dict[str, str]) -> None:
    ids = await _five(store)
    async with store.write() as connection:
        await connection.execute(update(acts).where(acts.c.id == ids[2]).values(**change))
    assert await _broken_at(store) == ids[2]


async def test_a_deletion_is_found(store: Store) -> None:
    ids = await _five(store)
    async with store.write() as connection:
        await connection.execute(delete(acts).where(acts.c.id == ids[1]))
    assert await _broken_at(store) == ids[2]


async def test_a_swap_is_found(store: Store) -> None:
    ids = await _five(store)
    async with store.write() as connection:
        await connection.execute(update(acts).where(acts.c.id == ids[1]).values(id=999))
        await connection.execute(update(acts).where(acts.c.id == ids[2]).values(id=ids[1]))
        await connection.execute(update(acts).where(acts.c.id == 999).values(id=ids[2]))
    assert await _broken_at(store) == ids[1]
