"""What no article can answer: another language, signs alone, abuse. Each has kind words of its own."""

from __future__ import annotations

import re
import unicodedata

from outreach.folding import fold

_HAN = re.compile(r"[\u3400-\u9fff]")
_VIETNAMESE = re.compile("[ăâđêôơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ]", re.IGNORECASE)
_MARKED = re.compile("[àáãäåæçèéëìíîïñòóõöøùúûüýÿßœşğčćžšđęąłńřě¿¡]", re.IGNORECASE)
# Words that only other Latin languages are full of.
_OTHER_LATIN = re.compile(
    r"\b(?:apa|saya|bagaimana|tolong|anak|berapa|dimana|terima kasih|como|donde|para|gracias|quiero"
    r"|necesito|hola|bonjour"
    r"|comment|merci|enfant|pour|danke|bitte|kind|wie|kumusta|salamat|paano|ang|ako|xin chao|cam on"
    r"|toi muon|em be|tre em)\b"
)
_SAID = re.compile(r"[\u3400-\u9fff]|[a-z]+")
FEW = 3
_RUDE = re.compile(
    "傻[逼比叉屌子bx]|煞笔|沙比|沙雕|傻缺|[操艹草肏日][你您他]|尼玛|你妈的?[逼比b]|[他她妈]妈的|妈的"
    "|妈蛋|滚[蛋远犊]|^滚$|王八|混蛋|混账|狗日|狗东西|狗屁|放屁|废物|垃圾|饭桶|畜生|死全家|去死吧"
    "|脑残|弱智|智障|贱人|婊子|骗子|吃屎|不要脸|神经病|有病吧|白痴|蠢货|蠢猪|猪脑|丢人现眼|扑街|仆街"
    "|冚家|屌你|叼你|瓜娃子|龟儿|日你|妈卖批|麻批|锤子|卵用|cnm|nmsl|sb\\b|tmd|mlgb|wtf"
    r"|\bfuck|\bshit|\bbitch|\basshole|\bidiots?\b|\bstupid\b|\bmorons?\b|\bdamn you|\bgo to hell"
    r"|\bscum\b|\bbastard|\bcrap\b"
)


def is_foreign(text: str) -> bool:
    """Whether it is written in a language that we cannot read: neither Chinese nor English."""
    letters = [sign for sign in text if sign.isalpha()]
    if not letters or _HAN.search(text):
        return False
    other = sum(not unicodedata.name(sign, "").startswith("LATIN") for sign in letters)
    if other * 2 > len(letters):
        return True
    said = unicodedata.normalize("NFC", text)
    marks = len(_VIETNAMESE.findall(said)) + len(_MARKED.findall(said))
    return (marks >= 2 and len(said.split()) > 1) or len(_OTHER_LATIN.findall(fold(said))) >= 2


def is_signs(text: str) -> bool:
    """Whether there is no word in it, and something other than punctuation: emoji."""
    return not fold(text) and any(unicodedata.category(sign) in ("So", "Sk", "Sm") for sign in text)


def is_rude(text: str) -> bool:
    return bool(_RUDE.search(fold(text)))


def is_only_rude(text: str) -> bool:
    """Whether nothing is asked besides: what is left is no more than a word or two."""
    left = _RUDE.sub(" ", fold(text))
    return left != fold(text) and len(_SAID.findall(left)) <= FEW
