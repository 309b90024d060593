"""A question that only makes sense after the one before: "那要什么材料?" keeps the topic."""

from __future__ import annotations

import re
from datetime import timedelta

from outreach.conversation.newest import newest_answer
from outreach.conversation.turn import Turn
from outreach.folding import fold

STILL_ABOUT = timedelta(minutes=30)
LONGEST_HAN, LONGEST_LATIN = 16, 8
_BREAKS = re.compile(r"[\W_]+")
# Words that ask, or say how; they name no subject.
_ASKING = (
    "什么时候|啥时候|多长时间|多少钱|好多钱|几多钱|多少|多久|多大|多长|几岁|几天|几号|几点|几年|几次"
    "|几个月|几月|几周|哪天|哪里|哪儿|哪个|哪些|哪种|在哪|去哪|到哪|哪"
    "|怎么样|怎么办|怎么弄|怎么|怎样|咋个|咋办|咋弄|咋整|咋|如何|为什么|为啥|凭什么|什么|啥子|啥|么子"
    "|谁|几|吗|嘛|呢|么|吧|啊|呀|哦|嘞|哈|不|没|没有|有没有|有|能不能|能|可以|可不可以|行不行|行|得行"
    "|要不要|要|用不用|需要|是不是|是|会不会|会|得|点样|点|边度|几时|喺"
)
_HOW = (
    "材料|资料|手续|证件|证明|东西|身份证|户口本|表格|表|流程|步骤|程序|条件|要求|限制|时间|时候|期限"
    "|截止|日期|地址|地方|地点|网址|网上|线上|手机上|手机|现场|当场|跨省|异地"
    "|钱|费用|费|收费|免费|花钱|交钱|给钱|年龄|岁数|岁|标准|金额|名额|年|月|周六"
    "|代办|代领|别人|家人|本人|亲自|我|我们|俺|你们|您|人|一次|每年|每月|今年|明年"
    "|一年|一个月|结果"
    "|办理|办|申请|申领|领取|领|弄|搞|整|交|带|提交|准备|填|报|去|到|来|找|查询|查|看|打|问|预约|约"
    "|拿|取|补|换|改|发|做|给|等|算|还|也|都|就|再|先|那么|那|然后|还有|另外|接着|下一步|之后|以后|另"
    "|这个|这|它|具体|大概|一般|最晚|最迟|最早|最多|最少|一共|总共|必须|一定|其他|的|了|过|着|在|从"
    "|跟|和|对|把|用|上|下|里|个|些|样|次|块"
)
# Whose case it is; after a topic, another case of the same.
_WHOSE = (
    "二胎|三胎|四胎|头胎|一胎|二孩|三孩|二宝|大宝|老大|老二|老三|老四|双胞胎|外地户口|外地|外省|外县"
    "|本地|农村|城镇|城市|户口|老公|老婆|男方|女方|男的|女的"
    "|爸爸|妈妈|父母|未婚|没结婚|没领证|单身|离婚|离异|单亲|再婚|去年|前年|以前|之前|生的|出生|\\d{1,4}"
)
_ONLY = re.compile(f"(?:{_ASKING}|{_HOW}|{_WHOSE})+")
_AND = re.compile(
    "(?:那么?|那如果|如果|要是|那要是|还有)?(?P<other>[\u3400-\u9fff0-9a-z]{1,8}?)(?:的)?(?:呢|咧|嘞|呐|哩)"
)
_FIRST = re.compile("^(?:那么?|然后|还有|那我|那要|那还|再问下?|再请问)")
_ENGLISH = frozenset(
    (
        "a an and and? the then so also what which where when who how why much many long old soon "
        "often about is are do does did i we you it that this they me my need needed bring to have "
        "must can could should will would for from in on at of or any cost costs fee fees free "
        "documents document papers paper materials apply go get money age limit deadline time place "
        "online twice once again there here take takes be paid only "
        "still else next step steps "
    ).split()
)


def is_elliptic(text: str) -> bool:
    """Whether the question names no subject of its own.

    >>> is_elliptic("那要什么材料?")
    True
    >>> is_elliptic("叶酸在哪领")
    False
    """
    said = fold(text)
    if said.isascii():
        words = re.findall(r"[a-z']+", said)
        return 0 < len(words) <= LONGEST_LATIN and all(word in _ENGLISH for word in words)
    bare = _BREAKS.sub("", said)
    if not 0 < len(bare) <= LONGEST_HAN:
        return False
    return bool(_ONLY.fullmatch(bare))


def may_follow(text: str) -> bool:
    """Whether it may be about another case of the same: "那二胎呢". The articles tell."""
    bare = _BREAKS.sub("", fold(text))
    english = re.fullmatch(r"(?:and |what about |how about |and for )+[\w' -]{2,30}", fold(text))
    return bool(_AND.fullmatch(bare) or english or (len(bare) <= LONGEST_HAN and _FIRST.match(bare)))


async def topic_before(turn: Turn) -> str | None:
    """The topic that the message goes on about, where it may go on about one."""
    if not (is_elliptic(turn.text) or may_follow(turn.text)):
        return None
    before = await newest_answer(turn, STILL_ABOUT)
    return str(before.topic) if before else None
