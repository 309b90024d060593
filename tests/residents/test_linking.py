"""One-time codes and townships, below the dialogue."""

from __future__ import annotations

from datetime import timedelta

from conftest import NOW

from outreach import residents
from outreach.model import Address
from outreach.store import Store

CHAT = Address("telegram", "501")


async def test_code_is_good_once_and_for_a_day(store: Store) -> None:
    async with store.write() as connection:
        person = await residents.find(connection, CHAT, "zh-Hans", NOW)
        code = await residents.new_code(connection, person.id, NOW)
        late = await residents.new_code(connection, person.id, NOW)
        assert code
        assert late
        assert code != late
        assert len(code) >= 32
        assert await residents.redeem(connection, code + "x", NOW) is None
        assert await residents.redeem(connection, code, NOW + timedelta(hours=23)) == person.id
        assert await residents.redeem(connection, code, NOW + timedelta(hours=23)) is None
        assert await residents.used_for(connection, code) == person.id
        assert await residents.redeem(connection, late, NOW + timedelta(hours=24)) is None


def test_township_is_known_by_its_name_with_and_without_its_kind() -> None:
    known = ["东山镇", "东山乡", "西河乡", "East Hill"]
    found = {
        name: residents.same_township(name, known)
        for name in ("西河", "西河乡", "东山", "东山镇", "东", "east hill")
    }
    assert found == {
        "西河": "西河乡", "西河乡": "西河乡", "东山": None, "东山镇": "东山镇", "东": None,
        "east hill": "East Hill",
    }  # fmt: skip
