"""What is sealed: nobody reads it from the database, it is found all the same, and keys can be changed."""

from __future__ import annotations

import base64
import sqlite3
from hashlib import blake2b
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from conftest import NOW
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert, select, text, update
from terminal import Terminal

from outreach import outbox as engine
from outreach.model import BadInput
from outreach.outbox import Rules
from outreach.store import Store, rotate, upgrade
from outreach.store.sealing import KeyRow, Seals
from outreach.store.tables import addresses, inbound, metadata, outbox, residents

NAME, NUMBER, WORDS = "欧阳海棠", "+8613987654321", "欧阳海棠您好，明天上午查体。"
SECRET = b"correct horse battery staple !!!"
KEY = KeyRow(
    blake2b(SECRET, digest_size=4, person=b"name").hexdigest(), base64.b64encode(SECRET).decode(), True
)


@pytest.fixture(scope="module")
def seals() -> Seals:
    ring = Seals()
    ring.take([KEY])
    return ring


@given(plain=st.text())
def test_what_is_sealed_opens_only_where_it_belongs(seals: Seals, plain: str) -> None:
    sealed = seals.seal(plain, "residents.name")
    assert seals.open(sealed, "residents.name") == plain
    assert seals.seal(plain, "residents.name") != sealed, "nobody sees that two are the same"
    with pytest.raises(BadInput, match="changed from outside"):
        seals.open(sealed, "outbox.text")


@given(place=st.integers(min_value=0, max_value=60), bit=st.integers(min_value=0, max_value=5))
def test_one_bit_changed_is_noticed(seals: Seals, place: int, bit: int) -> None:
    signs = list(seals.seal(WORDS, "outbox.text"))
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    signs[1 + place] = alphabet[alphabet.index(signs[1 + place]) ^ (1 << bit)]
    with pytest.raises(BadInput):
        seals.open("".join(signs), "outbox.text")


def test_sealed_columns_cannot_be_compared_by_mistake() -> None:
    with pytest.raises(TypeError, match="look-up"):
        _ = addresses.c.value == NUMBER
    assert residents.c.name.is_(None) is not None


async def _someone(store: Store) -> None:
    async with store.write() as connection:
        person = {"id": 1, "name": NAME, "language": "zh-Hans", "created_at": NOW}
        await connection.execute(insert(residents).values(**person))
        at = {"resident_id": 1, "channel": "sms", "created_at": NOW}
        await connection.execute(insert(addresses).values(**at, value=NUMBER))
        words = {"key": "k", "priority": 0, "purpose": "reply", "template": "t", "language": "zh-Hans"}
        row = at | words | {"address": NUMBER, "text": WORDS, "state": "queued", "due_at": NOW}
        await connection.execute(insert(outbox).values(**row))
        said = {
            "provider_id": "1",
            "address": NUMBER,
            "kind": "text",
            "text": f"我是{NAME}",
            "received_at": NOW,
        }
        await connection.execute(insert(inbound).values(resident_id=1, channel="sms", **said))


async def _found(store: Store) -> list[tuple[str, str, str, str]]:
    statement = (
        select(residents.c.name, addresses.c.value, outbox.c.text, inbound.c.text.label("said"))
        .join(addresses, addresses.c.resident_id == residents.c.id)
        .join(outbox, outbox.c.lookup == addresses.c.lookup)
        .join(inbound, inbound.c.resident_id == residents.c.id)
        .where(addresses.c.lookup == NUMBER)
    )
    async with store.read() as connection:
        return [tuple(row) for row in await connection.execute(statement)]


def _all_of_it(connection: Connection) -> str:
    """Every value of every table, as it lies there."""
    rows = (connection.exec_driver_sql(f"SELECT * FROM {name}") for name in metadata.tables)
    return "\n".join(repr(tuple(row)) for found in rows for row in found)


EVERYTHING = [(NAME, NUMBER, WORDS, f"我是{NAME}")]


async def test_nobody_reads_the_database_and_everything_is_found(store: Store) -> None:
    await _someone(store)
    assert await _found(store) == EVERYTHING
    async with store.read() as connection:
        lies_there = await connection.run_sync(_all_of_it)
    for secret in (NAME, NUMBER, NUMBER[3:], "查体"):
        assert secret not in lies_there


async def test_new_key_seals_everything_anew_and_all_is_found_as_before(store: Store) -> None:
    await _someone(store)
    shown: list[tuple[str, int, int]] = []
    async with store.read() as connection:
        before = await connection.run_sync(_all_of_it)
    async with store.write() as connection:
        name = await rotate(connection, NOW, lambda *what: shown.append(what))
    assert name == store.seals.current
    assert ("residents", 1, 1) in shown
    other = Store(store.url)
    assert await _found(other) == EVERYTHING
    async with other.read() as connection:
        after = await connection.run_sync(_all_of_it)
        hashed = (await connection.execute(select(addresses.c.lookup))).scalar_one()
    assert hashed not in before
    old = {token for token in before.split("'") if token.startswith("~")}
    assert old
    assert not any(token in after for token in old), "nothing is left that the old key opens"
    await other.close()


async def test_rotation_that_breaks_off_leaves_the_old_key(store: Store) -> None:
    await _someone(store)
    before = store.seals.current

    def breaks(table: str, done: int, total: int) -> None:
        if table == "outbox":
            raise RuntimeError("the machine stops")

    with pytest.raises(RuntimeError, match="stops"):
        async with store.write() as connection:
            await rotate(connection, NOW, breaks)
    other = Store(store.url)
    assert await _found(other) == EVERYTHING
    assert other.seals.current == before
    await other.close()


async def test_key_file_apart_from_the_database(tmp_path: Path) -> None:
    url, file = f"sqlite+aiosqlite:///{tmp_path}/o.db", tmp_path / "safe" / "keys"
    store = Store(url, file)
    await upgrade(store)
    await _someone(store)
    await store.close()
    assert file.stat().st_mode & 0o77 == 0, "for nobody else to read"
    with sqlite3.connect(tmp_path / "o.db") as connection:
        assert connection.execute("SELECT secret FROM keys").fetchall() == [(None,)]

    for wrong in (None, tmp_path / "other"):
        without = Store(url, wrong)
        with pytest.raises(BadInput, match="is not at hand") as refused:
            await upgrade(without)
        assert refused.value.where == "OUTREACH_KEY_FILE"
        await without.close()

    again = Store(url, file)
    await upgrade(again)
    assert await _found(again) == EVERYTHING
    await again.close()


async def test_key_moves_out_of_the_database_with_the_next_rotation(tmp_path: Path) -> None:
    url, file = f"sqlite+aiosqlite:///{tmp_path}/o.db", tmp_path / "keys"
    store = Store(url)
    await upgrade(store)
    await _someone(store)
    await store.close()
    moved = Store(url, file)
    async with moved.write() as connection:
        name = await rotate(connection, NOW, lambda *_: None)
    assert await _found(moved) == EVERYTHING
    async with moved.read() as connection:
        statement = text("SELECT secret FROM keys WHERE name = :name")
        assert (await connection.execute(statement, {"name": name})).scalar_one() is None
    await moved.close()


@pytest.mark.parametrize("content", ["no key file at all", "5f1d8c1e not+base64!", "\0\1\2"])
async def test_file_that_holds_no_keys_is_named(tmp_path: Path, content: str) -> None:
    file = tmp_path / "keys"
    file.write_text(content)
    store = Store(f"sqlite+aiosqlite:///{tmp_path}/o.db", file)
    with pytest.raises(BadInput, match="is no key file"):
        await upgrade(store)
    await store.close()


async def test_row_whose_words_were_changed_fails_alone(store: Store) -> None:
    await _someone(store)
    async with store.write() as connection:
        row = {
            "key": "l",
            "resident_id": 1,
            "channel": "sms",
            "address": NUMBER,
            "text": WORDS,
            "priority": 0,
        }
        more = {"purpose": "reply", "template": "t", "language": "en", "state": "queued", "due_at": NOW}
        await connection.execute(insert(outbox).values(**row, **more, created_at=NOW))
        await connection.execute(text("UPDATE outbox SET text = '~AAAA' WHERE key = 'k'"))
        await connection.execute(update(outbox).values(lane="sms"))
        rules = Rules(ZoneInfo("Asia/Shanghai"))
        claimed = await engine.claim(connection, "sms", worker="w", limit=9, rules=rules, now=NOW)
        states = await connection.execute(text("SELECT key, state, reason FROM outbox ORDER BY key"))
        assert [claim.message.text for claim in claimed] == [WORDS]
        assert [(key, state) for key, state, _ in states] == [("k", "failed"), ("l", "sending")]


def test_rotate_command(tmp_path: Path) -> None:
    terminal = Terminal(tmp_path)
    first, second = (terminal.run("db", "rotate", "--json") for _ in range(2))
    assert (first.code, first.json["ok"]) == (0, True), first.said
    assert first.json["key"] != second.json["key"]
