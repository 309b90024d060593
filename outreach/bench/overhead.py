"""What durability costs: the engine against the same client, and the same HTTP, without a database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial

from outreach.bench import engine
from outreach.bench.bare import client_loop, http_loop
from outreach.bench.figures import Figure, Target, median, spread
from outreach.bench.ground import POSTGRESQL, SQLITE, Ground, interleaved
from outreach.model import SMS, TELEGRAM, ChannelName
from outreach.settings import Settings

CHANNELS: tuple[ChannelName, ...] = (TELEGRAM, SMS)
# Without latency the processor alone decides, and so does whoever else uses it: one round more.
ROUNDS, FEWER_ROUNDS, MORE_ROUNDS = 3, 2, 7
LATENCIES = (0.0, 0.05)
KEPT = {SQLITE: Target(0.92), POSTGRESQL: Target(0.88)}
OF_HTTP = {TELEGRAM: Target(0.6), SMS: Target(0.7)}


@dataclass(frozen=True, slots=True)
class _Duel:
    """`against`: what `bare` is, in words; it returns messages a second."""

    name: str
    channel: ChannelName
    against: str
    bare: Callable[[], float]
    targets: Mapping[str, Target]
    rounds: int
    latency: float = 0.0


def engine_part(ground: Ground) -> Iterator[Figure]:
    """Against a bare loop of the same client, at once and with a provider that takes its time."""
    for channel in CHANNELS:
        for latency in LATENCIES:
            name, bare = f"engine {channel} {latency * 1000:.0f} ms", partial(_client, ground, channel)
            rounds = FEWER_ROUNDS if latency else ROUNDS
            duel = _Duel(name, channel, "the same client in a bare loop", bare, KEPT, rounds, latency)
            yield from _fought(ground, duel)


def http_part(ground: Ground) -> Iterator[Figure]:
    """Against plain posts, which know nothing of providers."""
    for channel in CHANNELS:
        targets, bare = dict.fromkeys(KEPT, OF_HTTP[channel]), partial(_http, ground, channel)
        duel = _Duel(f"http {channel}", channel, "aiohttp posts in a bare loop", bare, targets, FEWER_ROUNDS)
        yield from _fought(ground, duel)


def _fought(ground: Ground, duel: _Duel) -> Iterator[Figure]:
    ground.tell(f"{duel.name}: the engine against {duel.against}")

    def fresh(contestant: Callable[[], float]) -> float:
        ground.outside.clear(duel.latency)
        return contestant()

    contestants = {"bare": partial(fresh, duel.bare)}
    for kind in ground.databases:
        contestants[kind] = partial(fresh, partial(engine_rate, ground, duel.channel, kind))
    found = interleaved(contestants, ground.rounds(duel.rounds, MORE_ROUNDS), ground.tell)
    bare = found["bare"]
    for kind in ground.databases:
        ours = found[kind]
        detail = f"{spread(ours)} against {spread(bare)}, best to best {max(ours) / max(bare):.2f}"
        name, target = f"{duel.name} {kind}", duel.targets[kind]
        yield Figure(name, median(ours), "/s", median(bare), duel.against, target, detail)


def engine_rate(ground: Ground, channel: ChannelName, kind: str) -> float:
    """Messages a second with everything kept, from the first claim until the last is settled."""
    count, settings = ground.options.messages, ground.settings(ground.new_database(kind))
    return count / asyncio.run(_drained(settings, channel, count))


async def _drained(settings: Settings, channel: ChannelName, count: int) -> float:
    async with engine.ready(settings) as app:
        await engine.queue(app, channel, count)
        return await engine.drain(app, count)


def _client(ground: Ground, channel: ChannelName) -> float:
    return asyncio.run(client_loop(ground.settings(), channel, ground.options.messages))


def _http(ground: Ground, channel: ChannelName) -> float:
    return asyncio.run(http_loop(ground.outside.url, channel, ground.options.messages))
