"""What can be said in a guide besides an answer."""

from __future__ import annotations

import re
from enum import StrEnum

from outreach.conversation.courtesy import is_courtesy, is_greeting
from outreach.conversation.person import wants_person
from outreach.folding import fold
from outreach.residents.keywords import asks

# What a tap says: this, and a command; or a question's key and the chosen option.
MARK = "guide:"


class Command(StrEnum):
    BACK = "back"
    WHY = "why"
    LEAVE = "leave"
    GO_ON = "go_on"


_WORDS = {
    Command.BACK: "上一步|返回|返回上一步|回上一步|退回|后退|上一个|上一题|上一个问题|改一下|改上一个|改答案"
    "|答错了|写错了|刚才答错了|刚才写错了|选错了|撤销|undo|back|go back|previous|change my answer",
    Command.WHY: "为什么|为什么问|为什么问这个|为啥|为啥问|为啥问这个|问这个干嘛|问这个干什么|问这个干啥"
    "|干嘛问这个|为什么要问|为什么要问这个|凭什么问|why|why do you ask|why do you ask that|why ask|what for",
    Command.LEAVE: "不算了|不想算了|先不算了|算了|算了吧|不弄了|不测了|不查了|不问了|不答了|不想答|不想答了"
    "|不想说|不说了|不用算了|退出|取消|结束|leave|exit|quit|cancel|end|never mind|nevermind|forget it",
    Command.GO_ON: "继续|继续算|接着算|接着|接着问|继续问|continue|go on|resume",
}
_COMMANDS = {fold(word): command for command, words in _WORDS.items() for word in words.split("|")}
_UNSURE = re.compile(
    "(?:我|这个|这|也|还|真|有点|自己)*(?:不知道|不清楚|不太清楚|不晓得|不确定|不太确定|记不清|记不得|不记得|忘了|忘记"
    "|说不清|搞不清|弄不清|没印象|晓不得|不懂|不明白)(?:了|啊|呀|呢|具体哪天|哪天)*"
    "|(?:i )?(?:don'?t|do not) (?:know|remember)|(?:i'?m )?not (?:sure|certain)|no idea|unsure"
)
# Captions and asides are short; a start word stands alone.
_BARE = {
    fold(word)
    for word in (
        "算|算算|算一算|算一下|帮我算|帮我算算|帮我算一下|帮我算一算|算吧|给我算算|测一下|测一测"
        "|check|work it out|calculate|check for me"
    ).split("|")
}


def command(text: str) -> Command | None:
    """The command said or tapped."""
    if text.startswith(MARK):
        tapped = text.removeprefix(MARK)
        return Command(tapped) if tapped in list(Command) else None
    return _COMMANDS.get(fold(text))


def is_unsure(text: str) -> bool:
    return bool(_UNSURE.fullmatch(fold(text)))


def is_bare_start(text: str) -> bool:
    """ "算一下", said of the article that was read last."""
    return fold(text) in _BARE


def is_aside(text: str) -> bool:
    """A question or a courtesy in between, which is no answer that failed."""
    return (
        asks(text)
        or is_courtesy(text)
        or is_greeting(text)
        or wants_person(text)
        or text.startswith(("/", "topic:"))
    )
