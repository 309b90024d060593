"""What every part of the simulator shares: people, settings, the ledger, scripted failures."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from dataclasses import asdict, dataclass
from typing import Any

from outreach.simulator.courier import Courier
from outreach.simulator.ledger import Ledger
from outreach.simulator.magic import Magic


@dataclass(slots=True)
class Settings:
    """Seconds: before every answer; for a slow address; before each step of an SMS."""

    latency: float = 0.0
    slow: float = 3.0
    callback_delay: float = 0.05


@dataclass(frozen=True, slots=True)
class Person:
    name: str
    number: str | None = None
    chat_id: int | None = None
    language: str = "zh"

    def as_json(self) -> dict[str, Any]:
        """{name, number, chat_id, language}"""
        return asdict(self)


class World:
    def __init__(self) -> None:
        self.courier = Courier()
        self._tasks: set[asyncio.Task[None]] = set()
        self.resets = 0
        self.forget()

    def forget(self) -> None:
        """Forget people, settings and everything that has happened."""
        self.resets += 1
        self.settings = Settings()
        self.ledger = Ledger()
        self.magic = Magic()
        self.people: list[Person] = []
        self._by_chat: dict[int, Person] = {}

    def add_person(self, person: Person) -> None:
        self.people.append(person)
        if person.chat_id is not None:
            self._by_chat[person.chat_id] = person

    def person_in_chat(self, chat_id: int) -> Person | None:
        return self._by_chat.get(chat_id)

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run `work` in the background, until it ends or the simulator stops."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def close(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.courier.close()
