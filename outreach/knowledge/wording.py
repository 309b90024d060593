"""The words of one article: what must not stand in them, each place by its line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from outreach.folding import simplified
from outreach.knowledge.claims import outdated
from outreach.knowledge.sheets import Part, Sheet

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}")
_LINK = re.compile(
    r"https?:|www\.|\b[\w-]+(\.[\w-]+)*\.(com|cn|net|org|gov|edu|info|top|xyz|vip|cc|io|me|shop)\b"
    r"|\b\d{1,3}(\.\d{1,3}){3}\b|\]\(|\b[\w.]+@[\w-]+\.\w+|\.(中国|网址|公司|政务)",
    # So that a Chinese sign before or after is no part of the word.
    re.IGNORECASE | re.ASCII,
)
_CODES = re.compile(
    "二维码|扫码|扫一扫"
    "|(点击?|打开|点开|进入)[^，。；]{0,8}链接"
    "|(发|回复|告诉|提供|报|填写?|输入|给)[^，。；]{0,10}(验证码|密码|银行卡号|卡号|银行账号)"
    "|(验证码|密码|银行卡号|卡号)[^，。；]{0,6}(发|回复|告诉|报给|提供)"
    "|加[^，。；]{0,4}(微信|QQ)|(转账|汇款|打款)[^，。；]{0,8}(到|给|至|元|费)|(先|要|需)[^，。；]{0,4}(交|付|缴)[^，。；]{0,4}(手续费|保证金|押金|解冻费)"
    r"|\bQR\b|\bscan (the|this|a) code|\bclick\b[^.;]{0,20}\blink"
    r"|\b(tap|open|follow) (the|this) link"
    r"|\b(send|tell|give|reply with|enter|type)\b[^.;]{0,30}\b(code|password|PIN|(card|account) number)\b",
    re.IGNORECASE | re.ASCII,
)
_FORBIDDEN = re.compile(
    r"不|别|勿|莫|没有?|从未|未|拒绝|谨防|当心|小心|警惕"
    r"|\bnever\b|\bnot\b|n't\b|\bno\b|\bnobody\b|\bbeware\b|\bwithout\b|\bneither\b|\bnor\b",
    re.IGNORECASE,
)
_WARNED = re.compile(r"别|勿|不要|从不|绝不|\bnever\b|\bdo not\b|\bdon't\b", re.IGNORECASE)
_FRAUD = re.compile(
    r"骗|诈|假的|冒充|有人|谁|陌生|收到|凡是|不明|如果|要是|已经|填了|点了|给了|转了"
    r"|\bscam|\bfraud|\bfake|\banyone\b|\bsomeone\b|\bsomebody\b|\breceive|\bgot a\b"
    r"|\bif you\b|\balready\b|\bwhoever\b",
    re.IGNORECASE,
)
_BIDDEN = re.compile(
    r"请(?!\w{0,2}银行)|给我们|告诉我们|可以|就能|即可|即能|\bplease\b|\byou can\b|\bjust\b", re.IGNORECASE
)
_CLAUSES = re.compile(r"[^，,：:；;]+")
_SENTENCES = re.compile(r"[。！？!?]|\.\s")

_LEFT_OVER = re.compile(
    r"\b(TODO|FIXME|XXX+|TBD|TBC|lorem ipsum)\b|待补|待定|待填|待完善|待更新|此处(填|插|补)|【(待|填|插)"
    r"|\[(插入|填写|insert|your|name)"
    r"|<(填|待|insert|your)|某某|××|XX(县|市|省|街|镇|年|元|电话)"
    r"|作为(一个|一名)?(AI|人工智能|语言模型)|as an AI|language model"
    r"|占位|示例文字|placeholder|\?{3,}|？{3,}|锟斤拷|烫烫|â€|Ã[\x80-\xbf©]|ï¿½|[Â-ï][\u0080-\u00bf€‚„…†‡ˆ‰Š‹Œ‘’“”•–—˜™š›œ]",
    re.IGNORECASE | re.ASCII,
)
_MARKUP = re.compile(
    r"\*\*|__|^#{1,6}\s|^>\s|</?(b|i|a|p|br|div|span|script|img|strong|em|table|h\d)\b|```|&(nbsp|lt|gt|amp);|[{}]"
)
_PHONE = re.compile(
    r"(?<!\d)(0\d{2,3}[- ]?\d{7,8}|1[3-9]\d[- ]?\d{4}[- ]?\d{4}|400-?\d{3}-?\d{4}|\+\d[\d -]{8,})(?!\d)"
)
_IDENTITY = re.compile(r"(?<!\d)\d{17}[\dXx](?![\dXx])")
_HAN = re.compile(r"[\u3400-\u9fff]")
# The name of a thing, as it stands on a screen or a paper.
_NAMED = re.compile(
    r"(?:mini-?program|called|named?|word|says?|reads?) [\u3400-\u9fff]{1,8}|[\u3400-\u9fff]{1,8}(?= ?\()",
    re.IGNORECASE,
)
_QUOTED = re.compile(r"[“\"'(（《「][^“”\"'()（）《》「」]{1,24}[”\"')）》」]")
_AMOUNT = re.compile(
    r"(?<![\d-])(\d[\d,，]*(?:\.\d+)?)\s*(万|千)?\s*(?:元|块)|(?:[¥￥]|RMB ?)\s*(\d[\d,]*(?:\.\d+)?)"
    r"|(\d[\d,]*(?:\.\d+)?)\s*(?:yuan|RMB|CNY)"
)


@dataclass(frozen=True, slots=True)
class Passage:
    """A line of the answer, or the title: what is said, without the facts of the county."""

    field: str
    line: int
    text: str


Found = Iterator[tuple[Passage, str, str]]


def passages(sheet: Sheet, title: str) -> list[Passage]:
    found = [Passage("title", sheet.line_of("title"), title)]
    for name, part in (("short", sheet.short), ("full", sheet.full)):
        found += _lines(name, part)
    return found


def _lines(name: str, part: Part) -> Iterator[Passage]:
    for number, line in enumerate(part.text.split("\n")):
        if line.strip():
            yield Passage(name, part.line + number, _PLACEHOLDER.sub("□", line).strip())


def said_wrongly(said: list[Passage], language: str) -> Found:
    """Everything in these words that may not stand there."""
    for one in said:
        for rule in (_links, _requests, _left_over, _markup, _numbers, _script):
            yield from ((one, problem, fix) for problem, fix in rule(one.text, language))
        # A title names what people ask about, also where the answer is no.
        if one.field != "title":
            yield from ((one, problem, fix) for problem, fix in outdated(one.text, language))


def _links(text: str, _language: str) -> Iterator[tuple[str, str]]:
    if found := _LINK.search(text):
        yield (
            f"a link or address ({found[0]!r})",
            "name the office or its platform in words: we never send links",
        )


def _requests(text: str, _language: str) -> Iterator[tuple[str, str]]:
    for sentence in _SENTENCES.split(text):
        warns = _FRAUD.search(sentence) or _WARNED.search(sentence)
        if warns and not _BIDDEN.search(sentence):
            continue
        forbidden = False
        for clause in _CLAUSES.findall(sentence):
            found = _CODES.search(clause)
            before = _FORBIDDEN.search(clause, 0, found.end()) if found else None
            if found and not before and not (forbidden and not _BIDDEN.search(clause)):
                fix = "never ask for it: fraudsters do"
                yield f"it asks for a code, a card, a payment or a click ({found[0]!r})", fix
                return
            forbidden = forbidden or bool(_FORBIDDEN.search(clause))


def _left_over(text: str, _language: str) -> Iterator[tuple[str, str]]:
    if found := _LEFT_OVER.search(text):
        yield f"something was left over ({found[0]!r})", "write it out, or take it away"


def _markup(text: str, _language: str) -> Iterator[tuple[str, str]]:
    if found := _MARKUP.search(text):
        yield f"signs of a markup ({found[0].strip()!r}), which residents would see", "write plain words"


def _numbers(text: str, _language: str) -> Iterator[tuple[str, str]]:
    if _IDENTITY.search(text):
        yield "an identity number", "take it away"
    elif _PHONE.search(text):
        yield "a telephone number of its own", "put it into region.toml and write {{ region.NAME }}"


def _script(text: str, language: str) -> Iterator[tuple[str, str]]:
    if language == "en" and (found := _HAN.search(_NAMED.sub("", _QUOTED.sub("", text)))):
        yield f"Chinese in an English text ({found[0]!r})", "say it in English"
    if language != "en":
        strange = [sign for sign, plain in zip(text, simplified(text), strict=True) if sign != plain]
        if strange:
            yield f"traditional script ({''.join(strange[:5])})", "write it in simplified script"


def is_chinese(text: str) -> bool:
    return bool(_HAN.search(text))


def is_personal(text: str) -> bool:
    """Whether a number of a person stands in it."""
    return bool(_IDENTITY.search(text) or _PHONE.search(text))


def has_link(text: str) -> bool:
    return bool(_LINK.search(text))


def amounts(text: str) -> set[float]:
    """The sums of money that are written out.

    >>> amounts("每年3600元，一共1万元") == amounts("3,600 yuan a year, 10,000 yuan in all")
    True
    """
    found = set()
    for plain, unit, sign, english in _AMOUNT.findall(text):
        value = float((plain or sign or english).replace(",", "").replace("，", ""))
        found.add(value * {"万": 10_000, "千": 1000}.get(unit, 1))
    return found
