"""Where residents live: the townships we know, and a move from one to another."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from outreach.folding import fold
from outreach.store.tables import residents

_KINDS = re.compile(
    "(?:街道办事处|街道办|办事处|民族乡|街道|镇|乡|农场|管理区|开发区| township| town| street)$"
)


async def townships(connection: AsyncConnection, also: str = "") -> list[str]:
    """Every township somebody on our list lives in, and those named in `also` (joined by 、 or commas)."""
    statement = select(residents.c.township).where(residents.c.township.is_not(None)).distinct()
    known = {str(name) for name in (await connection.execute(statement)).scalars() if name}
    return sorted(known | {name.strip() for name in re.split("[、，,]", also) if name.strip()})


def same_township(name: str, known: Sequence[str]) -> str | None:
    """The township of this name as we write it; None where none, or more than one, may be meant."""
    wanted = fold(name)
    exact = [one for one in known if fold(one) == wanted]
    loose = exact or [one for one in known if _bare(one) == _bare(wanted) and _bare(wanted)]
    return loose[0] if len(loose) == 1 else None


def _bare(name: str) -> str:
    return _KINDS.sub("", fold(name))


async def move(connection: AsyncConnection, resident_id: int, township: str) -> None:
    await connection.execute(update(residents).where(residents.c.id == resident_id).values(township=township))
