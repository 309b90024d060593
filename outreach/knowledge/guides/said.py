"""An answer as people write it, brought to the value that the flow knows; None where it is none."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from outreach.folding import fold
from outreach.knowledge.guides.days_said import day_said, days_said
from outreach.knowledge.guides.facts import bounded
from outreach.knowledge.guides.flow import Question
from outreach.knowledge.guides.wording import QuestionWords
from outreach.model import BadInput

_YES = frozenset(
    "是 是的 对 对的 嗯 有 有的 要 好 好的 可以 没错 对啊 是啊 当然 yes yeah yep y sure right true ok".split()
)
_NO = frozenset(
    "不 否 没 没有 不是 没有的 不是的 无 不对 没呢 不要 还没 还没有 no nope not none false".split()
)
_COUNTS = {sign: n for n, sign in enumerate("零一二三四五六七八九十")} | {"两": 2, "俩": 2, "仨": 3, "〇": 0}
_COUNTS |= {word: n for n, word in enumerate("zero one two three four five six seven eight nine ten".split())}
_COUNTS |= {"first": 1, "second": 2, "third": 3, "fourth": 4, "none": 0, "没有": 0, "无": 0, "no": 0}
_COUNTS |= {"once": 1, "twice": 2, "单胎": 1, "双胞胎": 2, "双胎": 2, "三胞胎": 3, "twins": 2, "triplets": 3}
_COUNTS |= {"头胎": 1, "老大": 1, "老二": 2, "老三": 3, "老四": 4, "独生子女": 1, "never": 0, "single": 1}
_AROUND = re.compile(
    r"^(?:第|怀孕|孕|怀了?|现在|有|做过|做了|大概|大约|已经|the|about|week|weeks|我|一共|共|it's|its|只有|就)+\s*"
    r"|\s*(?:个|孩子|娃|周|星期|次|胎|级|名|人|女儿|儿子|闺女|男孩|女孩|宝宝|了|的|多|半|weeks?|times?"
    r"|child(?:ren)?|kids?|bab(?:y|ies)|visits?|st|nd|rd|th|wks?|level|grade|sons?|daughters?)+$"
)
_WEEKS_AND_DAYS = re.compile(r"(\d{1,2})\s*(?:\+|周零?|周加|weeks? and|w)\s*(\d)\s*(?:天|days?|d)?")


def said(question: Question, words: QuestionWords, text: str, today: date) -> Any:
    """The answer's value, or None."""
    match question.kind:
        case "date":
            return day_said(text, today, month_will_do=question.month_will_do)
        case "dates":
            return days_said(text, today)
        case "number":
            return _number(question, text)
        case "choice" | "yes_no":
            chosen = choice(question, words, text)
            return chosen == "yes" if chosen and question.kind == "yes_no" else chosen
        case _:
            return None


def choice(question: Question, words: QuestionWords, text: str) -> str | None:
    """The option meant: by its number, its caption, or another way to say it."""
    asked = fold(text)
    if asked.isdecimal():
        number = int(asked)
        return question.choices[number - 1] if 1 <= number <= len(question.choices) else None
    for option in question.choices:
        if asked in {fold(one) for one in (words.options[option], *words.also.get(option, ()))}:
            return option
    if question.kind == "yes_no":
        return "yes" if asked in _YES else "no" if asked in _NO else None
    return None


def _number(question: Question, text: str) -> float | None:
    asked = fold(text)
    if weeks := _WEEKS_AND_DAYS.fullmatch(asked):
        asked = weeks.group(1)
    number = _counted(asked)
    if number is None:
        number = _counted(_AROUND.sub("", _AROUND.sub("", asked)).strip())
    if number is None:
        return None
    try:
        return bounded("", question, number)
    except BadInput:
        return None


def _counted(text: str) -> float | None:
    if text in _COUNTS:
        return _COUNTS[text]
    if re.fullmatch(r"\d{1,3}(\.\d)?", text, re.ASCII):
        return float(text)
    found = re.fullmatch("([一二三四五六七八九])?十([一二三四五六七八九])?", text)
    if found:
        high, low = found.groups()
        return 10 * _COUNTS.get(high, 1) + _COUNTS.get(low, 0)
    return None
