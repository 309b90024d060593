"""A message taken apart: its clauses, without quotes and emoji, and the courtesy around them."""

from __future__ import annotations

import re

from outreach.folding import plain

# Nobody says stop in more; and patterns are looked for in nothing longer.
LONGEST_CLAUSE, MOST_CLAUSES = 90, 6
_COMMAND = re.compile(r"\s*/(\w+)(@\w+)?\s*")
_QUOTES = re.compile(r"[\"'“”‘’「」『』《》〈〉【】\[\](){}<>«»*_`#]")
_BREAKS = re.compile(r"[,，.。;；:：!！?？、…~～—|\n]+")
_NOT_WORDS = re.compile(r"[^\w\s]|_")
_HAN = "\u3400-\u9fff"
_BESIDE_HAN = re.compile(rf"(?<=[{_HAN}])\s+|\s+(?=[{_HAN}])")
_STRETCHED = re.compile(r"([a-z\u3400-\u9fff])\1{2,}")
_SPELT = re.compile(r"[a-z](?: [a-z])+")
_ASKS = re.compile(
    r"[?？]|吗|呢$|怎|咋|如何|什么|为何|为啥|几|多少|哪|谁|啥|是不是|能不能|可不可以|会不会|要不要|有没有"
    r"|\b(?:where|when|how|what|why|who|which|whose|can i|could i|do i|should i|may i|is it|are you|do you)\b"
)


def commanded(text: str) -> str:
    """A bot command without its stroke and the bot's name; any other text as it is."""
    found = _COMMAND.fullmatch(text)
    return found.group(1) if found else text


def clauses(text: str) -> list[str]:
    """The message's parts between punctuation; [] where it has too many of them, or too long ones."""
    parts = [_clause(part) for part in _BREAKS.split(_QUOTES.sub("", plain(commanded(text))))]
    found = [part for part in parts if part]
    if len(found) > MOST_CLAUSES or any(len(part) > LONGEST_CLAUSE for part in found):
        return []
    return found


def _clause(part: str) -> str:
    words = _BESIDE_HAN.sub("", " ".join(_NOT_WORDS.sub(" ", part).split()))
    words = _STRETCHED.sub(r"\1", words)
    return words.replace(" ", "") if _SPELT.fullmatch(words) else words


def joined(text: str) -> str:
    """The message as one word, for those who put signs between its letters: `S.T.O.P`, `退-订`."""
    return _STRETCHED.sub(r"\1", re.sub(r"[\W_]", "", plain(commanded(text))))


def asks(text: str) -> bool:
    """Whether there is a question in it."""
    return bool(_ASKS.search(plain(text)))


def any_of(words: str) -> str:
    """A pattern for one of the words joined by |, the longest first. Words may be patterns themselves."""
    return "(?:" + "|".join(sorted(words.replace("\n", "").split("|"), key=len, reverse=True)) + ")"


# What may stand before a wish without changing it.
BEFORE = any_of(
    "您好|你好|喂|哈喽|嗨|亲爱的|亲|麻烦您|麻烦您们|麻烦你|麻烦你们|麻烦大家|麻烦"
    "|拜托你们|拜托了|拜托|求求你们|求求你|求求"
    "|求你们|求你|求您|劳驾|烦请|恳请|敬请|能不能|可不可以|可否|能否|可以|能|能够|请您"
    "|请你|请你们|请各位|请|谢谢|算了|算了吧"
    "|行了|好了|好吧|够了|啊|哦|唉|哎|呃|嗯|那个|那就|那|我说|再说一遍|再次|最后一次"
    "|真的|从今天起|从今天开始|今天起"
    "|从现在起|从现在开始|从此以后|从此|以后|今后|往后|之后|现在|马上|立刻|立即|赶紧"
    "|赶快|快点|尽快|快|全都|全部|都|统统"
    "|一律|直接|就|你们|你|您|您们|贵局|贵单位|卫健局|卫健委|同志|医生|工作人员|我们"
    "|我想要|我想|我要求|我要|我需要|我申请"
    "|我希望|我决定|我选择|我也|我|俺|咱|本人|这边|这个号|这个号码|这个手机号|本机|此号"
    "|此号码|本号|本号码|想要|想|要求|要"
    "|需要|申请|希望|选择|决定|必须|一定|帮我|帮忙|帮|给我|替我|为我|回复|回|发送|输入"
    "|先|也|还是|给|办理|办|处理|please|pls|plz|hi|hello|hey"
)
# What may stand after one: courtesy, temper and reasons.
AFTER = any_of(
    "了|吧|啦|咯|呗|哈|呀|啊|嘛|哦|噢|哟|好吗|好不好|行吗|行不行|可以吗|可以不|谢谢您"
    "|谢谢你|谢谢你们|谢谢您们|谢谢啦|谢谢了|谢谢|谢了"
    "|多谢|感谢|麻烦了|麻烦您|麻烦您了|麻烦你|麻烦你了|麻烦你们|麻烦你们了|辛苦了|辛苦"
    "|拜托了|拜托|一下|please|pls|plz|thanks"
    "|thank you|thx|烦死我了|烦死人了|烦死了|烦死|太烦人了|太烦人|太烦了|烦得很|烦人"
    "|很烦人|很烦|真烦人|真烦|好烦|烦不烦|烦透了"
    "|讨厌死了|讨厌|真讨厌|够了|受够了|受不了了|受不了|吵死了|有完没完|没完没了|行了"
    "|算了|的|掉|好了|就行了|就行|就好了|就好"
    "|即可|不需要了|不需要|用不着|没用|没什么用|没啥用|都没用|不想要|不想看|不看"
    "|从来不看|从不看|看都不看|天天发|老发|老是发"
    "|一天到晚发|太多了|太频繁了|这是骚扰|骚扰|垃圾短信|垃圾|滚|全部|所有|都|给我|吵"
    "|影响休息|影响工作|打扰到我了|打扰我了"
)
_COURTEOUS = re.compile(rf"(?:{BEFORE}){{0,6}}")
_ENDING = any_of(
    "了|吧|啦|呀|啊|哦|谢谢您|谢谢你|谢谢|谢了|多谢|一下|好吗|行吗|麻烦了|麻烦您了"
    "|please|pls| thanks| thank you|thx"
)
_ENDED = re.compile(rf"{_ENDING}+$")
_POLITE = re.compile(r"^(?:please|pls|plz|hi|hello|sorry) | (?:please|pls|plz|thanks|thank you)$")


def without_courtesy(text: str) -> str:
    """The bare words of a short message: `请帮我取消吧，谢谢` is `取消`."""
    one = "".join(clauses(text))
    bare = _POLITE.sub("", _ENDED.sub("", one)).strip()
    found = _COURTEOUS.match(bare)
    return bare[found.end() :] if found else bare
