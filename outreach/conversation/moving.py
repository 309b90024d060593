"""Where somebody lives now: a resident away from home is served where they are."""

from __future__ import annotations

import re
from typing import Any

from outreach import audit, residents
from outreach.conversation.turn import Reply, Turn
from outreach.conversation.who import choice, several, who
from outreach.folding import fold
from outreach.model import Button
from outreach.outbox import TOWNSHIP

MARK = "township:"
MOST = 30
_ASKS = {
    fold(word)
    for word in (
        "/township|township|换乡镇|改乡镇|更改乡镇|更换乡镇|修改乡镇|换个乡镇|乡镇"
        "|我要换乡镇|我想换乡镇|更改地址|修改地址|换地址|改地址|改住址|更改住址"
        "|修改住址|换住址|我搬家了|搬家了|我们搬家了|我家搬家了|刚搬家|已经搬家了|我搬家"
        "|change township|change my township|update township|change address"
        "|change my address|i moved|we moved|i have moved|we have moved|i've moved|we've"
        " moved|i moved house|we moved house|moved house|i am moving|new address"
    ).split("|")
}
_LIVES = re.compile(
    "(?:您好|你好|请问|那个)?[,，]?(?:我们?家?|全家|俺|我们一家)?(?:人)?(?:现在|目前"
    "|已经|如今|刚刚?|最近|上个?月|今年|去年)*"
    "(?:住在了?|住到了?|居住在|搬到了?|搬去了?|搬来了?|搬进了?|迁到了?|住|搬家到了?|在)"
    r"(?P<place>[\u3400-\u9fff]{2,12}?)(?:这边|这里|那边|那里)?(?:住|居住|生活"
    r"|常住)?(?:了|啦)?[,，]?(?:谢谢)?"
)
_LIVES_EN = re.compile(
    r"(?:i|we|my family)(?:'ve| have|'m| am|'re| are)?(?: now| just| recently| already)?"
    r" (?:live|living|moved|moving|stay|staying|relocated) (?:now )?(?:in|to|at)"
    r" (?P<place>[\w' -]{2,40}?)(?: now| already)?"
)
# What is called a place, or moved to, is asked about; "我在家" is not.
_PLACE = re.compile("(?:街道|镇|乡|农场|办事处|村|县|市|区|省)(?:了|啦)?$|搬|迁")
_COMMAND = re.compile(r"/township(?:@\w+)?\s+(?P<place>.{1,40})", re.IGNORECASE)


async def wished(turn: Turn) -> Reply | None:
    """The reply to somebody who moved within the county; None where the message says no such thing."""
    text = fold(turn.text)
    if re.sub(r"@\w+", "", text) in _ASKS:
        return await ask(turn)
    found = _COMMAND.fullmatch(turn.text.strip()) or _LIVES.fullmatch(text) or _LIVES_EN.fullmatch(text)
    if not found:
        return None
    known = await known_townships(turn)
    township = residents.same_township(found["place"], known)
    if township is None:
        return await ask(turn) if found.re is not _LIVES or _PLACE.search(text) else None
    people = await several(turn)
    return who("township", people, township) if people else await settle(turn, township)


async def ask(turn: Turn) -> Reply:
    """Which of the townships we know, and first who asks where several use the address."""
    people = await several(turn)
    return who("township", people) if people else await offer(turn)


async def offer(turn: Turn) -> Reply:
    """The list to choose from; a person answers where we know none, or too many to list."""
    known = await known_townships(turn)
    if not 0 < len(known) <= MOST:
        return Reply("township", "replies/handoff", await turn.promise("township"))
    buttons = [Button(name, f"{MARK}{number}") for number, name in enumerate(known, start=1)]
    return Reply("township", TOWNSHIP, {"options": known}, buttons)


async def chosen(turn: Turn, asked: Any) -> Reply | None:
    """The reply to a township chosen from the list we offered, or named."""
    names = {str(button["data"]): str(button["text"]) for button in asked.buttons}
    picked = choice(turn, asked)
    township = names[picked] if picked else residents.same_township(turn.text, list(names.values()))
    return await settle(turn, township) if township else None


async def settle(turn: Turn, township: str) -> Reply:
    await residents.move(turn.connection, turn.resident.id, township)
    who = residents.subject(turn.resident.id)
    await audit.note(turn.connection, who, "residents.move", who, turn.now)
    return Reply("township", "replies/township_set", {"place": township})


async def known_townships(turn: Turn) -> list[str]:
    also = turn.desk.templates.fact("townships", turn.language)
    return await residents.townships(turn.connection, also)
