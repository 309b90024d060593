"""A Telegram chat joined to a resident: by a number that Telegram vouches for, or a link sent to the phone.

A number that is only typed proves nothing, and joins nothing.
"""

from __future__ import annotations

import re

from outreach import residents
from outreach.conversation.consent import share
from outreach.conversation.turn import Reply, Turn
from outreach.conversation.who import several, who
from outreach.folding import fold, plain
from outreach.model import SMS, Address
from outreach.residents import Resident

_ASKS = {
    fold(word)
    for word in (
        "绑定|关联|绑定telegram|关联telegram|连接telegram|绑定电报|关联电报|绑定飞机"
        "|绑定账号|绑定手机号|绑定手机|关联手机号|关联档案|我要绑定"
        "|怎么绑定|怎么绑定telegram|link|link telegram|bind|connect telegram|link my"
        " telegram|link my chat|link account|link my account"
        "|telegram|电报"
    ).split("|")
}
_TYPED_NUMBER = re.compile(r"(?:我的?)?(?:手机号?码?|号码|电话)?(?:是|:|：)?\+?(?:86)?1[3-9]\d{9}|\+\d{8,15}")
_START = re.compile(r"/start(?:@\w+)?(?:\s+(?P<code>\S+))?\s*", re.IGNORECASE)


def is_start(text: str) -> bool:
    """Telegram's first word, with a code behind it or without."""
    return bool(_START.fullmatch(text))


async def started(turn: Turn) -> Reply | None:
    """The reply to /start with a code behind it; None where there is none."""
    found = _START.fullmatch(turn.text)
    code = found["code"] if found else None
    if not code:
        return None
    owner = await residents.redeem(turn.connection, code, turn.now)
    if owner is None and await residents.used_for(turn.connection, code) in [
        person.id for person in await turn.people()
    ]:
        return Reply("linked", "replies/linked")
    resident = await residents.get(turn.connection, owner) if owner else None
    if resident is None or turn.inbound.sender.channel == SMS:
        return Reply("link_expired", "replies/link_expired", buttons=[share(turn)])
    return await join(turn, resident)


async def wished(turn: Turn) -> Reply | None:
    """The reply to somebody who asks for a link, or types a number; None where the message is neither."""
    on_sms = turn.inbound.sender.channel == SMS
    if fold(turn.text) in _ASKS:
        if not on_sms:
            return Reply("link", "replies/link_number", buttons=[share(turn)])
        people = await several(turn)
        return who("code", people) if people else await send_code(turn)
    if not on_sms and _TYPED_NUMBER.fullmatch(re.sub(r"[\s-]", "", plain(turn.text))):
        return Reply("link", "replies/link_number", buttons=[share(turn)])
    return None


async def send_code(turn: Turn) -> Reply:
    """The one-time link, sent to the phone that asked for it."""
    if not turn.desk.bot:
        return Reply("link", "replies/link_elsewhere")
    code = await residents.new_code(turn.connection, turn.resident.id, turn.now)
    if code is None:
        return Reply("link", "replies/link_too_many")
    return Reply("link", "replies/link_code", {"url": f"https://t.me/{turn.desk.bot}?start={code}"})


async def contact(turn: Turn) -> Reply:
    """A number shared as their own: the chat joins whoever of our list has it."""
    people = await residents.at_address(turn.connection, Address(SMS, turn.inbound.phone or ""))
    listed = [person for person in people if person.name]
    if len(listed) > 1:
        return who("link", listed)
    if not people:
        return Reply("contact_unknown", "replies/contact_unknown")
    return await join(turn, (listed or people)[0])


async def join(turn: Turn, resident: Resident) -> Reply:
    turn.resident = await residents.join(turn.connection, turn.resident, resident, turn.now)
    return Reply("linked", "replies/linked")
