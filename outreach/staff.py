"""Who works here, and what they may do. A one-time code opens the staff bot to one person."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, BadInput
from outreach.store import insert_new
from outreach.store.tables import staff

CODE_HOURS = 24


class Role(StrEnum):
    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class Member:
    name: str
    role: Role


async def add(connection: AsyncConnection, name: str, role: Role, now: datetime) -> str:
    """A new account; returns its one-time code, of which only a hash is kept."""
    code = secrets.token_urlsafe(12)
    row = {
        "name": name,
        "role": role,
        "code_hash": _hash(code),
        "code_expires_at": now + timedelta(hours=CODE_HOURS),
        "created_at": now,
    }
    if not await insert_new(connection, staff, [row]):
        raise BadInput("somebody of this name has an account already", where=name, fix="choose another name")
    return code


async def sign_in(connection: AsyncConnection, code: str, telegram_id: str, now: datetime) -> Member | None:
    """Binds a Telegram account to the one whose unused code this is; None for any other code."""
    good = [staff.c.code_hash == _hash(code), staff.c.code_expires_at > now, staff.c.disabled_at.is_(None)]
    row = (await connection.execute(select(staff.c.id, staff.c.name, staff.c.role).where(*good))).first()
    if row is None:
        return None
    # The same phone may have been signed in as somebody else before.
    before = update(staff).where(staff.c.telegram_id == telegram_id)
    await connection.execute(before.values(telegram_id=None))
    bound = update(staff).where(staff.c.id == row.id).values(telegram_id=telegram_id, code_hash=None)
    await connection.execute(bound)
    return Member(row.name, Role(row.role))


async def by_telegram(connection: AsyncConnection, telegram_id: str) -> Member | None:
    statement = select(staff.c.name, staff.c.role).where(
        staff.c.telegram_id == telegram_id, staff.c.disabled_at.is_(None)
    )
    row = (await connection.execute(statement)).first()
    return Member(row.name, Role(row.role)) if row else None


async def on_duty(connection: AsyncConnection) -> list[str]:
    """The Telegram ids of those who may act on what goes wrong."""
    statement = select(staff.c.telegram_id).where(
        staff.c.telegram_id.is_not(None), staff.c.disabled_at.is_(None), staff.c.role != Role.VIEWER
    )
    return [str(found) for found in (await connection.execute(statement)).scalars()]


async def must_approve(connection: AsyncConnection, name: str, what: str = "a launch") -> None:
    """BadInput where this person may not approve."""
    if await _role(connection, name) not in (Role.APPROVER, Role.ADMIN):
        fix = "name somebody with the role approver or admin; see `outreach staff list`"
        raise BadInput(f"may not approve {what}", where=name, fix=fix)


async def must_work_here(connection: AsyncConnection, name: str) -> None:
    """BadInput where nobody of this name has an account that may change anything."""
    if await _role(connection, name) in (None, Role.VIEWER):
        fix = "name somebody who has an account and is no viewer; see `outreach staff list`"
        raise BadInput("has no account that may do this", where=name, fix=fix)


async def _role(connection: AsyncConnection, name: str) -> str | None:
    statement = select(staff.c.role).where(staff.c.name == name, staff.c.disabled_at.is_(None))
    role: str | None = (await connection.execute(statement)).scalar()
    return role


async def disable(connection: AsyncConnection, name: str, now: datetime) -> None:
    statement = update(staff).where(staff.c.name == name).values(disabled_at=now, code_hash=None)
    if not (await connection.execute(statement)).rowcount:
        raise BadInput("nobody of this name has an account", where=name, fix="see `outreach staff list`")


async def listing(connection: AsyncConnection) -> list[JSON]:
    rows = await connection.execute(select(staff).order_by(staff.c.name))
    return [
        {
            "name": row.name,
            "role": row.role,
            "state": "disabled" if row.disabled_at else "signed in" if row.telegram_id else "invited",
        }
        for row in rows
    ]


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
