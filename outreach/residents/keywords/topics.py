"""What kinds of messages are called, so that one can be stopped or started alone."""

from __future__ import annotations

import re

from outreach.residents.keywords.shape import any_of

# Each word stands for the purposes of the ledger that it may mean; one that nobody was asked about counts
# for nothing.
_NAMED: dict[str, tuple[str, ...]] = {
    "关怀|关爱|关心|问候|政策|政策宣传|补贴|育儿补贴|活动|宣传|科普|健康知识|健康科普"
    "|资讯|健康资讯|健康教育|节日问候|祝福"
    "|care|campaign|campaigns|newsletter|newsletters|news|promotions|promotion"
    "|announcements|policy|subsidy": ("care",),
    "提醒|预约|预约提醒|体检|体检提醒|检查|检查提醒|复查提醒|复诊提醒|就诊提醒|看病提醒"
    "|门诊提醒|日程提醒|随访提醒|随访"
    "|appointment|appointments|checkup|checkups|check up|check ups|visit|reminder|reminders": ("reminders",),
    "筛查|筛查提醒|两癌|两癌筛查|两癌筛查提醒|癌症筛查|宫颈癌筛查|乳腺癌筛查|screening"
    "|screenings|cancer screening": (
        "reminders",
        "health:screening",
    ),
    "产检|产检提醒|孕检|孕检提醒|孕期|孕期提醒|孕妇|孕产|产后|产后提醒|怀孕提醒|prenatal"
    "|antenatal|pregnancy|maternity": (
        "reminders",
        "health:pregnancy",
    ),
    "疫苗|疫苗提醒|接种|接种提醒|预防针|打针提醒|打疫苗提醒|vaccine|vaccines|vaccination|vaccinations": (
        "reminders",
        "health:vaccination",
    ),
    "慢病|慢病提醒|慢性病|用药提醒|吃药提醒|服药提醒|血压提醒|血糖提醒|medication": (
        "reminders",
        "health:chronic_illness",
    ),
    "问卷|问卷调查|调查问卷|调查|满意度|满意度调查|满意度问卷|满意度评价|回访|评价|打分|评分|反馈|测评|问答"
    "|survey|surveys|questionnaire|questionnaires|feedback|poll|polls|satisfaction"
    "|rating|ratings|review|reviews": ("surveys",),
    "避孕|避孕节育|节育|contraception": ("care", "health:contraception"),
    "不孕|不孕不育|辅助生殖|试管|fertility|infertility": ("care", "health:infertility"),
    "心理|心理健康|mental health": ("care", "health:mental"),
    "艾滋|艾滋病|梅毒|乙肝|hiv|sti|std": ("care", "health:hiv_sti"),
}
_PURPOSES = {word: purposes for words, purposes in _NAMED.items() for word in words.split("|")}
# Kinds of messages by themselves. The others name a message only with a word for one behind them.
_ALONE = {
    word
    for word in _PURPOSES
    if word.endswith("提醒") or _PURPOSES[word] == ("surveys",) or word.startswith("reminder")
} - {
    "打分",
    "评分",
    "评价",
    "反馈",
    "回访",
    "问答",
    "测评",
    "rating",
    "review",
    "ratings",
    "reviews",
    "feedback",
}

_HAN = any_of("|".join(word for word in _PURPOSES if not word.isascii()))
_HAN_ALONE = any_of("|".join(word for word in _ALONE if not word.isascii()))
_SUFFIX = (
    "(?:类|方面|相关)?的?(?:短信息?|消息|信息|通知|提醒|推送|短信提醒|提醒短信|提醒消息"
    "|提醒信息|提醒通知|提醒服务|服务|邀请)"
)
# 体检提醒短信, 问卷, 提醒和问卷
HAN_TOPIC = rf"(?:{_HAN}{_SUFFIX}{{1,2}}|{_HAN_ALONE})"
HAN_TOPICS = rf"{HAN_TOPIC}(?:[和跟与及]{HAN_TOPIC})*"

_LATIN = any_of("|".join(word for word in _PURPOSES if word.isascii()))
_LATIN_ALONE = any_of("|".join(word for word in _ALONE if word.isascii()))
_NOUN = (
    "(?:messages?|texts?|text messages?|sms|smses|msgs?|notifications?|alerts?"
    "|reminders?|updates?|invitations?|invites?|requests?|forms?|calls for feedback)"
)
LATIN_TOPIC = (
    rf"(?:(?:{_LATIN} )+?{_NOUN}(?: {_NOUN})?|(?:{_LATIN} )*{_LATIN_ALONE}"
    rf"|{_NOUN} (?:about|for|on) (?:my |the |your )?{_LATIN}(?: {_LATIN})*)"
)
LATIN_TOPICS = rf"{LATIN_TOPIC}(?: and (?:the |your )?{LATIN_TOPIC})*"

_NAMES = re.compile(rf"{_HAN}|\b(?:{_LATIN})\b")


def topics_of(words: str) -> tuple[str, ...]:
    """The purposes that the words for a kind of message stand for, each once.

    >>> topics_of("筛查提醒短信")
    ('reminders', 'health:screening')
    """
    found = [_PURPOSES[name] for name in _NAMES.findall(words)]
    # "satisfaction survey reminders": the kind is named last, unless it is only the word for a message.
    return tuple(dict.fromkeys(purpose for purposes in found for purpose in purposes))
