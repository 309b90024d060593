"""One sender on one SQLite file: the second is told so, instead of sending everything twice."""

from __future__ import annotations

import contextlib
import fcntl
from collections.abc import Iterator

from sqlalchemy import make_url

from outreach.model import BadInput
from outreach.store.engine import SETTING, Store


@contextlib.contextmanager
def sole_sender(store: Store) -> Iterator[None]:
    """Holds the sender's lock of a SQLite file while open; the system frees it when the process dies.

    PostgreSQL needs none: there claims are shared out by row locks.
    """
    if not store.is_sqlite:
        yield
        return
    path = f"{make_url(store.url).database}.sender-lock"
    with open(path, "w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise BadInput(
                f"another process already sends from this database ({path} is held)",
                where=SETTING,
                fix="stop the other one, or use PostgreSQL to run several",
            ) from None
        yield
