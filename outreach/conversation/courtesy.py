"""Words that need no answer."""

from __future__ import annotations

import re

from outreach.folding import fold

_COURTESY = {
    fold(word)
    for word in (
        "谢谢|谢谢您|谢谢你|多谢|好的|好|嗯|嗯嗯|收到|知道了|明白了|哦|行|thanks|thank you|thx|ok|okay|got it"
        "|好的谢谢|好的，谢谢|收到谢谢|收到，谢谢|知道了谢谢|是|是的|对|对的|不|不用|不要"
        "|不用了|不用谢|没有|yes|no|no thanks"
    ).split("|")
}
# Thanks and good wishes, as many as there are.
_THANKS = re.compile(
    "(?:谢谢|多谢|感谢|谢了|谢啦|谢过|唔该|多谢晒|辛苦|麻烦|打扰|好的|好滴|好嘞|好|行|嗯|哦|收到|知道"
    "|明白|晓得|懂|了解|清楚|中|要得|可以|没事"
    "|您们?|你们?|大家|哈|啊|呀|啦|了|咯|哟|嘞|噢|呢|嘛|哒|的|很|非常|太|十分|真|诶|啊哈|大夫|医生"
    "|同志|领导|老师|亲|姐|哥|美女|帅哥|工作人员"
    "|好人一生平安|祝您?你?们?|身体健康|万事如意|工作顺利|天天开心|生活愉快|节日快乐|新年快乐|再见"
    "|拜拜|晚安|早安|辛苦了|费心|有心)+"
)
_MEANT = re.compile("谢|唔该|辛苦|麻烦|打扰|平安|祝|快乐|再见|拜拜|收到|知道|明白|晓得|懂|了解|好")
_THANKS_EN = re.compile(
    r"(?:(?:thanks?|thank you|thx|ty|many|cheers|great|ok|okay|got it|bye|goodbye|good night|a lot"
    r"|so much|very much|again"
    r"|all|sure|fine|perfect|will do|for your help|for the help|you too|noted|understood)[,.! ]*)+"
)
_KIND_SIGNS = re.compile("[🙏❤👌😊🌹🌷💐👏😄🤝☺😀😃🥰💕✅🆗\ufe0f\u200d🏻-🏿\\s]+")


LONGEST = 60
_GREETING = re.compile(
    "(?:你们?好|您们?好|大家好|哈[喽啰罗]|嗨|喂|在吗|在不在|在么|早上好|上午好|中午好|下午好|晚上好"
    "|早|打扰了|请问|啊|呀|医生|大夫|老师|同志|领导)+"
    r"|(?:hi|hello|hey|good (?:morning|afternoon|evening)|are you there|anyone there|there|[ ,!])+"
)


def is_greeting(text: str) -> bool:
    said = fold(text)
    return len(said) <= LONGEST and bool(_GREETING.fullmatch(re.sub(r"[^\w ]+|(?<=\W) ", "", said)))


def is_courtesy(text: str) -> bool:
    said = fold(text)
    if len(text) > LONGEST or is_greeting(text):
        return False
    if not said:
        return bool(_KIND_SIGNS.fullmatch(text) and text.strip())
    bare = re.sub(r"[\W_]+", "", said)
    thanks = _THANKS.fullmatch(bare) and _MEANT.search(bare)
    return said in _COURTESY or bool(thanks or _THANKS_EN.fullmatch(said))
