"""The words of residents' lists: what their headings may be, and what stands under them."""

from __future__ import annotations

import functools
import re

from outreach.folding import fold


def _joined(words: str) -> str:
    return "|".join(" ".join(word.split()) for word in words.split("|"))


# Our field -> what its heading may be, the plainest first: of two such columns the plainer one counts.
HEADINGS = {
    field: _joined(words)
    for field, words in {
        "name": "name|姓名|居民姓名|真实姓名|名字|人员姓名|居民|full name|resident|resident name|person name",
        "phone": """phone|手机号码|手机号|手机|移动电话|联系手机|本人手机|本人手机号|本人电话
            |手机电话|居民手机|居民手机号|mobile|mobile number|mobile phone|mobile phone number
            |mobile no|phone number|phone no|cell|cell phone|cellphone|cell number|电话|电话号码
            |联系电话|联系电话号码|手機號碼|手機|電話|聯絡電話|联系方式|联系号码|telephone
            |telephone number|tel|contact number|contact phone""",
        "township": """township|乡镇|乡镇街道|所属乡镇|所在乡镇|乡镇名称|鄉鎮|镇|乡|街道|镇街|镇乡
            |街道乡镇|所属街道|居住乡镇|现住乡镇|town|street|subdistrict""",
        "language": "language|语言|語言|语种|首选语言|使用语言|沟通语言|lang|preferred language",
        "groups": """groups|分组|分組|group|组别|所属分组|人群|人群分类|人群类别|类别|分类|标签
            |tags|group name|category""",
        "birth_year": """birth_year|出生年份|出生年|birth year|year of birth|出生年月|出生日期
            |出生年月日|生日|生年|born|birthdate|birth date|date of birth|birthday|dob|yob""",
        "consent_care": """consent_care|同意接收关怀|同意关怀|同意接收關懷|同意關懷|同意接受关怀
            |接收关怀|关怀同意|同意接收关怀信息|同意接收关怀短信|同意关怀短信|care consent
            |consent to care|consent for care""",
        "consent_reminders": """consent_reminders|同意提醒|同意接收提醒|同意接受提醒|接收提醒|提醒同意
            |同意接收提醒短信|同意提醒短信|consent_reminder|reminder consent|reminders consent
            |consent to reminders|consent for reminders""",
        "consent_surveys": """consent_surveys|同意调查|同意調查|同意接收調查|同意接收调查|同意接受调查
            |接收调查|调查同意|同意参与调查|同意参加调查|同意问卷|同意调查问卷|同意问卷调查
            |同意满意度调查|同意回访|consent_survey|survey consent|surveys consent|consent to surveys
            |consent for surveys""",
        "telegram_id": """telegram_id|telegram|telegram号|telegram账号|telegram编号|电报|电报号|电报id
            |telegram user id|telegram chat id|telegram number|tg|tg id|chat id""",
    }.items()
}
_YES = "是|同意|y|yes|true|1|有|愿意|是的|已同意|我同意|接受|可以|ok|agree|agreed|对|t"
_NO = "否|不同意|n|no|false|0|无|不愿意|不|不是|未同意|不接受|拒绝|不可以|disagree|refused|没有|f"
_ANSWERS = {fold(word): given for given, words in ((True, _YES), (False, _NO)) for word in words.split("|")}
# Signs are compared as they are: folding leaves nothing of a tick, nor of a dash.
_SIGNS = {sign: given for given, signs in ((True, "√✓✔☑✅"), (False, "×✗✘☒✕✖❌❎")) for sign in signs}
_AS_PICTURE = re.compile(r"[\ufe0e\ufe0f]")
_LANGUAGES = {
    fold(word): language
    for language, words in {
        "zh-Hans": """zh-hans|zh|zh-cn|zh_cn|zho|chs|cn|中文|汉语|漢語|简体中文|中文简体|简体
            |普通话|国语|华语|汉|中|chinese|simplified chinese|mandarin|zh-hant|zh-tw|zh-hk|繁体
            |繁体中文|繁體中文|粤语""",
        "en": "en|en-us|en-gb|eng|英文|英语|英語|英|english",
    }.items()
    for word in _joined(words).split("|")
}


@functools.lru_cache(1024)
def answer(text: str) -> bool | None:
    """A yes or a no; None for whatever is not plainly one of them."""
    sign = _SIGNS.get(_AS_PICTURE.sub("", text))
    return _ANSWERS.get(fold(text.removesuffix(".0"))) if sign is None else sign


@functools.lru_cache(1024)
def language(text: str) -> str | None:
    return _LANGUAGES.get(fold(text))
