"""Taking the next messages to send. Whether one may go is decided here, at the last moment."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Select, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import Address, BadInput, Button, Outbound, Priority, State
from outreach.residents import BY_GUARDIAN, GIVEN, NO_GUARDIAN, OF_AGE
from outreach.store import Seals, Step, Steps, as_json, at, moment, run, seals_of
from outreach.store.tables import outbox

# Longer than any call may take: a lease that runs out means that its process died.
LEASE = timedelta(seconds=90)
REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Rules:
    """When messages nobody asked for this minute must wait."""

    zone: ZoneInfo
    quiet: tuple[time, time] | None = None
    daily_cap: int | None = None

    def midnight(self, now: datetime) -> datetime:
        return now.astimezone(self.zone).replace(hour=0, minute=0, second=0, microsecond=0)

    def tomorrow(self, now: datetime) -> datetime:
        """The next local midnight, whatever daylight saving does in between."""
        day = now.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(day, time(), self.zone)

    def is_quiet(self, now: datetime) -> bool:
        if self.quiet is None:
            return False
        start, end = self.quiet
        local = now.astimezone(self.zone).time()
        return start <= local < end if start <= end else local >= start or local < end


class Claimed(NamedTuple):
    message: Outbound
    attempts: int
    expires_at: datetime | None
    resident_id: int
    priority: int = Priority.CAMPAIGN
    segments: int = 1


class _Row(NamedTuple):
    """A message that is next, with all that decides whether it may go."""

    id: int
    channel: Any
    address: str
    sender: str | None
    text: str
    buttons: str
    attempts: int
    expires_at: Any
    resident_id: int
    priority: int
    purpose: str
    segments: int
    standing: Any
    minor: Any
    closed: Any
    today: int


async def claim(connection: AsyncConnection, lane: str, **more: Any) -> list[Claimed]:
    """As `claiming`, within a transaction that is open already."""
    steps = claiming(connection.dialect.name, lane, seals=seals_of(connection), **more)
    return (await run(connection, steps)).messages


@dataclass(frozen=True, slots=True)
class Haul:
    """What one claim took. `found`: how many it looked at, those that may not go among them."""

    messages: list[Claimed]
    found: int


def claiming(
    dialect: str,
    lane: str,
    *,
    seals: Seals,
    worker: str,
    limit: int,
    rules: Rules,
    now: datetime,
    sender: str | None = None,
    replies_only: bool = False,
) -> Steps[Haul]:
    """Takes up to `limit` messages of a lane under a lease: replies first, then reminders, then campaigns.

    A message whose person withdrew consent, or whose address closed, is suppressed here and not returned; one
    whose time is over expires; one over its person's daily cap is put off to the next day. So each is looked
    at once, however many there are. `sender`: what the lane sends from.
    Commit before sending: from then on nobody else can take them.
    """
    only_replies = replies_only or rules.is_quiet(now)
    # Those of a paused launch are not even looked at, however many wait.
    running = [] if only_replies else [row[0] for row in (yield Step(_RUNNING, {})).rows]
    values = {"lane": lane, "limit": limit, "now": at(dialect, now), "born": now.year - OF_AGE}
    values |= {f"launch{n}": launch_id for n, launch_id in enumerate(running)}
    if rules.daily_cap is not None:
        values["midnight"] = at(dialect, rules.midnight(now))
    sql = _statement(dialect, len(running), only_replies, rules.daily_cap is not None)
    found = (yield Step(sql, values)).rows
    rows = [_Row._make(row) for row in (json.loads(found[0][0]) if dialect == "sqlite" else found)]
    go, stopped, over, put_off = _sorted_out(rows, rules, now)
    messages, broken = _opened(seals, go, sender)
    if messages:
        ids = as_json([claimed.message.id for claimed in messages])
        lease = {"worker": worker, "now": at(dialect, now), "lease": at(dialect, now + LEASE)}
        yield Step(_TAKE[dialect], {"ids": ids} | lease)
    for reason, those in stopped.items():
        yield Step(_SUPPRESS[dialect], {"ids": as_json(those), "reason": reason, "now": at(dialect, now)})
    if broken:
        yield Step(_FAIL[dialect], {"ids": as_json(broken), "reason": BROKEN, "now": at(dialect, now)})
    if over:
        yield Step(_EXPIRE[dialect], {"ids": as_json(over), "reason": OVER, "now": at(dialect, now)})
    if put_off:
        tomorrow = at(dialect, rules.tomorrow(now))
        yield Step(_PUT_OFF[dialect], {"ids": as_json(put_off), "due": tomorrow, "reason": TOO_MANY})
    return Haul(messages, len(rows))


BROKEN = "its sealed words cannot be read: they were changed, or their key is gone"
OVER = "not sent before its time was over"
TOO_MANY = "the daily limit: waits for the next day"
_RUNNING = "SELECT id FROM launches WHERE state = 'running' ORDER BY id"


def _sorted_out(
    rows: Sequence[_Row], rules: Rules, now: datetime
) -> tuple[list[tuple[_Row, datetime | None]], dict[str, list[int]], list[int], list[int]]:
    """Who may go, and until when; who may not any more, by reason; what is over; what waits for tomorrow."""
    go, over, put_off = list[tuple[_Row, datetime | None]](), list[int](), list[int]()
    stopped: dict[str, list[int]] = {}
    counted: dict[int, int] = {}
    for row in rows:
        expires = moment(row.expires_at)
        if expires is not None and expires <= now:
            over.append(row.id)
        elif row.purpose == REPLY:
            go.append((row, expires))
        elif row.standing not in (GIVEN, BY_GUARDIAN):
            stopped.setdefault("consent withdrawn before sending", []).append(row.id)
        elif row.minor and row.standing == GIVEN:
            stopped.setdefault(NO_GUARDIAN, []).append(row.id)
        elif row.closed:
            stopped.setdefault("the address no longer takes messages", []).append(row.id)
        elif rules.daily_cap is None:
            go.append((row, expires))
        elif counted.setdefault(row.resident_id, row.today) < rules.daily_cap:
            counted[row.resident_id] += 1
            go.append((row, expires))
        else:
            put_off.append(row.id)
    return go, stopped, over, put_off


@cache
def _statement(dialect: str, launches: int, only_replies: bool, capped: bool) -> str:
    """The next messages, with all that decides whether they may go."""
    heads = [_head(Priority.REPLY, "IS NULL")]
    if not only_replies:
        heads += [_head(priority, "IS NULL") for priority in (Priority.REMINDER, Priority.CAMPAIGN)]
        heads += [_head(Priority.CAMPAIGN, f"= :launch{n}") for n in range(launches)]
    rows = f"""SELECT {_WANTED}, {_TODAY if capped else "0"} AS today
        FROM outbox AS o WHERE o.state = 'queued' AND o.id IN (
        SELECT id FROM ({" UNION ALL ".join(heads)}) AS heads ORDER BY priority, due_at, id LIMIT :limit)
        ORDER BY o.priority, o.due_at, o.id"""  # noqa: S608 names of our own
    if dialect == "postgresql":
        return f"{rows} FOR UPDATE OF o SKIP LOCKED"
    # As one value: row by row, the driver's thread would wait for the interpreter's lock each time.
    return f"SELECT json_group_array(json_array({', '.join(_Row._fields)})) FROM ({rows})"  # noqa: S608


def _head(priority: Priority, launch: str) -> str:
    """The head of one stretch of the index `ix_outbox_queued`, however long it is."""
    return f"""SELECT * FROM (SELECT id, priority, due_at FROM outbox
        WHERE state = 'queued' AND lane = :lane AND priority = {int(priority)} AND launch_id {launch}
        AND due_at <= :now ORDER BY due_at, id LIMIT :limit) AS head"""  # noqa: S608


# The newest word of consent on this very purpose is what holds, as in `residents.consent.standing`.
_WANTED = """o.id AS id, o.channel AS channel, o.address AS address, o.sender AS sender, o.text AS text,
    CAST(o.buttons AS TEXT) AS buttons, o.attempts AS attempts, o.expires_at AS expires_at,
    o.resident_id AS resident_id, o.priority AS priority, o.purpose AS purpose, o.segments AS segments,
    (SELECT CASE WHEN NOT given THEN 0 WHEN by_guardian THEN 2 ELSE 1 END FROM consent
     WHERE consent.resident_id = o.resident_id AND consent.purpose = o.purpose
     ORDER BY consent.id DESC LIMIT 1) AS standing,
    (SELECT 1 FROM residents WHERE residents.id = o.resident_id AND birth_year >= :born) AS minor,
    (SELECT 1 FROM addresses WHERE addresses.channel = o.channel AND addresses.lookup = o.lookup
     AND closed_at IS NOT NULL LIMIT 1) AS closed"""
# How many messages this row's person was sent, or is being sent, today; replies apart.
_TODAY = f"""(SELECT count(*) FROM outbox AS other WHERE other.resident_id = o.resident_id
    AND other.purpose <> '{REPLY}' AND (other.sent_at >= :midnight OR other.state = 'sending'))"""  # noqa: S608


def _queued(values: str) -> dict[str, str]:
    """Changes the rows named by `:ids` that still wait, on either database."""
    ids = {
        "sqlite": "SELECT value FROM json_each(:ids)",
        "postgresql": "SELECT CAST(value AS bigint) FROM jsonb_array_elements_text(CAST(:ids AS jsonb))",
    }
    change = f"UPDATE outbox SET {values} WHERE state = 'queued'"  # noqa: S608
    return {dialect: f"{change} AND id IN ({these})" for dialect, these in ids.items()}


_TAKE = _queued(
    "state = 'sending', claimed_by = :worker, claimed_at = :now, lease_until = :lease,"
    " attempts = attempts + 1"
)
_SUPPRESS = _queued("state = 'suppressed', reason = :reason, settled_at = :now")
_FAIL = _queued("state = 'failed', reason = :reason, settled_at = :now")
_EXPIRE = _queued("state = 'expired', reason = :reason, settled_at = :now")
_PUT_OFF = _queued("due_at = :due, reason = :reason")


def _opened(
    seals: Seals, go: Sequence[tuple[_Row, datetime | None]], sender: str | None
) -> tuple[list[Claimed], list[int]]:
    """The messages, and the rows that cannot be read any more: they must not hold up the rest."""
    messages, broken = list[Claimed](), list[int]()
    for row, expires in go:
        try:
            messages.append(_claimed(seals, row, expires, sender))
        except BadInput:
            broken.append(row.id)
    return messages, broken


def _claimed(seals: Seals, row: _Row, expires: datetime | None, sender: str | None) -> Claimed:
    to, words = seals.open(row.address, "outbox.address"), seals.open(row.text, "outbox.text")
    buttons = [Button(**button) for button in json.loads(row.buttons)] if row.buttons != "[]" else []
    message = Outbound(row.id, Address(row.channel, to), words, buttons, sender or row.sender)
    return Claimed(message, row.attempts + 1, expires, row.resident_id, row.priority, row.segments)


async def expire(connection: AsyncConnection, now: datetime, limit: int = 5000) -> int:
    """What nobody should read any more is not sent any more: up to `limit` of it, so that others get a turn.

    Returns how many.
    """
    statement = (
        update(outbox)
        .where(outbox.c.state == State.QUEUED, outbox.c.id.in_(is_over(now).limit(limit)))
        .values(state=State.EXPIRED, reason=OVER, settled_at=now)
    )
    return (await connection.execute(statement)).rowcount


def is_over(now: datetime) -> Select[Any]:
    """Messages that wait, and that nobody should read any more."""
    over = outbox.c.expires_at.is_not(None) & (outbox.c.expires_at <= now)
    return select(outbox.c.id).where(text("state = 'queued'"), over)


async def recover(connection: AsyncConnection, lane: str, worker: str) -> int:
    """As `recovering`, within a transaction that is open already."""
    return await run(connection, recovering(lane, worker))


def recovering(lane: str, worker: str) -> Steps[int]:
    """What others were sending in a lane that `worker` now holds is in doubt: perhaps the provider took it.

    Returns how many.
    """
    return (yield Step(_RECOVER, {"lane": lane, "worker": worker, "reason": BROKEN_OFF})).count


# In the partial index's own words: SQLite looks at it only then.
_UNDER_WAY = "state IN ('sending', 'in_doubt')"
UNDER_WAY = text(_UNDER_WAY)
BROKEN_OFF = "the sender stopped in the middle of the call"
_RECOVER = f"""UPDATE outbox SET state = 'in_doubt', reason = :reason, lease_until = NULL
    WHERE {_UNDER_WAY} AND state = 'sending' AND lane = :lane AND claimed_by <> :worker"""  # noqa: S608


async def overdue(connection: AsyncConnection, now: datetime) -> int:
    """What was claimed so long ago that no call can still be under way is in doubt. Returns how many."""
    statement = (
        update(outbox)
        .where(outbox.c.id.in_(is_overdue(now)), outbox.c.state == State.SENDING)
        .values(state=State.IN_DOUBT, reason=BROKEN_OFF, lease_until=None)
    )
    return (await connection.execute(statement)).rowcount


def is_overdue(now: datetime) -> Select[Any]:
    """Messages that `overdue` would call in doubt."""
    return select(outbox.c.id).where(UNDER_WAY, outbox.c.state == State.SENDING, outbox.c.lease_until < now)


async def unclaim(
    connection: AsyncConnection, lane: str, worker: str, known: Sequence[int], now: datetime
) -> int:
    """Puts back what this worker claimed without getting to know it, so that no call was made of it."""
    statement = (
        update(outbox)
        .where(UNDER_WAY, outbox.c.state == State.SENDING, outbox.c.lane == lane)
        .where(outbox.c.claimed_by == worker, outbox.c.id.not_in(known))
        .values(state=State.QUEUED, attempts=outbox.c.attempts - 1, due_at=now, lease_until=None)
    )
    return (await connection.execute(statement)).rowcount
