"""The simulator in a process of its own, as the real providers are; and its control API."""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from outreach.bench.processes import running, said_last
from outreach.model import JSON, BadInput, ChannelName
from outreach.simulator import Simulator

SECONDS = 60.0


class Outside:
    """`url`: where both providers' APIs are."""

    def __init__(self, url: str) -> None:
        self.url = url

    def clear(self, latency: float = 0.0) -> None:
        """Forgets all that happened; from now on each call takes `latency` seconds."""
        self._ask("POST", "/sim/reset", {})
        self._ask("PUT", "/sim/settings", {"latency": latency})

    def count(self, channel: ChannelName) -> int:
        return int(self._ask("GET", "/sim/ledger?counts=1")["counts"][channel])

    def taken(self, channel: ChannelName, since: float = 0.0) -> list[JSON]:
        """What it took after `since` (seconds of the epoch), in order; `at` is when the call came in."""
        found: list[JSON] = self._ask("GET", f"/sim/ledger?channel={channel}&since={since!r}")[channel]
        return found

    def arrivals(self, *channels: ChannelName) -> list[float]:
        """When each call came in."""
        return sorted(float(entry["at"]) for channel in channels for entry in self.taken(channel))

    def _ask(self, method: str, path: str, body: JSON | None = None) -> Any:
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=SECONDS)
        with contextlib.closing(connection):
            headers = {"Content-Type": "application/json"}
            connection.request(method, path, json.dumps(body) if body is not None else None, headers)
            return json.loads(connection.getresponse().read())


@contextlib.contextmanager
def outside(folder: Path) -> Iterator[Outside]:
    log = folder / "simulator.log"
    with running([sys.executable, "-m", __name__], log) as process:
        line = process.stdout.readline() if process.stdout else b""
        if not line:
            raise BadInput(f"the simulator did not start: {said_last(log)}", where="bench")
        yield Outside(line.decode().strip())


async def _serve() -> None:
    """Until the one who started us is gone."""
    simulator = Simulator()
    await simulator.start()
    print(simulator.url, flush=True)
    await asyncio.to_thread(sys.stdin.buffer.read)
    await simulator.stop()


if __name__ == "__main__":
    asyncio.run(_serve())
