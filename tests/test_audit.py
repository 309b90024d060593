"""The audit chain holds, and finds an edit, a deletion and a swap."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from conftest import NOW
from sqlalchemy import delete, func, insert, select, update

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


async def broken_at(store: Store) -> int | None:
    async with store.read() as connection:
        return await audit.verify(connection)


async def test_chain_holds_when_several_write_at_once(store: Store) -> None:
    other = Store(store.url)

    async def act(through: Store, n: int) -> None:
        async with through.write() as connection:
            await audit.note(connection, f"worker {n}", "residents.import", f"list {n}", NOW)

    await asyncio.gather(*(act((store, other)[n % 2], n) for n in range(12)))
    await other.close()
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(acts))).scalar_one() == 12
    assert await broken_at(store) is None


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("change", ["time", "what", "first gone", "inserted"])
async def test_every_change_is_found(store: Store, change: str) -> None:
    async with store.write() as connection:
        for n in range(1, 5):
            await audit.note(connection, "小周", "campaign.launch", f"hello {n}", NOW)
        for values in {"time": [{"at": NOW + timedelta(seconds=1)}], "what": [{"what": "x"}]}.get(change, []):
            await connection.execute(update(acts).where(acts.c.id == 2).values(**values))
        if change == "first gone":
            await connection.execute(delete(acts).where(acts.c.id == 1))
        if change == "inserted":
            row = {"id": 2, "at": NOW, "who": "x", "what": "y", "subject": "z", "hash": "0" * 64}
            await connection.execute(update(acts).where(acts.c.id >= 2).values(id=acts.c.id + 100))
            await connection.execute(insert(acts).values(**row))
    assert await broken_at(store) == 2


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_act_and_its_note_happen_together_or_not_at_all(store: Store) -> None:
    async def interrupted() -> None:
        async with store.write() as connection:
            await audit.note(connection, "小周", "campaign.launch", "hello", NOW)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await interrupted()
    async with store.read() as connection:
        assert (await connection.execute(select(func.count()).select_from(acts))).scalar_one() == 0
