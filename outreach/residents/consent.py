"""Consent: an append-only ledger. The newest row of a purpose is what holds; no row is no consent.

The databases hold it too: triggers refuse to change a row, and to delete one that is not being erased.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Row, ScalarSelect, case, false, func, insert, literal, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, BadInput, iso
from outreach.residents import stops
from outreach.store.columns import version_of
from outreach.store.tables import consent, residents

PURPOSES = ("care", "reminders", "surveys")
# What may hurt in the wrong hands: care consent never covers it, each needs a yes of its own.
SENSITIVE: Mapping[str, Mapping[str, str]] = {
    "health:screening": {"zh-Hans": "两癌等疾病筛查", "en": "screening for disease"},
    "health:screening_result": {"zh-Hans": "筛查结果与复查", "en": "screening results and follow-up"},
    "health:pregnancy": {"zh-Hans": "孕产与产后健康", "en": "pregnancy and the time after birth"},
    "health:prenatal_diagnosis": {"zh-Hans": "产前筛查与诊断", "en": "prenatal diagnosis"},
    "health:pregnancy_loss": {"zh-Hans": "流产与终止妊娠后的关怀", "en": "miscarriage and abortion"},
    "health:contraception": {"zh-Hans": "避孕与节育", "en": "contraception"},
    "health:infertility": {"zh-Hans": "不孕不育与辅助生殖", "en": "infertility and assisted reproduction"},
    "health:hiv_sti": {
        "zh-Hans": "艾滋病、梅毒、乙肝等感染",
        "en": "HIV, syphilis, hepatitis B",
    },
    "health:mental": {"zh-Hans": "心理健康", "en": "mental health"},
    "health:chronic_illness": {"zh-Hans": "慢性病与用药", "en": "chronic illness and medication"},
    "health:vaccination": {"zh-Hans": "疫苗接种", "en": "vaccination"},
    "family:bereavement": {"zh-Hans": "失独家庭关怀", "en": "the loss of a child"},
    "family:domestic_violence": {"zh-Hans": "家庭暴力求助", "en": "domestic violence"},
    "family:hardship": {"zh-Hans": "困难家庭救助", "en": "hardship and relief"},
}
KNOWN = (*PURPOSES, *SENSITIVE)
# Under this age a parent or guardian agrees. Only the year of birth is known, so in doubt it is them.
OF_AGE = 14


# The channel of a word that stands in a list, and was not said to us.
IMPORT = "import"
KEPT = "stop kept after erasure"


def is_known(purpose: str) -> bool:
    return purpose in KNOWN


def must_be_known(purpose: str) -> str:
    """The purpose, or BadInput that lists those there are."""
    if not is_known(purpose):
        raise BadInput(f"{purpose!r} is no purpose", where="purpose", fix=f"use one of {', '.join(KNOWN)}")
    return purpose


def is_minor(now: datetime) -> ColumnElement[bool]:
    """An SQL condition on residents: perhaps not yet fourteen. False where no year of birth is known."""
    return func.coalesce(residents.c.birth_year >= now.year - OF_AGE, false())


def current(resident_id: ColumnElement[int], purpose: ColumnElement[str] | str) -> ScalarSelect[bool]:
    """An SQL expression: whether this resident agrees to this purpose now; NULL where never asked."""
    return _newest(consent.c.given, resident_id, purpose)


# What `standing` comes to.
NEVER, WITHDRAWN, GIVEN, BY_GUARDIAN = -1, 0, 1, 2


def standing(resident_id: ColumnElement[int], purpose: str) -> ColumnElement[int]:
    """An SQL expression: NEVER, WITHDRAWN, GIVEN or BY_GUARDIAN."""
    said = case((~consent.c.given, WITHDRAWN), (consent.c.by_guardian, BY_GUARDIAN), else_=GIVEN)
    return func.coalesce(_newest(said, resident_id, purpose), literal(NEVER))


def _newest(
    what: ColumnElement[bool] | ColumnElement[int],
    resident_id: ColumnElement[int],
    purpose: ColumnElement[str] | str,
) -> ScalarSelect[bool]:
    return (
        select(what)
        .where(consent.c.resident_id == resident_id, consent.c.purpose == purpose)
        .order_by(consent.c.id.desc())
        .limit(1)
        .correlate_except(consent)
        .scalar_subquery()
    )


async def give(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    *,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
    purposes: Sequence[str] = PURPOSES,
    by_guardian: bool = False,
) -> None:
    """Records that these people agreed, in which words, and where that came from.

    A sensitive topic only where `purposes` names it. A list never ends a stop that outlived an erasure;
    the person's own word does.
    """
    said = _Said(True, wording, channel, source, now, by_guardian)
    await _record(connection, [(one, purpose) for one in resident_ids for purpose in purposes], said)
    if channel == IMPORT:
        await keep_stops(connection, resident_ids, now)
    else:
        await stops.lift(connection, resident_ids, purposes)


async def withdraw(
    connection: AsyncConnection,
    resident_ids: Sequence[int],
    *,
    wording: str,
    channel: str,
    source: str,
    now: datetime,
    purposes: Sequence[str] | None = None,
) -> None:
    """Records that these people want no more of it. Queued messages are the outbox's to cancel.

    `purposes` None: everything, also each sensitive topic they once agreed to.
    """
    named = PURPOSES if purposes is None else purposes
    pairs = [(one, purpose) for one in resident_ids for purpose in named]
    if purposes is None:
        pairs += await _sensitive(connection, resident_ids)
    await _record(connection, pairs, _Said(False, wording, channel, source, now))


async def _sensitive(connection: AsyncConnection, resident_ids: Sequence[int]) -> list[tuple[int, str]]:
    """Each person's sensitive topics on which something was said."""
    statement = (
        select(consent.c.resident_id, consent.c.purpose)
        .where(consent.c.resident_id.in_(resident_ids), consent.c.purpose.not_in(PURPOSES))
        .distinct()
        .order_by(consent.c.resident_id, consent.c.purpose)
    )
    return [(row[0], row[1]) for row in await connection.execute(statement)]


async def keep_stops(connection: AsyncConnection, resident_ids: Sequence[int], now: datetime) -> None:
    """Stops again what these people stopped before they were erased; done again, it changes nothing.

    For whoever adds people or addresses: call it once for all of them.
    """
    if pairs := await stops.remembered(connection, resident_ids):
        held = await _stopped(connection, sorted({resident_id for resident_id, _ in pairs}))
        wording = "stopped before the record was erased"
        said = _Said(False, wording, "erasure", KEPT, now)
        await _record(connection, [pair for pair in pairs if pair not in held], said)


async def _stopped(connection: AsyncConnection, resident_ids: Sequence[int]) -> set[tuple[int, str]]:
    """Person and purpose, where the newest word is a withdrawal."""
    newest = (
        select(func.max(consent.c.id))
        .where(consent.c.resident_id.in_(resident_ids))
        .group_by(consent.c.resident_id, consent.c.purpose)
    )
    statement = select(consent.c.resident_id, consent.c.purpose).where(
        consent.c.id.in_(newest), ~consent.c.given
    )
    return {(row[0], row[1]) for row in await connection.execute(statement)}


async def stopped(connection: AsyncConnection, resident_id: int) -> list[str]:
    """The purposes this person withdrew, and did not agree to again."""
    return sorted(purpose for _, purpose in await _stopped(connection, [resident_id]))


@dataclass(frozen=True, slots=True)
class _Said:
    given: bool
    wording: str
    channel: str
    source: str
    at: datetime
    by_guardian: bool = False


async def _record(connection: AsyncConnection, pairs: Sequence[tuple[int, str]], said: _Said) -> None:
    rows = [
        {
            "resident_id": resident_id,
            "purpose": purpose,
            "given": said.given,
            "at": said.at,
            "channel": said.channel,
            "wording": said.wording,
            "source": said.source,
            "by_guardian": said.by_guardian,
        }
        for resident_id, purpose in pairs
    ]
    if rows:
        await connection.execute(insert(consent), rows)


async def proof(connection: AsyncConnection, resident_id: int) -> Sequence[Row[tuple[object, ...]]]:
    """Every word of consent ever given or withdrawn by this person, oldest first."""
    statement = select(consent).where(consent.c.resident_id == resident_id).order_by(consent.c.id)
    return (await connection.execute(statement)).all()


async def ledger(connection: AsyncConnection, resident_id: int) -> list[JSON]:
    """As `proof`, for people and machines: with each wording's version."""
    return [
        {
            "at": iso(row.at),
            "purpose": row.purpose,
            "given": row.given,
            "channel": row.channel,
            "wording": row.wording,
            "version": row.version or version_of(row.wording),
            "source": row.source,
            "by_guardian": row.by_guardian,
        }
        for row in await proof(connection, resident_id)
    ]
