"""A person is asked for: that needs no search, and no second asking."""

from __future__ import annotations

import re
from datetime import timedelta

from outreach.cases import of_kind
from outreach.conversation.newest import newest_answer
from outreach.conversation.turn import Reply, Turn, promised
from outreach.folding import fold

KIND = "person"
# So long the wish is about what we answered last.
ABOUT_IT = timedelta(minutes=30)
LONGEST = 60
_BEFORE = (
    "(?:请|麻烦|帮|给|我|俺|想|要|需要|能不能|可以|可不可以|能|直接|马上|快|赶紧|你们?|您|还是|那|就"
    "|算了|不行|，|跟|和|同|叫|让|把|一下|帮我)*"
)
_AFTER = (
    "(?:来|跟我|和我|一下|吧|呗|啊|呀|吗|嘛|谢谢|说|聊|讲|讲话|说话|服务|回答|回复|接待|处理|帮我|给我|好吗"
    "|行吗|行不行|可以吗|不|没|有没有|，|谢)*"
)
_WHO = (
    "(?:人工(?:客服|服务|坐席|座席|台)?|真人|活人|客服(?:人员)?|工作人员|办事员|你们领导|领导|管事的"
    "|同事|值班的?|经办人|大活人)"
)
_VERB = (
    "(?:转(?:接)?|接(?:入|通)?|找(?:个|一个|一下|到)?|叫(?:个)?|换(?:个)?|联系|来(?:个|一个)?"
    "|有(?:没有)?|要(?:个)?|呼叫|请|派)*"
)
_CLAUSE = re.compile(
    f"{_BEFORE}{_VERB}{_WHO}{_AFTER}"
    f"|{_BEFORE}(?:找|来|叫|换|要|派|有没有|有)(?:个|一个)?(?:真)?人(?:来)?{_AFTER}"
    "|(?:我)?(?:不要|不想|别|不用|不)(?:再)?(?:跟|和|同|用|给我)?(?:机器人?|ai|自动回复)(?:聊天?"
    "|说话?|讲话?|对话|回复|回答|了)*"
)
_COURTESY = re.compile("谢谢|您好|你好|喂|算了|不行|听不懂|看不懂|急")
_LATIN = re.compile(
    r"(?:please |pls |hi |hello |can |could |may |i |want |need |would |like |to |let |me |get |give "
    r"|connect |transfer |talk |speak |with |chat |you )*"
    r"(?:a |an |the |real |live |some |your )*(?:human|person|agent|operator|staff(?: member)?|someone"
    r"|somebody|representative|real one|colleague)(?: being)?"
    r"(?: please| pls| now| thanks| here)*"
)


def wants_person(text: str) -> bool:
    """
    >>> wants_person("转人工")
    True
    >>> wants_person("人工流产多少钱")
    False
    """
    said = fold(text)
    if len(said) > LONGEST:
        return False
    parts = [part for part in re.split(r"[\W_]+", said) if part and not _COURTESY.fullmatch(part)]
    return bool((parts and all(_CLAUSE.fullmatch(part) for part in parts)) or _LATIN.fullmatch(said))


async def wished(turn: Turn) -> Reply | None:
    """The promise of when, and a case that shows what was asked before; asked twice it is one case."""
    if not wants_person(turn.text):
        return None
    turn.answer_in_kind()
    for row in await of_kind(turn.connection, KIND, [turn.resident.id], "open"):
        if row.due_at > turn.now:
            return Reply("handoff", "replies/person", promised(turn, row.due_at))
    before = await newest_answer(turn, ABOUT_IT)
    values = await turn.promise(KIND, about=before.id if before else None)
    return Reply("handoff", "replies/person", values)
