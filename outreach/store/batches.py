"""A whole batch as one bound value: both databases take rows out of JSON, in one statement."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncConnection


def as_json(rows: list[Any] | dict[int, Any]) -> str:
    """Times among them as `express.at` gives them."""
    return json.dumps(rows, ensure_ascii=False, separators=(",", ":"), default=datetime.isoformat)


def is_postgresql(connection: AsyncConnection) -> bool:
    return connection.dialect.name == "postgresql"


def rows_of(dialect: str, columns: dict[str, str]) -> str:
    """SQL for the rows of the bound JSON list `:rows`, called `new`. `columns`: name to PostgreSQL type."""
    named = enumerate(columns.items())
    if dialect == "sqlite":
        picked = ", ".join(f"value ->> '$[{n}]' AS {name}" for n, (name, _) in named)
        return f"(SELECT {picked} FROM json_each(:rows)) AS new"  # noqa: S608 names of our own
    picked = ", ".join(f"(value ->> {n})::{kind} AS {name}" for n, (name, kind) in named)
    # text() takes a plain colon for a bound value.
    picked = picked.replace("::", "\\:\\:")
    return f"(SELECT {picked} FROM jsonb_array_elements(CAST(:rows AS jsonb))) AS new"  # noqa: S608
