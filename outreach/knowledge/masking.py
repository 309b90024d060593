"""Residents' own words, so that staff may read them: no number and no name is left."""

from __future__ import annotations

import re
from collections.abc import Iterable

MASK = "＊"
_DIGITS = re.compile(r"\d+(?:[\s-]*\d+)*")
# A number said aloud: 一三八零零…
_SPOKEN = re.compile("[零〇一二三四五六七八九幺两壹贰叁肆伍陆柒捌玖]{6,}")
_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆"
    "汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤欧阳"
)
_CALLED = re.compile(
    "(我叫|我是|名字叫|名叫|叫做|姓名是?|名字是?|老公|老婆|丈夫|媳妇|孩子叫|娃叫|女儿叫?|儿子叫?|患者|本人)"
    "([：: ]*)"
    f"([{_SURNAMES}][\u4e00-\u9fff]{{1,2}})"
    "(?=$|[，。,.！!？?；; ]|身份证|电话|手机|的|在|今年|住|家)"
)
_TITLED = re.compile(
    f"([{_SURNAMES}])[\u4e00-\u9fff]{{0,2}}?(?=大夫|医生|主任|书记|村长|老师|阿姨|大姐|先生|女士|同志)"
)
# Only what is written as a name is one: "I am pregnant" is not.
_ENGLISH = re.compile(
    r"\b((?i:my name is|i am|i'm|this is|name:|called|mr\.?|mrs\.?|ms\.?|dr\.?))"
    r" ([A-Z][\w'-]+(?: [A-Z][\w'-]+){0,2})"
)
_MAIL = re.compile(r"\S+@\S+")


def masked(text: str, names: Iterable[str] = ()) -> str:
    """`names`: of people that are known.

    >>> masked("我是张梅，电话13812345678", ["张梅"])
    '我是＊，电话＊'
    """
    for name in sorted((name for name in names if len(name) > 1), key=len, reverse=True):
        text = text.replace(name, MASK)
    text = _MAIL.sub(MASK, text)
    text = _SPOKEN.sub(MASK, _DIGITS.sub(MASK, text))
    text = _CALLED.sub(lambda found: found[1] + found[2] + MASK, text)
    text = _TITLED.sub(MASK, text)
    return _ENGLISH.sub(rf"\1 {MASK}", text)
