"""The figures of the demonstration, and how a person reads them."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from sqlalchemy import func, select

from outreach import campaigns, surveys
from outreach.app import App
from outreach.demo.stage import Clock
from outreach.model import JSON
from outreach.store.tables import inbound, outbox, residents

SURVEY = "service"


async def figures(app: App, clock: Clock, launch_id: int, questions: Sequence[str]) -> JSON:
    """What the contract promises, all of it read from the database."""
    async with app.store.read() as connection:
        status = await campaigns.status(connection, launch_id, clock())
        heard = (await connection.execute(select(inbound).order_by(inbound.c.id))).all()
        answers = [row for row in heard if row.text in questions]
        reminded = select(func.count()).where(
            outbox.c.checkup_id.is_not(None), outbox.c.state.in_(("sent", "delivered"))
        )
        opinion = await surveys.results(connection, SURVEY)
        listed = select(func.count()).where(residents.c.name.is_not(None))
        return {
            "residents": (await connection.execute(listed)).scalar_one(),
            "campaign": {
                "total": status["total"],
                "sent": status["sent"] + status["delivered"],
                "delivered": status["delivered"],
                "failed": status["failed"],
                "suppressed": status["suppressed"],
            },
            "answers": [
                {"question": row.text, "topic": row.topic, "outcome": row.outcome} for row in answers
            ],
            "reminders": {"sent": (await connection.execute(reminded)).scalar_one()},
            "survey": {
                "sent": opinion["sent"],
                "answered": opinion["answered"],
                "csat": opinion["questions"][0]["csat"] if opinion["questions"] else None,
            },
        }


def summary(figures: JSON, differences: list[str]) -> None:
    """The same figures, in words, on stdout."""
    out = Console(highlight=False)
    campaign, survey = figures["campaign"], figures["survey"]
    out.print(f"\n[bold]{figures['residents']} 位居民 residents[/]")
    out.print(
        f"关怀 campaign: {campaign['total']} 人 people, 已发 sent {campaign['sent']},"
        f" 其中有短信送达回执 delivered {campaign['delivered']}, 失败 failed {campaign['failed']},"
        f" 没同意所以没发 left out {campaign['suppressed']}"
    )
    for answer in figures["answers"]:
        out.print(f"问 asked: {answer['question']} → {answer['topic'] or '转人工 a person'}", markup=False)
    out.print(f"提醒 reminders sent: {figures['reminders']['sent']}")
    csat = f"{100 * survey['csat']:.0f} %" if survey["csat"] is not None else "–"
    out.print(
        f"满意度 survey: 问了 asked {survey['sent']}, 回答 answered {survey['answered']}, 满意 CSAT {csat}"
    )
    out.print(f"回复用时 median reply: {figures['reply_ms']} ms; 全程 all of it: {figures['seconds']} s")
    out.print(
        "数据库和手机对得上 database and phones agree" if not differences else "[red]对不上 they disagree[/]"
    )
