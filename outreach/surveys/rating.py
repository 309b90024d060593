"""A grade and a remark, read out of what people write; anything not surely a rating is none."""

from __future__ import annotations

import re
import unicodedata

from outreach.folding import fold

# What is a rating and what only begins with a digit.
_UNIT = r"(?:\s*(?:分(?!钟|之)|星(?!期)|颗星|顆星|stars?|points?))"
_ALONE = re.compile(rf"([1-5一二三四五]){_UNIT}?")
_WITH_REMARK = re.compile(rf"([1-5])(?:{_UNIT}[\W_]*|[,，。.;；:：、!！]+\s*|\s+)(?P<remark>\D.*)", re.DOTALL)
_MEASURE = re.compile(
    r"(个|岁|月|天|年|号|周|点|楼|块|元|次|位|孩|宝|胎|小时|钟|分之|分钟|星期|多|甲"
    r"|(months?|weeks?|days?|years?|kids?|children|hours?|minutes?|times?|pm|am|of|more|people|o'clock)\b)"
)
# A rating with a question behind it is a question.
_QUESTION = re.compile(r"[?？吗呢]\s*$")
_NUMERALS = {numeral: grade for grade, numeral in enumerate("一二三四五", start=1)}
_WORDS = {
    fold(word): grade
    for grade, words in {
        5: "非常满意|很满意|特别满意|十分满意|太满意了|非常好|很好|very satisfied|excellent|very good|great",
        4: "满意|挺满意|比较满意|满意的|好|挺好|不错|satisfied|good",
        3: "基本满意|一般|一般般|还行|还可以|凑合|acceptable|ok|okay|so so|average|neutral",
        2: "不满意|不太满意|不怎么满意|dissatisfied|not satisfied|bad|poor",
        1: "非常不满意|很不满意|特别不满意|极不满意|很差|太差了|very dissatisfied|very bad|terrible",
    }.items()
    for word in words.split("|")
}


def rating(text: str) -> tuple[int, str | None] | None:
    """The grade (1 to 5) and the remark in a reply, or None where it is not surely a rating.

    >>> rating("５分")
    (5, None)
    >>> rating("4，大夫很耐心")
    (4, '大夫很耐心')
    >>> rating("5个月的孩子能打疫苗吗") is None
    True
    """
    plain = fold(text)
    alone = _ALONE.fullmatch(plain)
    if alone:
        return _grade(alone.group(1)), None
    if plain in _WORDS:
        return _WORDS[plain], None
    first, _, rest = re.sub(r"[,，。;；!！]", "\0", text.strip(), count=1).partition("\0")
    if _QUESTION.search(text):
        return None
    if rest.strip() and fold(first) in _WORDS:
        return _WORDS[fold(first)], rest.strip()
    return _with_remark(text.strip())


def _with_remark(text: str) -> tuple[int, str | None] | None:
    found = _WITH_REMARK.fullmatch(unicodedata.normalize("NFKC", text))
    if not found or _MEASURE.match(found["remark"]):
        return None
    return _grade(found.group(1)), found["remark"].strip()


def _grade(sign: str) -> int:
    return _NUMERALS.get(sign) or int(sign)
