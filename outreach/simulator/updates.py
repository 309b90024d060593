"""One bot's queue of updates: long polling, and delivery to a webhook."""

from __future__ import annotations

import asyncio
import json
import time
from collections import OrderedDict, deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from outreach.simulator.errors import ApiError
from outreach.simulator.ledger import Entry
from outreach.simulator.world import World

# Seconds between tries of one update; the real service gives up later, but no sooner.
RETRY_PAUSES = (0.2, 0.5, 1.0, 2.0, 4.0, 8.0)
WEBHOOK_ACTIVE = (
    "Conflict: can't use getUpdates method while webhook is active; "
    "use deleteWebhook to delete the webhook first"
)
OTHER_POLL = (
    "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"
)
WEBHOOK_SET = "Conflict: terminated by setWebhook request"


@dataclass(slots=True)
class Pending:
    """An update that has not been confirmed. `chat_id` orders delivery; `entry` is its ledger record."""

    update: dict[str, Any]
    chat_id: int
    entry: Entry


@dataclass(slots=True)
class Webhook:
    url: str
    secret_token: str | None
    slots: asyncio.Semaphore
    max_connections: int
    last_error: tuple[int, str] | None = None
    chains: dict[int, deque[Pending]] = field(default_factory=dict)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)


class UpdateQueue:
    def __init__(self, world: World) -> None:
        self._world = world
        # Starting from the clock keeps ids growing over restarts, so that no client takes one for a repeat.
        self._last_id = int((time.time() - 1_700_000_000) * 10)
        self._pending: OrderedDict[int, Pending] = OrderedDict()
        self._allowed: frozenset[str] | None = None
        self._webhook: Webhook | None = None
        self._poll: asyncio.Future[None] | None = None

    def push(self, kind: str, payload: dict[str, Any], chat_id: int, entry: Entry) -> int:
        """Queue one update ({"update_id", kind: payload}) and return its id."""
        self._last_id += 1
        if self._allowed and kind not in self._allowed:
            return self._last_id
        entry["update_id"] = self._last_id
        pending = Pending({"update_id": self._last_id, kind: payload}, chat_id, entry)
        self._pending[self._last_id] = pending
        if self._webhook is not None:
            self._enqueue(self._webhook, pending)
        elif self._poll is not None and not self._poll.done():
            self._poll.set_result(None)
        return self._last_id

    def allow(self, kinds: Collection[str] | None) -> None:
        """Keep only these kinds from now on; None leaves the choice as it was, an empty one means all."""
        if kinds is not None:
            self._allowed = frozenset(kinds)

    def drop(self) -> None:
        self._pending.clear()
        if self._webhook is not None:
            for chain in self._webhook.chains.values():
                chain.clear()

    # -- long polling

    async def poll(self, offset: int, limit: int, timeout: float) -> list[dict[str, Any]]:
        if self._webhook is not None:
            raise ApiError(409, WEBHOOK_ACTIVE)
        self._end_poll(OTHER_POLL)
        self._confirm(offset)
        if not self._pending and timeout > 0:
            await self._wait(timeout)
        return self._take(min(limit, 100) if limit > 0 else 100)

    async def _wait(self, timeout: float) -> None:
        future = self._poll = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait_for(future, timeout)
        except TimeoutError:
            pass
        finally:
            if self._poll is future:
                self._poll = None

    def _end_poll(self, why: str) -> None:
        if self._poll is not None and not self._poll.done():
            self._poll.set_exception(ApiError(409, why))
        self._poll = None

    def release_poll(self) -> None:
        """Let a waiting poll answer at once, with no updates."""
        if self._poll is not None and not self._poll.done():
            self._poll.set_result(None)

    def _confirm(self, offset: int) -> None:
        """Forget updates before `offset`; a negative one counts from the end of the queue."""
        if offset < 0:
            while len(self._pending) > -offset:
                self._pending.popitem(last=False)
        else:
            while self._pending and next(iter(self._pending)) < offset:
                self._pending.popitem(last=False)

    def _take(self, limit: int) -> list[dict[str, Any]]:
        taken = [pending for pending, _ in zip(self._pending.values(), range(limit), strict=False)]
        for pending in taken:
            self._world.ledger.handed_over(pending.entry)
        return [pending.update for pending in taken]

    # -- webhook

    def set_webhook(self, url: str, secret_token: str | None, max_connections: int) -> None:
        self.delete_webhook()
        self._end_poll(WEBHOOK_SET)
        self._webhook = Webhook(url, secret_token, asyncio.Semaphore(max_connections), max_connections)
        for pending in self._pending.values():
            self._enqueue(self._webhook, pending)

    def delete_webhook(self) -> None:
        """Stop deliveries; what has not been delivered waits for a poll or for another webhook."""
        webhook, self._webhook = self._webhook, None
        if webhook is not None:
            for task in webhook.tasks:
                task.cancel()

    def webhook_info(self) -> dict[str, Any]:
        """A WebhookInfo object."""
        hook = self._webhook
        info: dict[str, Any] = {
            "url": hook.url if hook else "",
            "has_custom_certificate": False,
            "pending_update_count": len(self._pending),
        }
        if hook is not None:
            info |= {"max_connections": hook.max_connections, "ip_address": "127.0.0.1"}
            if hook.last_error is not None:
                info["last_error_date"], info["last_error_message"] = hook.last_error
        if self._allowed:
            info["allowed_updates"] = sorted(self._allowed)
        return info

    def _enqueue(self, hook: Webhook, pending: Pending) -> None:
        """Updates of one chat go one after another; those of different chats side by side."""
        chain = hook.chains.get(pending.chat_id)
        if chain is not None:
            chain.append(pending)
            return
        hook.chains[pending.chat_id] = deque([pending])
        task = self._world.spawn(self._drain(hook, pending.chat_id))
        hook.tasks.add(task)
        task.add_done_callback(hook.tasks.discard)

    async def _drain(self, hook: Webhook, chat_id: int) -> None:
        chain = hook.chains[chat_id]
        while chain:
            pending = chain.popleft()
            async with hook.slots:
                await self._deliver(hook, pending)
            self._pending.pop(pending.update["update_id"], None)
        del hook.chains[chat_id]

    async def _deliver(self, hook: Webhook, pending: Pending) -> None:
        body = json.dumps(pending.update).encode()
        headers = {"X-Telegram-Bot-Api-Secret-Token": hook.secret_token} if hook.secret_token else {}
        for pause in (*RETRY_PAUSES, None):
            self._world.ledger.handed_over(pending.entry)
            reply = await self._world.courier.post(hook.url, body, "application/json", headers)
            self._world.ledger.callbacks[f"telegram {reply.status}"] += 1
            if reply.ok:
                return
            hook.last_error = (int(time.time()), _delivery_error(reply.status))
            if pause is not None:
                await asyncio.sleep(pause)


def _delivery_error(status: int) -> str:
    return f"Wrong response from the webhook: {status}" if status else "Connection refused"
