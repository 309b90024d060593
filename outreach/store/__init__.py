"""Where everything is kept: SQLite by default, PostgreSQL to scale out. The only room that knows which."""

from outreach.store.engine import Store, insert_new, is_away, one_at_a_time
from outreach.store.lock import sole_sender
from outreach.store.schema import head, upgrade

__all__ = ["Store", "head", "insert_new", "is_away", "one_at_a_time", "sole_sender", "upgrade"]
