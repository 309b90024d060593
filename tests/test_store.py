"""Both databases keep the same promises: same tables, whole transactions, true times, mistakes in words."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from conftest import NOW, Postgres
from sqlalchemy import Connection, DateTime, bindparam, func, insert, inspect, select, text
from sqlalchemy.exc import IntegrityError
from world import free_port

from outreach.model import BadInput
from outreach.store import Store, head, insert_new, sole_sender, upgrade
from outreach.store.migrating import migrate
from outreach.store.tables import addresses, metadata, outbox, residents

SETTING = "OUTREACH_DATABASE_URL"


async def _emptied(url: str) -> str:
    """A database of the same kind with nothing in it."""
    if url.startswith("sqlite"):
        return url.replace("outreach.db", "empty.db")
    store = Store(url)
    async with store.write() as connection:
        await connection.execute(text("DROP SCHEMA public CASCADE"))
        await connection.execute(text("CREATE SCHEMA public"))
    await store.close()
    return url


def _person(n: int = 0, at: datetime = NOW) -> dict[str, Any]:
    return {"id": n + 1, "name": f"居民{n}", "language": "zh-Hans", "created_at": at}


async def _people(store: Store) -> int:
    async with store.read() as connection:
        return (await connection.execute(select(func.count()).select_from(residents))).scalar_one()


# Migrations


def _described(connection: Connection, schema: str | None) -> dict[str, Any]:
    """Every table as the database describes it, partial indexes and checks included."""
    seen = inspect(connection)
    tables = set(seen.get_table_names(schema)) - {"alembic_version"}
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in seen.get_columns(table, schema)
                if column["name"] != "id"
            },
            "key": seen.get_pk_constraint(table, schema)["constrained_columns"],
            "indexes": sorted(
                (index["name"], index["column_names"], bool(index["unique"]), _only_where(index))
                for index in seen.get_indexes(table, schema)
            ),
            "unique": sorted(
                (unique["name"], unique["column_names"])
                for unique in seen.get_unique_constraints(table, schema)
            ),
            "checks": sorted(
                (check["name"], check["sqltext"]) for check in seen.get_check_constraints(table, schema)
            ),
            "references": sorted(
                (key["name"], key["constrained_columns"], key["referred_table"], key["referred_columns"])
                for key in seen.get_foreign_keys(table, schema)
            ),
        }
        for table in tables
    }


def _only_where(index: Any) -> list[str]:
    return [str(value) for key, value in index["dialect_options"].items() if key.endswith("_where")]


async def test_migrations_make_exactly_the_tables_of_the_code(store: Store, tmp_path: Path) -> None:
    def difference(connection: Connection) -> list[Any]:
        return compare_metadata(MigrationContext.configure(connection, opts={"compare_type": True}), metadata)

    async with store.read() as connection:
        assert await connection.run_sync(difference) == []

    fresh = Store(f"sqlite:///{tmp_path}/fresh.db") if store.is_sqlite else store
    schema = None if store.is_sqlite else "fresh"
    async with fresh.write() as connection:
        if schema:
            await connection.execute(text("CREATE SCHEMA fresh"))
        mapped = await connection.execution_options(schema_translate_map={None: schema})
        await mapped.run_sync(metadata.create_all)
        wanted = await connection.run_sync(_described, schema)
    async with store.read() as connection:
        assert await connection.run_sync(_described, None) == wanted
    await fresh.close()


async def test_upgrade_repeated_changes_nothing(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(insert(residents).values(**_person()))
    assert await upgrade(store) == await upgrade(store) == head()
    assert await _people(store) == 1
    async with store.read() as connection:
        stands_at = (await connection.execute(text("SELECT version_num FROM alembic_version"))).all()
    assert stands_at == [(head(),)]


async def test_upgrades_at_the_same_time_all_succeed(database_url: str) -> None:
    empty = await _emptied(database_url)
    stores = [Store(empty) for _ in range(4)]
    async with asyncio.timeout(20):
        ended = await asyncio.gather(*map(upgrade, stores), return_exceptions=True)
    for store in stores:
        await store.close()
    assert ended == [head()] * 4


async def test_names_and_numbers_of_an_older_version_are_sealed(database_url: str) -> None:
    old = Store(await _emptied(database_url))
    async with old.write() as connection:
        await connection.run_sync(migrate, "0002")
        for statement in (
            "INSERT INTO residents (id, name, language, created_at) VALUES (1, '欧阳海棠', 'zh-Hans', :now),"
            " (2, NULL, 'en', :now)",
            "INSERT INTO addresses (resident_id, channel, value, created_at)"
            " VALUES (1, 'sms', '+8613987654321', :now), (2, 'telegram', '77', :now)",
        ):
            await connection.execute(
                text(statement).bindparams(bindparam("now", NOW, DateTime(timezone=True)))
            )
    await upgrade(old)
    async with old.read() as connection:
        found = select(residents.c.name, addresses.c.value, addresses.c.channel).join(addresses)
        rows = (await connection.execute(found.where(addresses.c.lookup.in_(["+8613987654321", "77"])))).all()
        assert sorted(rows, key=str) == [("欧阳海棠", "+8613987654321", "sms"), (None, "77", "telegram")]
        plain = await connection.execute(text("SELECT name FROM residents UNION SELECT value FROM addresses"))
        assert all(value is None or value.startswith("~") for (value,) in plain)
    await old.close()


async def test_database_of_a_newer_version_is_refused(store: Store) -> None:
    async with store.write() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(BadInput, match=rf"9999.*{head()}") as refused:
        await upgrade(store)
    assert refused.value.where == SETTING
    assert "newer version" in refused.value.fix


# Integrity


async def test_row_without_its_person_or_in_an_unknown_state_is_refused(store: Store) -> None:
    nobody = {"resident_id": 77, "channel": "sms", "value": "+8619912345678", "created_at": NOW}
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(insert(addresses).values(**nobody))

    message = {
        "key": "k", "resident_id": 1, "channel": "sms", "address": "+8619912345678", "priority": 0,
        "purpose": "reply", "template": "t", "language": "en", "text": "x", "due_at": NOW, "created_at": NOW,
    }  # fmt: skip
    async with store.write() as connection:
        await connection.execute(insert(residents).values(**_person()))
        await connection.execute(insert(outbox).values(**message, state="queued"))
    with pytest.raises(IntegrityError):
        async with store.write() as connection:
            await connection.execute(insert(outbox).values(**message | {"key": "l"}, state="lost"))


async def test_failed_or_cancelled_transaction_leaves_nothing(store: Store) -> None:
    inside = asyncio.Event()

    async def failing() -> None:
        async with store.write() as connection:
            await connection.execute(insert(residents).values(**_person()))
            raise ZeroDivisionError

    async def interrupted() -> None:
        async with store.write() as connection:
            await connection.execute(insert(residents).values(**_person()))
            inside.set()
            await asyncio.Event().wait()

    with pytest.raises(ZeroDivisionError):
        await failing()
    task = asyncio.create_task(interrupted())
    await inside.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task

    assert await _people(store) == 0
    async with store.write() as connection:
        await connection.execute(insert(residents).values(**_person()))
    assert await _people(store) == 1, "the next transaction goes through"


async def test_readers_do_not_wait_for_a_writer(store: Store) -> None:
    if store.is_sqlite:
        async with store.read() as connection:
            assert (await connection.execute(text("PRAGMA journal_mode"))).scalar_one() == "wal"
    async with store.write() as connection:
        await connection.execute(insert(residents).values(**_person()))
        assert await asyncio.wait_for(_people(store), 5) == 0, "what is not committed is not seen"
    assert await _people(store) == 1


async def test_writers_of_several_processes_wait_their_turn(store: Store) -> None:
    other = Store(store.url)

    async def write(through: Store, n: int) -> None:
        async with through.write() as connection:
            await connection.execute(insert(residents).values(**_person(n)))

    await asyncio.gather(*(write((store, other)[n % 2], n) for n in range(16)))
    assert await _people(store) == 16
    await other.close()


async def test_insert_new_counts_only_what_is_new(store: Store) -> None:
    rows = [_person(n) for n in range(1203)]
    async with store.write() as connection:
        assert await insert_new(connection, residents, []) == 0
        assert await insert_new(connection, residents, rows[:700]) == 700
        assert await insert_new(connection, residents, rows) == 503
        assert await insert_new(connection, residents, rows) == 0
        double = [_person(2000), _person(2000), _person(2001)]
        assert await insert_new(connection, residents, double) == 2
    assert await _people(store) == 1205


# Times


async def test_times_come_back_equal_in_utc_and_compare_as_moments(store: Store) -> None:
    moments = [
        datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC),
        datetime(2026, 10, 25, 2, 30, 0, 1, tzinfo=ZoneInfo("Europe/Berlin")),
        datetime(2026, 10, 25, 2, 30, 0, 1, tzinfo=ZoneInfo("Europe/Berlin"), fold=1),
        datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai")),
        datetime(2026, 11, 25, 8, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=5, minutes=45))),
        datetime(2026, 11, 25, 2, 15, 1, tzinfo=UTC),
    ]
    async with store.write() as connection:
        await insert_new(connection, residents, [_person(n, at) for n, at in enumerate(moments)])
    async with store.read() as connection:
        kept = list((await connection.execute(select(residents.c.created_at).order_by("id"))).scalars())
        by_moment = list((await connection.execute(select(residents.c.id).order_by("created_at"))).scalars())
        shanghai = datetime(2026, 11, 25, 10, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
        same = select(residents.c.id).where(residents.c.created_at == shanghai.astimezone(UTC))
        assert list((await connection.execute(same)).scalars()) == [4]
        later = select(residents.c.id).where(residents.c.created_at > shanghai).order_by("id")
        assert list((await connection.execute(later)).scalars()) == [5, 6]
    assert kept == [moment.astimezone(UTC) for moment in moments]
    assert {moment.utcoffset() for moment in kept} == {timedelta()}
    assert by_moment == [1, 2, 3, 4, 5, 6]


# Addresses of databases

NONSENSE = [
    "", "outreach.db", "nonsense://x", "mysql+pymysql://root@localhost/x", "sqlite://", "sqlite:///:memory:",
    "https://example.org/db", "postgresql", "postgresql+asyncpg://u@host:port/db",
]  # fmt: skip


@pytest.mark.parametrize("url", NONSENSE)
def test_nonsense_address_names_the_setting(url: str) -> None:
    with pytest.raises(BadInput) as refused:
        Store(url)
    assert refused.value.where == SETTING
    assert "sqlite+aiosqlite:///FILE" in refused.value.fix


def test_address_without_its_driver_is_understood(tmp_path: Path) -> None:
    assert Store(f"sqlite:///{tmp_path}/new/folder/x.db").url.startswith("sqlite+aiosqlite:///")
    assert Store("postgresql://u:p%40ss@h/d").url == "postgresql+asyncpg://u:p%40ss@h/d"


async def _refusal(url: str) -> BadInput:
    store = Store(url)
    try:
        with pytest.raises(BadInput) as refused:
            await upgrade(store)
    finally:
        await store.close()
    assert refused.value.where == SETTING
    return refused.value


async def test_unreachable_postgresql_is_told_without_its_password() -> None:
    refused = await _refusal(f"postgresql://u:s3cret@127.0.0.1:{free_port()}/d")
    assert "127.0.0.1" in refused.problem
    assert "s3cret" not in str(refused)


async def test_postgresql_without_this_database_is_told(postgres: Postgres) -> None:
    assert "nowhere" in (await _refusal(postgres.url("nowhere"))).problem


async def test_postgresql_option_of_another_driver_is_told(postgres: Postgres) -> None:
    assert "sslmode" in (await _refusal(postgres.url("migrated") + "?sslmode=disable")).problem


@pytest.fixture(params=["folder", "text", "unwritable parent"])
def unusable(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text").write_text("这不是数据库" * 100, "utf-8")
    (tmp_path / "file").touch()
    return f"sqlite:///{tmp_path}/" + {"unwritable parent": "file/x.db"}.get(request.param, request.param)


async def test_file_that_is_no_database_is_told(unusable: str) -> None:
    store = None
    with pytest.raises(BadInput) as refused:
        await upgrade(store := Store(unusable))
    assert refused.value.where == SETTING
    if store:
        await store.close()


# One sender


def _may_send(store: Store) -> bool:
    with sole_sender(store):
        return True


async def test_second_sender_is_refused_on_sqlite_and_welcome_on_postgresql(store: Store) -> None:
    other = Store(store.url)
    with sole_sender(store):
        if store.is_sqlite:
            with pytest.raises(BadInput, match="another process already sends") as refused:
                _may_send(other)
            assert "PostgreSQL" in refused.value.fix
        else:
            assert _may_send(other)
    assert _may_send(other)
    await other.close()


def test_wake_reaches_everyone_who_listens(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path}/x.db")
    heard: list[str] = []
    deaf = store.listen(lambda: heard.append("first"))
    store.listen(lambda: heard.append("second"))
    store.wake()
    deaf()
    store.wake()
    assert heard == ["first", "second", "second"]
