"""What the Celery worker of the comparison runs: one task a message, retried, acknowledged when done."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from typing import Any

# Loaded by name, since they are there only for the comparison.
celery: Any = importlib.import_module("celery")
requests: Any = importlib.import_module("requests")

CONNECTIONS, SECONDS, RETRIES = 64, 20, 5


def application(broker: str, url: str) -> Any:
    """An app with the one task, `send`."""
    made = celery.Celery("bench", broker=broker)
    made.conf.update(task_ignore_result=True, broker_connection_retry_on_startup=True)
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=CONNECTIONS))

    def send(self: Any, form: dict[str, str]) -> None:
        try:
            session.post(url, data=form, timeout=SECONDS).raise_for_status()
        except requests.RequestException as error:
            raise self.retry(exc=error) from error

    made.task(send, name="send", bind=True, shared=False, acks_late=True, max_retries=RETRIES)
    return made


def queue(made: Any, forms: Sequence[dict[str, str]]) -> None:
    for form in forms:
        made.tasks["send"].delay(form)


app = application(os.environ.get("BENCH_BROKER", ""), os.environ.get("BENCH_URL", ""))
