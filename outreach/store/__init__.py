"""Where everything is kept: SQLite by default, PostgreSQL to scale out. The only room that knows which."""

from outreach.store import guides as _guides  # noqa: F401 its table belongs to the catalogue
from outreach.store import knowledge as _knowledge  # noqa: F401 its tables belong to the catalogue
from outreach.store.batches import among, as_json, insert_many, is_postgresql, rows_of
from outreach.store.engine import Store, insert_new, is_away, next_ids, one_at_a_time
from outreach.store.express import Step, Steps, agreed, at, moment, run
from outreach.store.lock import sole_sender
from outreach.store.rotation import rotate
from outreach.store.schema import head, upgrade
from outreach.store.sealing import Seals, seals_of
from outreach.store.waking import keep_listening, notify

__all__ = [
    "Seals",
    "Step",
    "Steps",
    "Store",
    "agreed",
    "among",
    "as_json",
    "at",
    "head",
    "insert_many",
    "insert_new",
    "is_away",
    "is_postgresql",
    "keep_listening",
    "moment",
    "next_ids",
    "notify",
    "one_at_a_time",
    "rotate",
    "rows_of",
    "run",
    "seals_of",
    "sole_sender",
    "upgrade",
]
