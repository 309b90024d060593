"""What residents thought, counted from each person's newest answer, with its interval."""

from __future__ import annotations

from math import sqrt

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.model import JSON, State
from outreach.store.tables import outbox, survey_answers

GRADES = 5
SATISFIED = 4


async def results(connection: AsyncConnection, survey: str) -> JSON:
    """Sent, answered and the distribution; of several answers to one message the newest counts."""
    sent = (
        select(func.count())
        .select_from(outbox)
        .where(outbox.c.survey == survey, outbox.c.state.in_((State.SENT, State.DELIVERED)))
    )
    newest = (
        select(func.max(survey_answers.c.id))
        .where(survey_answers.c.survey == survey)
        .group_by(survey_answers.c.outbox_id)
    )
    counted = (
        select(survey_answers.c.question, survey_answers.c.rating, func.count())
        .where(survey_answers.c.id.in_(newest))
        .group_by(survey_answers.c.question, survey_answers.c.rating)
    )
    remarks = select(func.count()).where(
        survey_answers.c.id.in_(newest), survey_answers.c.comment.is_not(None)
    )
    distribution: dict[str, dict[int, int]] = {}
    for question, grade, n in await connection.execute(counted):
        distribution.setdefault(question, dict.fromkeys(range(1, GRADES + 1), 0))[grade] = n
    asked = (await connection.execute(sent)).scalar_one()
    answered = max((sum(grades.values()) for grades in distribution.values()), default=0)
    return {
        "survey": survey,
        "sent": asked,
        "answered": answered,
        "response_rate": round(answered / asked, 4) if asked else None,
        "questions": [_summary(question, grades) for question, grades in distribution.items()],
        "comments": (await connection.execute(remarks)).scalar_one(),
    }


def _summary(question: str, grades: dict[int, int]) -> JSON:
    n = sum(grades.values())
    low, share, high = wilson(sum(grades[grade] for grade in range(SATISFIED, GRADES + 1)), n)
    return {
        "id": question,
        "kind": "satisfaction",
        "n": n,
        "distribution": {str(grade): count for grade, count in grades.items()},
        "csat": share,
        "csat_low": low,
        "csat_high": high,
        "by": [],
    }


def wilson(hits: int, n: int, z: float = 1.959964) -> tuple[float, float, float]:
    """A share with its 95 % interval (Wilson score; Brown, Cai and DasGupta 2001): low, share, high."""
    if not n:
        return 0.0, 0.0, 1.0
    share = hits / n
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    return round(max(0.0, middle - half), 4), round(share, 4), round(min(1.0, middle + half), 4)
